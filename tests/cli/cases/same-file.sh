# No output ever replaces an input, not with -f, whatever it is called.
picture 5 4 > a.png
picture 5 4 1 > b.png
cp a.png kept
ln a.png hard.bbc
ln -s a.png soft.bbc
for output in a.png ./a.png hard.bbc soft.bbc; do bbc compress -f a.png -o $output || echo "$?"; done
ln b.png a.bbc
bbc compress -f a.png b.png || echo "$?"
cmp a.png kept
cmp a.bbc b.png
