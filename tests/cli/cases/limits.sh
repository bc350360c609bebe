# --max-pixels is looked at in the header, in both directions.
picture 20 10 > a.png
bbc compress a.png
bbc compress --max-pixels 199 a.png -o b.bbc || echo "$?"
bbc compress --max-pixels 200 a.png -o b.bbc
for verb in verify info decompress; do bbc $verb --max-pixels 199 a.bbc || echo "$?"; done
# A header that asks for more than the file can hold.
bbc info a.bbc >/dev/null
