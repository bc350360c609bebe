# Another level in place, or elsewhere; what would not become smaller is kept; metadata, previews and heights of bands are too.
picture 48 40 > a.png
bbc compress -1 --preview --preview-size 32 --band-rows 16 a.png
cp a.bbc b.bbc
bbc recompress -9 --json a.bbc | sed 's/.*"changed"/"changed"/'
bbc recompress -1 -o again/ a.bbc 2>&1 | sed 's/makes [0-9,]* bytes/makes N bytes/'
cmp a.bbc again/a.bbc
bbc recompress -1 --even-if-larger -c a.bbc > c.bbc
cmp b.bbc c.bbc && echo the same
bbc info -v --json a.bbc | python -c 'import json, sys; file = json.load(sys.stdin); print(file["metadata"], [band["rows"] for band in file["parts"][0]["bands"]])'
python -c 'from PIL import Image; Image.open("a.png").convert("RGB").save("j.jpg")'
bbc compress -1 j.jpg
bbc recompress -9 j.bbc 2>&1 | sed 's/makes [0-9,]* bytes/makes N bytes/'
bbc decompress -o k.jpg j.bbc
cmp j.jpg k.jpg
printf more >> a.bbc
bbc recompress -1 a.bbc || echo $?
bbc recompress a.png || echo $?
ls -A
