# A JPEG file needs no option and comes back byte for byte, under its own suffix.
picture 64 48 > a.png
python -c '
from PIL import Image
image = Image.open("a.png")
exif = Image.Exif()
exif[0x0110] = "Camera"
image.save("photo.jpg", exif=exif, xmp=b"<x:xmpmeta/>")
image.save("IMG.JPG", progressive=True)
image.save("b.jpeg")
image.save("wrong.png", "JPEG")
image.save("IMG.0001", "JPEG")'
echo "no JPEG" > text.jfif
files="photo.jpg IMG.JPG b.jpeg wrong.png IMG.0001 text.jfif"
bbc compress $files a.png 2> errors
wc -l < errors | tr -d ' '
grep -c '^bbc: text.jfif: ' errors
bbc compress -q -f text.jfif
bbc decompress -n -f *.bbc
bbc decompress -o back *.bbc
for name in $files; do cmp $name back/$name; done
bbc verify *.bbc
# What is in there.
bbc info IMG.bbc photo.bbc | sed -E 's/, [0-9].*//'
bbc info --json IMG.bbc text.bbc a.bbc > lines
python - <<'END'
import json
for line in open("lines"):
    record = json.loads(line)
    print(*(record.get(key) for key in ("kind", "width", "height", "process", "components", "suffix")))
    assert sum(part["bytes"] for part in record["parts"]) == record["payload_bytes"]
END
bbc info --exif photo.bbc | tr -d '\0' | grep -c Camera
bbc info --xmp photo.bbc && echo
bbc info --exif b.bbc || echo "$?"
bbc info --xmp a.bbc || echo "$?"
bbc info --exif text.bbc || echo "$?"
# Pixels, where a format of pictures is asked for, are those that others decode.
bbc decompress -o pixels.png photo.bbc
bbc decompress --format ppm IMG.bbc
python -c '
from PIL import Image
assert Image.open("pixels.png").tobytes() == Image.open("photo.jpg").tobytes()
assert Image.open("IMG.ppm").tobytes() == Image.open("IMG.JPG").tobytes()'
bbc decompress -f --format jpg -o same.jpe photo.bbc
cmp same.jpe photo.jpg
# Pipes have no names, and the file comes out as it went in.
bbc compress < photo.jpg | bbc decompress | cmp - photo.jpg
bbc compress < photo.jpg > piped.bbc
bbc decompress -n piped.bbc
bbc decompress -o x.jpg < a.bbc || echo "$?"
bbc decompress --format jpg a.bbc || echo "$?"
bbc compress < /dev/null > x.bbc || echo "$?"
# Metadata can be left out on either way, and a line says that this is another file.
bbc decompress --strip -o lean.jpg photo.bbc
bbc compress --strip -o lean.bbc photo.jpg
bbc decompress lean.bbc -o - | cmp - lean.jpg
cmp -s lean.jpg photo.jpg || echo "$?"
bbc info --exif lean.bbc || echo "$?"
# The share is that of the file which the .bbc file holds, with every verb that has one.
share() { bbc "$@" 2> errors | python -c 'import json, sys; print(0.1 < json.load(sys.stdin)["share"] < 1)'; }
share compress --strip --json -f -o lean.bbc photo.jpg
share verify --json lean.bbc
share decompress --json -f -o lean.jpg lean.bbc
share recompress -9 --even-if-larger --json -f lean.bbc
share meta strip --all --json lean.bbc --changes-file
# A preview is named.
bbc compress -1 --preview -f -o seen.bbc b.jpeg
bbc info seen.bbc | sed 's/.*suffix/suffix/'
mv seen.bbc seen
bbc decompress -o back/ seen || echo "$?"
