# With --full-names nothing of a name is replaced, and decompression only removes .bbc.
mkdir in out back
picture 5 4 > in/photo.png
python -c '
from PIL import Image
image = Image.open("in/photo.png")
image.save("in/photo.tif")
image.save("in/photo.BMP")'
cp in/photo.png in/IMG.0001
bbc compress --full-names -o out in/*
ls out
# The suffix says the format; a name without one gets one, but not with --full-names.
bbc decompress -o back out/*
ls back
head -c 2 back/photo.tif && echo
head -c 2 back/photo.BMP && echo
bbc decompress --full-names -o back out/IMG.0001.bbc
cmp back/IMG.0001 back/IMG.0001.png
# --format goes before; then the suffix that does not fit is kept.
bbc decompress -n --format tiff out/photo.tif.bbc out/photo.png.bbc out/IMG.0001.bbc
# A name with two suffixes keeps both, as decompress would not know which one is missing.
cp in/photo.png in/a.tif.png
bbc compress in/a.tif.png
bbc decompress -f in/a.tif.png.bbc
ls in
