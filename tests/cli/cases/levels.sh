# Any digit is a level: the nearest of 1, 5 and 9; the last one given holds.
picture 40 30 > a.png
bbc compress -5 a.png -o 5.bbc
bbc compress a.png -o default.bbc
cmp 5.bbc default.bbc
for digit in 3 4 6 7; do bbc compress -$digit a.png -c | cmp - 5.bbc; done
bbc compress -1 a.png -o 1.bbc
bbc compress --fast a.png -c | cmp - 1.bbc
bbc compress -2 a.png -c | cmp - 1.bbc
bbc compress -9 a.png -o 9.bbc
bbc compress --best a.png -c | cmp - 9.bbc
bbc compress -9 -1 a.png -c | cmp - 1.bbc
bbc verify 1.bbc 5.bbc 9.bbc
