#!/bin/sh
# Installs what file managers need: MIME type, thumbnailer, application. First argument: the prefix, as ~/.local or /usr/local.
# Second: the command bbc, which is put into the files by its full path, since a desktop's PATH is not the shell's.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
prefix=$1
bbc=$2
case $bbc in
*[!A-Za-z0-9_./+@-]*)
    echo "install-desktop: $bbc: a path with such characters cannot stand in these files; link to it from another one" >&2
    exit 1
    ;;
/*) ;;
*)
    echo "install-desktop: $bbc is no full path" >&2
    exit 1
    ;;
esac
[ -x "$bbc" ] || { echo "install-desktop: $bbc: no such command" >&2; exit 1; }

for file in share/mime/packages/bbc.xml share/thumbnailers/bbc.thumbnailer share/applications/bbc.desktop; do
    mkdir -p "$prefix/$(dirname $file)"
    sed -e "s#^TryExec=bbc\$#TryExec=$bbc#" -e "/^Exec=/s#\\bbbc \\(thumbnail\\|decompress\\)#$bbc \\1#" "$root/$file" >"$prefix/$file"
    echo "$prefix/$file"
done
# Where these programs are missing, there is no desktop that would ask, or it finds the files by itself.
if command -v update-mime-database >/dev/null; then update-mime-database "$prefix/share/mime"; fi
if command -v update-desktop-database >/dev/null; then update-desktop-database -q "$prefix/share/applications"; fi
