# verify decodes everything and names what is wrong; info reads the header only; no damage makes a file.
picture 20 10 > a.png
bbc compress --rm a.png
bbc verify a.bbc
bbc test - < a.bbc
bbc verify < a.bbc
bbc verify -v a.bbc 2>&1 | vague
size=$(wc -c < a.bbc)
head -c 3 a.bbc > magic.bbc
head -c 20 a.bbc > header.bbc
head -c $((size - 5)) a.bbc > short.bbc
{ cat a.bbc; echo; } > long.bbc
: > empty.bbc
python - <<'END'
data = open("a.bbc", "rb").read()
for name, at in ("flipped", -40), ("head", 9):
    damaged = bytearray(data)
    damaged[at] ^= 1
    open(name + ".bbc", "wb").write(damaged)
END
numberless() { sed -E 's/[0-9,]+ bytes/N bytes/; s/, have.*//; s/(flipped.bbc:).*/\1 damaged/' "$1"; }
bbc verify -T1 *.bbc missing.bbc 2> errors || echo "$?"
numberless errors
bbc info *.bbc 2> errors | sed 's/: .*//' || echo "$?"
numberless errors
bbc decompress -T1 *.bbc 2> errors || echo "$?"
numberless errors
ls *.png
