# --rm removes a JPEG file only if it could come back; --skip-existing skips only what a JPEG file of that suffix became.
picture 64 48 > a.png
python -c '
from PIL import Image
image = Image.open("a.png")
image.save("a.jpg", comment="words")
image.save("a.jpeg")'
bbc compress --rm --strip a.jpg -o stripped.bbc || echo "$?"
bbc compress --rm --pixels a.jpg -o pixels.bbc || echo "$?"
bbc compress --rm --json --pixels a.jpg -f -o pixels.bbc 2> errors | grep -o '"code": "[a-z-]*"'
ls
cp a.jpg copy.jpg
bbc compress --rm a.jpg
ls a.*
for name in a.jpeg a.png; do bbc compress --skip-existing $name || echo "$?"; done
bbc decompress --rm --format png -o pixels.png a.bbc || echo "$?"
bbc decompress --rm a.bbc
ls a.*
cmp a.jpg copy.jpg
bbc compress a.jpg
bbc compress --skip-existing -v a.jpg 2>&1 | head -1
bbc compress --skip-existing --pixels a.jpg || echo "$?"
# Three files for one output, and what helps.
bbc compress -f a.png a.jpg a.jpeg copy.jpg || echo "$?"
bbc compress --full-names a.png a.jpg a.jpeg
bbc decompress --full-names -o back a.*.bbc
ls back
cmp a.jpeg back/a.jpeg
# A picture is not written under a JPEG file's name.
bbc compress --pixels -f --full-names a.jpg
bbc decompress -n a.jpg.bbc
