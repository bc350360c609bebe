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
status on-terminal bbc compress --files-from -
status on-terminal bbc compress --files0-from - a.png
status on-terminal bbc meta set --text - a.bbc
# Text may go there, with what could control it escaped.
printf 'Title: \033[2Jred\n two\nAuthor: N. N.\n' > text
bbc meta set --text text a.bbc
status on-terminal bbc meta get --text a.bbc
status on-terminal bbc meta get -o /dev/tty --text a.bbc
printf '<x a="\033"/>' > text
bbc meta set --xmp text a.bbc
status on-terminal bbc info --xmp a.bbc
status on-terminal bbc meta get --exif a.bbc
rm text
bbc meta strip --all a.bbc
status on-terminal bbc info a.bbc | sed "s/bits, .*/bits/"
ls
