# An output that exists is an error for that file, replaced with -f, skipped with --skip-existing.
picture 5 4 > a.png
picture 5 4 1 > b.png
echo mine > a.bbc
bbc compress a.png b.png || echo "$?"
cat a.bbc
rm b.bbc
# What is no .bbc file did not come from a picture.
bbc compress --skip-existing a.png || echo "$?"
cat a.bbc
bbc compress -f a.png
bbc compress --skip-existing -v a.png b.png 2>&1 | vague
bbc verify a.bbc b.bbc
# Standard input may be what became any complete output.
bbc compress --skip-existing -v -o a.bbc < b.png 2>&1
echo mine > e.bbc
bbc compress --skip-existing -o e.bbc < b.png || echo "$?"
# With --rm, an input that is gone was done by another command, if its output is of such a kind.
bbc compress --skip-existing --rm -v gone/a.png a.jpg b.png missing.png -o . 2>&1 || echo "$?"
cat e.bbc
rm e.bbc
# A link to nowhere is there as well, and -f replaces the link, not what it points at.
echo mine > target
ln -s target c.bbc
ln -s nowhere d.bbc
cp a.png c.png
cp a.png d.png
bbc compress c.png d.png || echo "$?"
bbc compress -f c.png d.png
bbc verify c.bbc d.bbc
cat target
ls
