# Bytes behind the end of a .bbc file: the picture comes, with a warning and exit status 1, and --rm keeps the file.
picture 5 4 > a.png
bbc compress a.png -o b.bbc
printf x >> b.bbc
{ cat b.bbc; seq 500; } > c.bbc
bbc decompress -j1 --rm b.bbc c.bbc || echo "$?"
cmp -s a.png b.png || python -c '
from PIL import Image
assert Image.open("a.png").tobytes() == Image.open("b.png").tobytes()'
bbc decompress --rm-anyway -f --json b.bbc 2>/dev/null | grep -o '"code": "[a-z-]*"'
bbc verify b.bbc || echo "$?"
bbc info b.bbc | sed 's/, [0-9,]* bytes.*//' || true
bbc info -q b.bbc >/dev/null || echo "$?"
ls
