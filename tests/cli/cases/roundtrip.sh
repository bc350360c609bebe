# The same picture comes back, through files, pipes and both, in the format that the suffix or --format says.
picture 31 17 > a.png
bbc compress a.png
bbc decompress a.bbc -o a.ppm
bbc decompress a.bbc -o b.png
bbc compress b.png
cmp a.bbc b.bbc
cat a.png | bbc compress | cmp - a.bbc
bbc compress - < a.png > c.bbc
cmp a.bbc c.bbc
bbc compress -c a.png | bbc decompress --format ppm | cmp - a.ppm
bbc decompress -o - a.bbc > d.png
cmp b.png d.png
bbc compress < a.ppm | bbc decompress -c --format ppm | cmp - a.ppm
bbc compress -o e.bbc < a.png
cmp a.bbc e.bbc
bbc decompress -o f.dat --format ppm a.bbc
cmp f.dat a.ppm
mkdir formats
for format in png ppm pam tiff webp bmp; do bbc decompress --format $format a.bbc -o formats; done
ls formats
for file in formats/*; do bbc compress -c "$file" | bbc decompress -q --format ppm | cmp - a.ppm; done
