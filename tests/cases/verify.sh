# verify decodes everything and names what is wrong; info reads the header only.
picture 20 10 > a.png
bbc compress --rm a.png
bbc verify a.bbc
bbc test a.bbc
bbc verify < a.bbc
bbc verify -v a.bbc 2>&1 | vague
size=$(wc -c < a.bbc)
head -c 3 a.bbc > magic.bbc
head -c 20 a.bbc > header.bbc
head -c $((size - 5)) a.bbc > short.bbc
{ cat a.bbc; echo; } > long.bbc
: > empty.bbc
python -c 'd = bytearray(open("a.bbc", "rb").read()); d[-40] ^= 1; open("flipped.bbc", "wb").write(d)'
python -c 'd = bytearray(open("a.bbc", "rb").read()); d[9] ^= 1; open("head.bbc", "wb").write(d)'
for file in magic header short long empty flipped head a; do
    for verb in verify info decompress; do
        code=0
        bbc $verb $file.bbc >/dev/null 2>$file.$verb || code=$?
        echo "$file $verb $code"
    done
    test ! -s $file.verify || sed -E 's/[0-9,]+ bytes/N bytes/; s/, have.*//' $file.verify
done
bbc verify short.bbc a.bbc missing.bbc 2>/dev/null || echo "$?"
ls *.png
