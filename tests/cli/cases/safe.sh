# A file that is cut short is not the output of the input; only a whole one is skipped.
picture 20 10 > photo.png
bbc compress -1 photo.png
cp photo.bbc whole.bbc
for size in 12 50 100; do
    head -c $size whole.bbc > photo.bbc
    bbc compress -1 --skip-existing --rm photo.png || echo "$?"
done
cp whole.bbc photo.bbc
bbc compress -1 --skip-existing photo.png
ls
# To remove and to keep are not one wish.
bbc compress -1 -f --rm -k photo.png || echo "$?"
bbc compress -1 -f -k --rm-anyway photo.png || echo "$?"
# A file that two folders lead to is done once.
mkdir -p t/u
cp photo.png t/u/
bbc compress -1 -r --rm -o out t t/u
find t out -type f
# The limit of pixels is one of JPEG files, too.
bbc decompress -o photo.ppm whole.bbc
picture 160 120 > shot.png
python -c 'from PIL import Image; Image.open("shot.png").save("shot.jpg")'
rm shot.png
for most in 1000 19199; do
    bbc compress -1 --rm --max-pixels $most shot.jpg || echo "$?"
done
ls shot.*
