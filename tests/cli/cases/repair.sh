# Damage repaired by par2, from a file beside: as README.md and docs/trust.md say.
command -v par2 > /dev/null || { echo "needs par2"; exit 77; }
picture 120 80 > photo.png
bbc compress photo.png
par2 create -q -q -s256 -r10 -n1 photo.bbc.par2 photo.bbc > /dev/null
mv photo.bbc.vol*.par2 photo.bbc.par2 # which has all that is needed
ls
cp photo.bbc whole
python - <<'END_OF_PYTHON'
data = bytearray(open("photo.bbc", "rb").read())
data[len(data) // 2 : len(data) // 2 + 100] = bytes(100)
open("photo.bbc", "wb").write(data)
END_OF_PYTHON
bbc verify -qq photo.bbc || echo "$?"
par2 repair -q -q photo.bbc.par2 > /dev/null
cmp photo.bbc whole
bbc verify photo.bbc
head -c $(($(wc -c < whole) - 300)) whole > photo.bbc
par2 repair -q -q photo.bbc.par2 > /dev/null
cmp photo.bbc whole
