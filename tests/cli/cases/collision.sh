# Two inputs for one output fail, each with the other's name and what helps; the others are done.
picture 5 4 > photo.png
cp photo.png photo.bmp
cp photo.png other.png
bbc compress other.png photo.png photo.bmp || echo "$?"
ls
mkdir a b
cp photo.png a
cp photo.png b
bbc compress a/photo.png ./b/photo.png -o out || echo "$?"
bbc compress -r a b -o out/ || echo "$?"
bbc compress -n photo.png photo.bmp || echo "$?"
bbc compress --json -n photo.png photo.bmp 2> errors | grep -o '"code": "[a-z]*"'
# What was said to help does.
bbc compress --full-names photo.png photo.bmp
bbc compress a/photo.png ./b/photo.png
find . -name '*.bbc' | sort
# Two spellings of one suffix.
cp photo.png.bbc b.bbc
cp photo.png.bbc b.png.bbc
bbc decompress b.bbc b.png.bbc || echo "$?"
# One input named twice is one input.
bbc compress photo.png ./photo.png a/../photo.png
ls ./*.bbc
