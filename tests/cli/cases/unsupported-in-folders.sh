# -r: a file of a suffix that is taken, whose content is not supported, fails with a line; all others are done.
mkdir d
picture 5 4 > d/a.png
python -c '
from PIL import Image
pages = [Image.new("RGB", (8, 8 + page), (90 * page, 0, 0)) for page in range(3)]
pages[0].save("d/dance.gif", save_all=True, append_images=pages[1:])
pages[0].save("d/pages.tif", save_all=True, append_images=pages[1:])
Image.new("F", (8, 8)).save("d/float.tif")
pages[0].save("d/film.webp", save_all=True, append_images=[pages[0].rotate(180, fillcolor="red"), Image.new("RGB", (8, 8), "blue")], lossless=True)'
bbc compress -r --rm -j 1 d || echo "$?"
ls d
bbc compress -r -f --json -qq d | grep -o '"code": "[a-z-]*"' | sort
