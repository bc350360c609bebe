# --max-pixels is looked at in the header, in both directions.
picture 20 10 > a.png
bbc compress a.png
bbc compress --max-pixels 199 a.png -o b.bbc || echo "$?"
bbc compress --max-pixels 200 a.png -o b.bbc
for verb in verify info decompress; do bbc $verb --max-pixels 199 a.bbc || echo "$?"; done
# A header that asks for more than the file can hold.
bbc info a.bbc >/dev/null
# So is --max-memory, as far as the header tells the need.
for verb in "compress -f" "decompress -c" recompress verify "info --map m.png" "info -v"; do
    file=a.bbc
    [ "$verb" != "compress -f" ] || file=a.png
    bbc $verb --max-memory 1M $file 2>&1 | sed 's/about .*, above/about N, above/'
done
bbc thumbnail --max-memory 1M a.bbc t.png 2>&1 | sed 's/about .*, above/about N, above/'
bbc verify --max-memory 1G a.bbc
bbc verify --max-memory 1X a.bbc 2>&1 || echo "$?"
