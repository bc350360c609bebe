# An input that is gone when its turn comes fails by itself.
picture 5 4 > a.png
picture 5 4 1 > b.png
mkfifo gate
bbc compress -j1 -T1 gate a.png b.png &
rm a.png
sleep 0.5
cat b.png > gate
wait $! || echo "$?"
ls
