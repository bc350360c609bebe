# Some rows of a picture, of a JPEG file pixels; rows that are not there; what cannot be asked for.
picture 40 30 > a.png
bbc compress -1 -v --band-rows 8 a.png 2>&1 | sed 's/.* s, //; /^bbc:/d; s/about .*%/about N %/'
bbc decompress --rows 9:16 -o rows.png a.bbc
bbc decompress --rows 24: -c --format ppm a.bbc | head -c 9
python - <<'END'
from PIL import Image
whole, rows = Image.open("a.png"), Image.open("rows.png")
print(rows.size, rows.tobytes() == whole.crop((0, 9, 40, 16)).tobytes())
whole.convert("RGB").save("b.jpg", quality=90)
END
bbc compress -1 b.jpg
bbc decompress --rows :5 -n b.bbc
bbc decompress --rows :5 b.bbc
bbc decompress --rows 3:31 a.bbc -o c.png || echo $?
bbc decompress --rows 5:3 a.bbc || echo $?
bbc decompress --rows 3 a.bbc || echo $?
bbc decompress --rows 3:5 -o d.jpg b.bbc || echo $?
mkdir only
cp a.bbc only/d.bbc
bbc decompress --rm --rows 0:8 only/d.bbc || echo $?
ls . only
