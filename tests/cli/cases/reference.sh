# verify --reference: the second decoder, for small files.
picture 12 9 > a.png
bbc compress a.png
bbc verify --reference a.bbc
bbc verify --reference --max-pixels 107 a.bbc || echo "$?"
python -c 'import sys; sys.stdout.buffer.write(b"P5 300 300 255\n" + bytes(90000))' > b.pgm
bbc compress b.pgm
bbc verify --reference b.bbc || echo "$?"
bbc verify --reference --max-pixels 90000 b.bbc
# Damage
python -c 'import sys; data = bytearray(open("a.bbc", "rb").read()); data[-9] ^= 1; open("c.bbc", "wb").write(data)'
bbc verify --reference c.bbc || echo "$?"
