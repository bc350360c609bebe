# A batch goes on after a bad file and ends in 1; each failure is one line, the file first.
picture 5 4 > a.png
picture 5 4 1 > z.png
head -c 60 a.png > cut.png
echo "no picture" > text.png
: > empty.png
mkdir folder.png
bbc compress a.png cut.png text.png empty.png folder.png missing.png z.png || echo "$?"
ls ./*.bbc
