# Two inputs for one output: nothing at all is done.
picture 5 4 > photo.png
cp photo.png photo.bmp
cp photo.png other.png
bbc compress other.png photo.png photo.bmp || echo "$?"
mkdir a b
cp photo.png a
cp photo.png b
bbc compress a/photo.png ./b/photo.png -o out || echo "$?"
bbc compress -r a b -o out/ || echo "$?"
ls
# One input named twice is one input.
bbc compress photo.png ./photo.png a/../photo.png
ls ./*.bbc
