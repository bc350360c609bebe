# -r passes by pipes, and what systems leave in folders, each with a line under -v; what is named is done.
mkdir d
picture 5 4 > d/a.png
mkfifo d/p.png
printf '\0\5\26\7\0\2\0\0Mac OS X        ' > d/._a.png
cp d/._a.png d/._b.jpg
echo words > d/.DS_Store
echo words > d/Thumbs.db
echo words > d/notes.txt
timeout 60 bbc compress -r d
timeout 60 bbc compress -r -f -v d 2>&1 | vague
bbc compress -r -f --json d 2>/dev/null | grep -c '"status": "skipped", .*"error": null'
bbc compress d/._a.png || echo "$?"
ls -A d
