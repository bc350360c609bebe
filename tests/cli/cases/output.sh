# -o is a file for one input; a folder if it is one, ends in a slash, or there are several inputs.
mkdir t out
picture 5 4 > t/a.png
picture 5 4 1 > t/b.png
bbc compress t/a.png -o one.bbc
bbc compress t/a.png -o out
bbc compress t/a.png -o new/
bbc compress t/a.png t/b.png -o several
bbc compress t/a.png -o deep/er/a.bbc
find . -name '*.bbc' | sort
bbc compress t/a.png t/b.png -o one.bbc || echo "$?"
mkdir taken.bbc
bbc compress t/a.png -f -o taken.bbc/
cp t/a.png taken.png
bbc compress -f taken.png || echo "$?"
