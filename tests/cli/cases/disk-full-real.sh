# The same on a real file system of 64 kB.
command -v unshare >/dev/null && unshare -m true 2>/dev/null || { echo "needs the right to mount"; exit 77; }
picture 300 200 > a.png
picture 3 2 > b.png
cat > inside <<'END'
mkdir small
mount -t tmpfs -o size=64k none small || { echo "cannot mount a tmpfs"; exit 77; }
cp b.png small
bbc compress a.png b.png -o small || echo "$?"
ls -A small
END
unshare -m sh -eu inside
