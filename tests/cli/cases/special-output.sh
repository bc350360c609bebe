# Devices and named pipes are written to as they are, and stay.
picture 5 4 > a.png
bbc compress a.png
bbc compress a.png -o /dev/null
test -c /dev/null
mkfifo pipe
cat pipe > out.bbc &
bbc compress a.png -o pipe
wait
cmp out.bbc a.bbc
test -p pipe
bbc compress a.png -o /dev/stdout | cmp - a.bbc
# Inputs may be pipes as well.
cat a.png > pipe &
bbc compress pipe -o b.bbc
cmp a.bbc b.bbc
