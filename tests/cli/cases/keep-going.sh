# Damaged files: decompress --keep-going writes what holds, names what is lost, and exits with 1; verify names the rows.
picture 40 30 > a.png
bbc compress -1 --band-rows 10 a.png
python - <<'END_OF_PYTHON'
from PIL import Image
Image.open("a.png").save("b.jpg", quality=90)
END_OF_PYTHON
bbc compress -1 b.jpg
flip() { # FILE PLACE TARGET: a copy with a bit flipped, at a place from the end
    python -c 'import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[-int(sys.argv[2])] ^= 8
open(sys.argv[3], "wb").write(data)' "$@"
}
flip a.bbc 20 last.bbc
head -c $(($(wc -c < a.bbc) - 1)) a.bbc > short.bbc
flip b.bbc 20 jpeg.bbc
numberless() { sed -E 's/ [0-9,]+ bytes/ N bytes/; s/have [0-9,]+/have N/' >&2; }
bbc verify -j1 last.bbc short.bbc 2>&1 | numberless || true
bbc decompress last.bbc 2>&1 | numberless
ls *.png
bbc decompress --keep-going last.bbc || echo "$?"
python - <<'END_OF_PYTHON'
from PIL import Image
whole, held = Image.open("a.png").convert("RGB"), Image.open("last.png")
print(held.crop((0, 0, 40, 20)).tobytes() == whole.crop((0, 0, 40, 20)).tobytes(), held.crop((0, 20, 40, 30)).getcolors())
END_OF_PYTHON
# Nothing is removed, whatever else is asked for.
bbc decompress --keep-going --rm-anyway --json -f last.bbc 2>/dev/null |
    python -c 'import json, sys
record = json.loads(sys.stdin.readline())
print(record["status"], record["error"]["code"], record["warnings"], record["lost_rows"])'
bbc decompress --keep-going --rows 5:15 -o rows.png last.bbc
bbc decompress --keep-going --rows 15:25 -o rows2.png last.bbc || echo "$?"
bbc decompress --keep-going -q short.bbc || echo "$?"
ls last.bbc
# A JPEG file comes back whole or not at all; its pixels come where a format of pictures is asked for.
bbc decompress --keep-going jpeg.bbc || echo "$?"
bbc decompress --keep-going -o c.jpg jpeg.bbc || echo "$?"
bbc decompress --keep-going --format ppm jpeg.bbc || echo "$?" # its coefficients are one segment
# Where the first band is cut, no option helps, and all rows are named.
head -c 60 a.bbc > first.bbc
bbc decompress first.bbc 2>&1 | numberless
bbc verify first.bbc 2>&1 | numberless
rm first.bbc
# What is not damaged is as ever, and a header that is gives nothing.
bbc decompress --keep-going -o whole.png a.bbc
flip a.bbc $(($(wc -c < a.bbc) - 9)) head.bbc
bbc decompress --keep-going head.bbc || echo "$?"
ls
