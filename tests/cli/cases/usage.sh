# Every mistake in the command itself: one line, exit status 2, and nothing is done.
picture 4 4 > a.png
picture 4 4 > b.png
bbc compress a.png -o p.bbc
status() { code=0; "$@" || code=$?; echo "$code"; }
status bbc
status bbc frobnicate a.png
status bbc compress --frobnicate a.png
status bbc compress -o
status bbc compress -o "" a.png
status bbc decompress -o "" p.bbc
status bbc recompress -o "" p.bbc
status bbc meta get --icc -o "" p.bbc
status bbc meta set --icc "" p.bbc
status bbc thumbnail p.bbc ""
status bbc info --map "" p.bbc
status bbc batch plan "" out job
status bbc batch plan . "" job
status bbc batch run ""
status bbc compress -T -1 a.png
status bbc compress -j many a.png
status bbc compress -c -o x.bbc a.png
status bbc compress -f --skip-existing a.png
status bbc compress -c --json a.png
status bbc compress -c a.png b.png
status bbc compress - a.png
status bbc compress --rm --no-verify a.png
status bbc decompress -o x.jpg p.bbc
status bbc decompress -o x.doc p.bbc
status bbc decompress --format gif a.bbc
status bbc verify --rm a.bbc
status bbc info --rm a.bbc
status bbc info --exif --xmp p.bbc
status bbc info --exif --json p.bbc
status bbc info --xmp p.bbc p.bbc
status bbc info --xmp -r .
status bbc compress --files-from missing.txt
status bbc compress --files-from - - < /dev/null
status bbc batch
status bbc meta
# A file that a shell's * names so that it reads as options.
cp a.png ./-dash.png
status bbc compress *.png
status bbc compress -- *.png
status bbc compress -dish.png
ls
