# What is of no use is refused by its first bytes, however long it is, and so are devices and pipes without an end.
{ printf '\0\0\0\30ftypisom\0\0\2\0isomiso2'; head -c 70000 /dev/zero; } > film.mp4
truncate -s 1T film.mp4
truncate -s 1T film.bin
truncate -s 1T film.bbc
quick() {
    timeout 60 bbc "$@" 2> errors || echo "$?"
    sed "s/is not read:.*/is not read/" errors
}
quick compress -j1 film.mp4 film.bin film.bbc /dev/zero
quick compress -o x.bbc /dev/zero
quick compress --pixels film.mp4
for verb in verify info decompress; do quick $verb film.bbc; done
quick info film.mp4
quick decompress -o x.png film.mp4
yes | quick compress -o x.bbc
yes | quick info
{ echo "P6 2 2 255"; yes; } | quick compress --max-pixels 4 -o x.bbc 2>&1 | sed 's/[0-9,]* bytes/N bytes/'
truncate -s 1T long.png
printf '\211PNG\r\n\32\n' | dd of=long.png conv=notrunc 2>/dev/null
quick compress long.png
ls *.bbc
