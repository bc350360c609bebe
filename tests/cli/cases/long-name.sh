# A name as long as a file system allows leaves no room for a longer temporary one.
name=$(python -c 'print("n" * 251)')
picture 5 4 > "$name.png"
bbc compress "$name.png"
bbc verify "$name.bbc"
name=$(python -c 'print("\u20ac" * 83)')
picture 5 4 > "$name.png"
bbc compress "$name.png"
bbc verify "$name.bbc"
