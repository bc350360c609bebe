# A bar on a terminal only; the summary there too.
for seed in 1 2 3; do picture 400 300 $seed > $seed.png; done
on-terminal bbc compress -f -T1 *.png > shown
grep -c '3 files' shown
on-terminal bbc compress -f --no-progress *.png > shown
grep -c '%|' shown || true
on-terminal bbc compress -f -q *.png > shown
wc -c < shown | tr -d ' '
bbc compress -f *.png
on-terminal sh -c 'bbc compress -f *.png 2> errors'
cat errors
