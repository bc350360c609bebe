# What is not kept is named in one warning; metadata is kept unless --strip drops it.
picture 5 4 > plain.png
python - <<'END'
from PIL import Image, PngImagePlugin
text = PngImagePlugin.PngInfo()
text.add_text("Author", "somebody")
Image.open("plain.png").save("a.png", pnginfo=text, dpi=(300, 300))
open("b.png", "wb").write(open("a.png", "rb").read() + b"more")
END
bbc compress a.png b.png
bbc info a.bbc | sed 's/.*with/with/'
bbc compress --strip b.png -o c.bbc
bbc info c.bbc | grep -c with || true
bbc decompress a.bbc -o d.png
python -c 'from PIL import Image; print(Image.open("d.png").text)'
bbc decompress --strip a.bbc -o e.png
python -c 'from PIL import Image; print(Image.open("e.png").text)'
bbc decompress a.bbc -o a.ppm
bbc decompress -q a.bbc -f -o a.ppm
bbc decompress --strip a.bbc -f -o a.ppm
