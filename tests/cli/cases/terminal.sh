# Binary data never goes to a terminal, and nobody is expected to type a picture.
picture 5 4 > a.png
bbc compress a.png
status() { code=0; "$@" || code=$?; echo "$code"; }
status on-terminal bbc compress -c a.png
status on-terminal bbc compress -f -c a.png
status on-terminal bbc decompress -c a.bbc
status on-terminal bbc compress -o /dev/tty a.png
status on-terminal bbc compress
status on-terminal bbc compress -
status on-terminal bbc info a.bbc | sed "s/bits, .*/bits/"
ls
