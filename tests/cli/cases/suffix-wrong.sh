# A .bbc given to compress, something else given to decompress: an error on that file; the others go on.
picture 5 4 > a.png
bbc compress a.png
bbc compress a.bbc || echo "$?"
cp a.bbc a.packed
bbc decompress -f a.packed a.bbc || echo "$?"
# With an output named, or through a pipe, there is nothing to derive.
bbc decompress a.packed -o b.png
bbc decompress -c a.packed > c.png
bbc decompress < a.packed > d.png
cmp b.png c.png
cmp b.png d.png
ls
