# A preview is kept on request; thumbnails come from it, or the picture is decoded, or there is one line that says why not.
picture 40 30 > a.png
bbc compress -1 -v --preview --preview-size 64 a.png 2>&1 | sed 's/.*, preview/preview/; s/preview of [0-9]* /preview of N /; /saved)/d; /^bbc:/d'
bbc info a.bbc | sed 's/.*with/with/'
bbc thumbnail -v --size 20 a.bbc a.jpg 2>&1 | sed 's/.* s, //; /^bbc:/d'
bbc thumbnail a.bbc a.jpg || echo $?
bbc thumbnail -f --json --size 20 a.bbc t.png | sed 's/.*"width": \([0-9]*\), "height": \([0-9]*\).*"origin"/\1x\2 "origin"/'
bbc thumbnail a.bbc - | python -c 'import sys; print(sys.stdin.buffer.read(4))'
bbc compress -1 -o b.bbc a.png
bbc thumbnail --max-pixels 1199 b.bbc b.png || echo $?
bbc thumbnail -v --max-pixels 1200 - b.webp < b.bbc 2>&1 | sed 's/.* s, //; /^bbc:/d'
bbc decompress -o c.png a.bbc
cmp c.png a.png || python -c 'from PIL import Image; print(Image.open("a.png").tobytes() == Image.open("c.png").tobytes())'
bbc thumbnail a.png t.png -f || echo $?
bbc thumbnail a.bbc t.gif || echo $?
bbc thumbnail -f a.bbc b.bbc || echo $?
ls
