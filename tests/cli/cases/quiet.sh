# -q drops warnings, -qq errors too; the exit status stays.
picture 5 4 > a.png
export BBC_THREADS=lots
bbc compress -f a.png
bbc compress -f -q a.png
bbc compress -q missing.png || echo "$?"
bbc compress -qq missing.png || echo "$?"
bbc compress -q --quiet missing.png || echo "$?"
BBC_THREADS=2 bbc compress -f a.png
