# Closed and broken standard streams.
picture 40 30 > a.png
bbc compress a.png
bbc compress -c a.png >&- || echo "$?"
bbc decompress -c a.bbc 2>/dev/null >&- || echo "$?"
bbc compress -f a.png 2>&-
bbc compress missing.png 2>&- || echo "$?"
bbc verify a.bbc
bbc compress <&- || echo "$?"
bbc compress -f a.png <&- >&- 2>&-
bbc verify a.bbc
for verb in info "info --json" "verify --json" "decompress -n -f" --version; do
    case $verb in --*) bbc $verb >&- || echo "$?" ;; *) bbc $verb a.bbc >&- || echo "$?" ;; esac
done
bbc verify a.bbc >&-
# Nobody reads: the command dies of SIGPIPE, in silence, as others do.
{ code=0; bbc decompress -c --format ppm a.bbc || code=$?; echo "$code" >&2; } | true
{ code=0; bbc info --json a.bbc a.bbc || code=$?; echo "$code" >&2; } | true
