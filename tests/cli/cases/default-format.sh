# What PNG cannot hold comes back in a format that can, under its suffix; --format png is refused.
printf 'P6\n2 1\n15\n\1\2\3\17\0\1' >few.ppm
printf 'P5\n2 1\n4095\n\17\377\0\1' >deep.pgm
bbc compress -q few.ppm deep.pgm
mkdir out
bbc decompress -q few.bbc deep.bbc -o out/
ls out
cmp few.ppm out/few.ppm && cmp deep.pgm out/deep.pgm && echo same
bbc decompress --format png few.bbc -o out/ || echo $?
bbc decompress few.bbc -o out/few.png || echo $?
bbc info deep.bbc | cut -d, -f1,2
ls out
