# -n says what would happen, with the exit status that it would have as far as one can know, and writes nothing.
picture 5 4 > a.png
picture 5 4 > b.png
bbc compress b.png
bbc compress -n a.png b.png missing.png || echo "$?"
bbc compress -n -f a.png b.png -o out
bbc compress --dry-run -v --skip-existing a.png b.png
bbc compress -n --json a.png | vague
ls
