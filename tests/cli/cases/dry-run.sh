# -n says what would happen, with the exit status that it would have as far as one can know, and writes nothing.
picture 5 4 > a.png
picture 5 4 > b.png
bbc compress b.png
bbc compress -n a.png b.png missing.png || echo "$?"
bbc compress -n -f a.png b.png -o out
bbc compress --dry-run -v --skip-existing a.png b.png
bbc compress -n --json a.png | vague
bbc compress -n -c a.png
bbc compress -n < a.png
bbc decompress -n b.bbc -c
# The first bytes of a file are read, and it fails if they say so; damage further on is not seen.
: > empty.png
python -c 'from PIL import Image; Image.new("RGB", (4, 4)).save("lossy.webp")'
bbc compress -n empty.png lossy.webp a.png || echo "$?"
bbc compress -n --pixels lossy.webp
mv lossy.webp lossy.png
bbc compress -n -r -v -o out . || echo "$?"
bbc recompress -n -o out a.png || echo "$?"
bbc decompress -n -o out.png a.png || echo "$?"
rm empty.png lossy.*
python - <<'END'
from PIL import Image
frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
for suffix in ("gif", "png", "webp"):
    frames[0].save(f"still.{suffix}", lossless=True)
    frames[0].save(f"moves.{suffix}", save_all=True, append_images=frames[1:], lossless=True)
END
bbc compress -n --full-names still.* moves.* || echo "$?"
rm still.* moves.*
ls
