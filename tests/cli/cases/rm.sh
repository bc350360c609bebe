# --rm removes an input once its output is published and verified, wherever the option stands, and never otherwise.
picture 5 4 > a.png
picture 5 4 1 > b.png
bbc compress --rm a.png
bbc compress b.png --rm
ls
bbc decompress a.bbc --rm
ls
echo "no picture" > c.png
bbc compress --rm c.png || echo "$?"
bbc compress --rm a.png b.bbc || echo "$?"
cp a.bbc c.bbc
picture 5 4 > c.png
bbc compress --rm c.png || echo "$?"
bbc compress --rm --skip-existing c.png
bbc compress --rm -n -f c.png
bbc compress --rm -c c.png > d.bbc
bbc compress --rm -v -c c.png 2>&1 >/dev/null | vague
bbc compress --rm c.png -o /dev/null
bbc compress --rm -o p.bbc < c.png
bbc compress -k c.png -o e.bbc
ln -s c.png link.png
bbc compress --rm link.png || echo "$?"
ls
