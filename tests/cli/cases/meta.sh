# Metadata of .bbc files are read, set and left out, in place or elsewhere; a JPEG file only changes on request.
picture 8 6 > a.png
bbc compress -1 a.png
printf 'Author: N. N.\nComment: two\n lines\n' > texts
bbc meta set -v --text texts a.bbc 2>&1 | sed 's/[0-9]* -> [0-9]* bytes/N -> N bytes/; s/[0-9.]* s/N s/; /1 file/d; s/, [0-9.]* bpd//'
bbc meta get --text a.bbc
bbc meta get --exif a.bbc || echo $?
bbc info a.bbc | sed 's/.*with/with/'
bbc meta set --icc texts a.bbc || echo $?
# What PNG cannot have, and what is no picture, is refused.
printf 'A: b\n c\000d\n' > odd
bbc meta set --text odd a.bbc || echo $?
printf 'A  B: c\n' > odd
bbc meta set --text odd a.bbc || echo $?
printf 'RIFF....WEBPjunk' > odd
bbc meta set --preview odd a.bbc || echo $?
printf '\377\330\377junk' > odd
bbc meta set --preview odd a.bbc || echo $?
rm odd
bbc meta strip --text --json -o out/ a.bbc | sed 's/.*"changed"/"changed"/'
bbc info out/a.bbc | grep -c with || true
bbc meta strip --all a.bbc
cmp a.bbc out/a.bbc
bbc meta strip --text --json a.bbc | sed 's/.*"changed"/"changed"/'
bbc meta get --text a.bbc || echo $?
python - <<'END'
from PIL import Image
Image.open("a.png").convert("RGB").save("b.jpg", comment=b"hello")
END
bbc compress -1 b.jpg
bbc meta get --text b.bbc
bbc meta strip --text b.bbc || echo $?
printf 'no JPEG file' > junk.jpg
bbc compress -q junk.jpg
bbc meta strip --all junk.bbc || echo $?
rm junk.*
bbc meta strip --text --changes-file --json b.bbc | sed 's/.*"share": [0-9.]*,.*/a share/'
bbc decompress -o c.jpg b.bbc
python -c 'from PIL import Image; print("comment" in Image.open("c.jpg").info, Image.open("c.jpg").tobytes() == Image.open("b.jpg").tobytes())'
ln -s a.bbc link.bbc
bbc meta strip --all link.bbc || echo $?
bbc meta get a.bbc || echo $?
bbc meta set a.bbc || echo $?
bbc meta strip a.bbc || echo $?
bbc meta set --exif none a.bbc || echo $?
ls -A
