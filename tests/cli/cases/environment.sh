# What the environment can say; a bad number of threads is named and ignored, anything else that is wrong is an error.
picture 60 50 > a.png
bbc compress a.png
export BBC_THREADS=3
bbc compress a.png -c | cmp - a.bbc
BBC_THREADS=-1 bbc compress a.png -c | cmp - a.bbc
BBC_THREADS=99999999999 bbc compress a.png -c | cmp - a.bbc
BBC_THREADS= bbc compress a.png -c | cmp - a.bbc
BBC_THREADS=lots bbc compress -T2 a.png -c | cmp - a.bbc
BBC_ISA=base bbc compress a.png -c | cmp - a.bbc
BBC_ISA=abacus bbc compress -f a.png 2> errors || echo "$?"
sed 's/;.*//' errors
BBC_WEIGHTS=nowhere bbc compress -f a.png 2> errors || echo "$?"
wc -l < errors | tr -d ' '
# No variable holds options.
BBC=--rm BBC_OPT=--rm BBC_DEFAULTS=--rm bbc compress -f a.png
ls
