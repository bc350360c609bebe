# A bar on a terminal only; the summary on a terminal too.
for seed in 1 2 3; do picture 50 40 $seed > $seed.png; done
mkfifo gate
cat > slow.sh <<'END'
bbc compress -f -T1 "$@" 1.png gate &
sleep 2
cat 2.png > gate
wait
END
on-terminal sh slow.sh | grep -c '%|'
on-terminal sh slow.sh --no-progress | grep -c '%|' || true
on-terminal sh slow.sh -q | wc -c | tr -d ' '
sh slow.sh
on-terminal bbc compress -f ./*.png | grep -c '3 files'
on-terminal sh -c 'bbc compress -f *.png 2> errors'
cat errors
