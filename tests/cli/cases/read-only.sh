# A folder that cannot be written to: the reason before any work is done, and the other files go on.
command -v unshare >/dev/null && unshare -m true 2>/dev/null || { echo "needs the right to mount"; exit 77; }
picture 5 4 > a.png
picture 5 4 > c.png
mkdir locked
cp a.png locked/b.png
cat > inside <<'END'
mount --bind locked locked && mount -o remount,ro,bind locked || { echo "cannot mount read-only"; exit 77; }
bbc compress --rm locked/b.png c.png || echo "$?"
bbc compress a.png -o locked || echo "$?"
END
unshare -m sh -eu inside
ls -A . locked
