# A JPEG is refused where it was named, skipped where a walk met it, taken with --pixels.
picture 16 16 > a.png
python -c '
from PIL import Image
image = Image.open("a.png")
image.save("b.jpg")
image.save("c.webp", quality=50)
image.save("d.webp", lossless=True)'
mkdir t
mv *.jpg *.webp t
bbc compress -T1 t/b.jpg t/c.webp || echo "$?"
bbc compress -T1 -r -v t 2>&1 | sed -E 's/[0-9,]+ -> /N -> /' | vague
ls t
bbc compress -q --pixels -r -f t
ls t
