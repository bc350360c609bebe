# The help is part of the interface: a change to it shows in review.
for verb in "" compress decompress verify info batch; do
    bbc $verb --help
    echo "=="
done
bbc test -h | cmp - - && bbc -h >/dev/null
