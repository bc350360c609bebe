# Only a suffix that tells the kind of picture is replaced, in any case; others stay.
picture 5 4 > photo.png
for name in PHOTO2.PNG IMG.0001 a.b.png plain; do cp photo.png "$name"; done
bbc compress photo.png PHOTO2.PNG IMG.0001 a.b.png plain
ls
mkdir out
bbc decompress -o out *.bbc
ls out
