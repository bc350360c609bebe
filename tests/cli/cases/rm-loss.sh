# --rm keeps an input of which the output lacks something, and says so; --rm-anyway removes it all the same.
picture 5 4 > plain.png
python - <<'END'
from PIL import Image, PngImagePlugin
text = PngImagePlugin.PngInfo()
text.add_text("Author", "somebody")
Image.open("plain.png").save("a.png", pnginfo=text)
open("b.png", "wb").write(open("plain.png", "rb").read() + b"more")
END
bbc compress --rm b.png || echo "$?"
bbc compress --rm -f --json b.png 2>/dev/null | grep -o '"code": "[a-z-]*"'
bbc compress --rm -f --strip a.png || echo "$?"
bbc compress --rm -f a.png
bbc decompress --rm -o a.ppm a.bbc || echo "$?"
bbc decompress --rm --strip a.bbc || echo "$?"
ls
bbc compress --rm-anyway -f -q b.png
bbc compress --rm-anyway --strip plain.png
bbc decompress --rm-anyway -f -o a.ppm a.bbc
bbc compress --rm-anyway --no-verify a.png || echo "$?"
ls
