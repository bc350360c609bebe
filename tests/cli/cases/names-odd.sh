# Names with spaces, newlines, quotes, control characters, leading dashes, and bytes that are not UTF-8.
picture 5 4 > a.png
for name in 'two words' "$(printf 'line\nbreak')" "$(printf 'bell\a')" 'quote"' '-dash' '--' 'ü' '$HOME'; do
    mv ./*.png "./$name.png"
    bbc compress -- "$name.png"
    test -e "./$name.bbc"
    rm -- "$name.png"
    bbc decompress -- "$name.bbc"
    rm -- "$name.bbc"
    bbc compress -- "$name.png" "$name.missing" || echo "$?"
    rm -- "$name.bbc"
done
name=$(printf 'latin\351')
mv ./*.png "$name.png" 2>/dev/null || exit 0
bbc compress "$name.png"
bbc compress "$name.png" || echo "$?"
bbc compress --json -f "$name.png" | python -c 'import json, os, sys; print(os.fsencode(json.load(sys.stdin)["output"]))'
