# Names from lists: one a line, or ended by NUL; never options, never standard input.
picture 5 4 > a.png
cp a.png 'two words.png'
cp a.png -- '-c.png'
cp a.png ./-
printf 'a.png\n\ntwo words.png\n-c.png\n-\n' > list
bbc compress --files-from list
ls ./*.bbc
rm ./*.bbc
find . -name '*.png' -print0 | bbc compress --files0-from -
ls ./*.bbc
rm ./*.bbc
bbc compress --files-from list a.png
ls ./*.bbc | wc -l | tr -d ' '
# An empty list is no work, not standard input.
bbc compress --files-from /dev/null < a.png
bbc compress -f --files-from list --files0-from /dev/null
bbc info --files-from list || echo "$?"
