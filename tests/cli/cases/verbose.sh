# Silence on success; with -v a line for each file and one for all.
picture 50 40 > a.png
picture 50 40 1 > b.png
bbc compress a.png b.png
bbc compress -f -v -T1 a.png b.png 2>&1 | vague
