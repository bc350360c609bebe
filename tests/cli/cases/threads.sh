# The bytes depend neither on threads nor on how many files are done at a time, nor on level options' order.
for seed in 1 2 3 4 5; do picture 70 $((40 + seed)) $seed > $seed.png; done
bbc compress -T1 -j1 *.png -o one
bbc compress -T4 *.png -o four
bbc compress -T2 -j3 *.png -o three
BBC_THREADS=3 bbc compress *.png -o env
for other in four three env; do diff -r one $other; done
bbc decompress -T1 one/*.bbc -o back1
bbc decompress -T3 -j2 one/*.bbc -o back3
diff -r back1 back3
