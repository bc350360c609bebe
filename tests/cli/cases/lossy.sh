# A lossy WebP is refused where it was named, skipped where a walk met it, taken with --pixels, and so is a JPEG file then.
picture 16 16 > a.png
python -c '
from PIL import Image
image = Image.open("a.png")
image.save("b.jpg")
image.save("c.webp", quality=50)
image.save("d.webp", lossless=True)'
mkdir t
mv *.jpg *.webp t
bbc compress t/c.webp || echo "$?"
bbc compress -r -v t 2>&1 | sed -E 's/[0-9,]+ -> /N -> /; s/0\.[0-9]+ of/N of/' | vague
ls t
bbc info --json t/*.bbc | grep -o '"kind": "[a-z]*"'
bbc compress -q --pixels -r -f t
ls t
bbc info --json t/*.bbc | grep -o '"kind": "[a-z]*"'
