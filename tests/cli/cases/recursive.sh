# -r picks pictures by suffix; -o mirrors the tree below the folder that was named; links are not followed.
mkdir -p t/u/v elsewhere
picture 5 4 > t/a.png
picture 5 4 1 > t/u/b.PNG
picture 5 4 2 > t/u/v/c.png
picture 5 4 3 > elsewhere/d.png
echo words > t/notes.txt
printf 'GIF89a\1\0\1\0\200\0\0\0\0\0\377\377\377,\0\0\0\0\1\0\1\0\0\2\2D\1\0;' > t/u/f.GIF
echo "not a JPEG at all" > t/u/e.jpg
ln -s ../elsewhere t/linked
ln -s ../elsewhere/d.png t/d.png
bbc compress t || echo "$?"
bbc compress -r t -o out
find out | sort
bbc compress -r t
find t -name '*.bbc' | sort
bbc verify -r t
bbc decompress -r out -o back
find back -type f | sort
bbc compress -r t/u elsewhere -o two
find two -type f | sort
mkdir empty
bbc compress -r empty
