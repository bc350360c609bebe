# A file that may not be read is that file's failure: the others are done, with every verb, and JSON names it.
command -v setpriv >/dev/null || { echo "needs setpriv"; exit 77; }
user=
[ "$(id -u)" != 0 ] || user="setpriv --reuid 65534 --regid 65534 --clear-groups"
$user true 2>/dev/null || { echo "needs the right to change the user"; exit 77; }
picture 5 4 > a.png
cp a.png b.png
bbc compress --full-names a.png b.png
chmod 755 . .. ../..
chmod 000 b.png b.png.bbc
mkdir out
chmod 777 out
$user test -r a.png && $user bbc --version >/dev/null 2>&1 || { echo "needs a folder that every user can read"; exit 77; }
$user bbc compress -o out a.png b.png || echo "$?"
printf 'a.png\nb.png\n' | $user bbc compress --json -f -o out --files-from - 2>/dev/null |
    grep -E -o '"(input|code)": "[^"]*"' || echo "$?"
for verb in verify info; do
    $user bbc $verb b.png.bbc a.png.bbc >/dev/null || echo "$?"
    $user bbc $verb --json b.png.bbc a.png.bbc 2>/dev/null | grep -E -o '"(input|code)": "[^"]*"' | sort
done
$user bbc decompress -o out b.png.bbc a.png.bbc || echo "$?"
ls out
