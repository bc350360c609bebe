"""Names and suffixes of picture formats. Imports nothing, so that the command's start can read it."""

# Output formats by name; the suffixes that choose them.
FORMATS = ("png", "ppm", "pgm", "pbm", "pam", "tiff", "webp", "bmp")
# What `bbc meta` reads and changes.
METADATA_SUFFIXES = {"icc": ".icc", "exif": ".exif", "xmp": ".xmp", "text": ".txt", "preview": ".webp"}
METADATA_NAMES = tuple(METADATA_SUFFIXES)
# What PNG has room for: the depths of each mode.
PNG_DEPTHS = {
    "grey": (1, 2, 4, 8, 16),
    "rgb": (8, 16),
    "palette": (1, 2, 4, 8),
    "grey+alpha": (8, 16),
    "rgba": (8, 16),
}
WRITE_SUFFIXES = {f".{name}": name for name in FORMATS} | {".tif": "tiff", ".pnm": "ppm", ".dib": "bmp"}
# The level of zlib-ng in PNG and TIFF files. On samples/roman-colosseum.png level 6 takes half as long again for 1 %
# less, and level 6 of zlib, which others take, five times as long for 1.5 % less.
DEFLATE_LEVEL = 4
# A picture format that is read and not written.
GIF_SUFFIX = ".gif"
# Not a format that pictures are written in: it stands for the JPEG file that a .bbc file holds.
JPEG = "jpg"
# Files that come back byte for byte; the first one is for standard input, which has no name.
JPEG_SUFFIXES = (".jpg", ".jpeg", ".jpe", ".jfif")
# By suffix, what thumbnails are written as.
THUMBNAIL_SUFFIXES = {".png": "png", ".webp": "webp"} | dict.fromkeys(JPEG_SUFFIXES, JPEG)
# Formats that lose something, whose pixels are taken only on request.
LOSSY_SUFFIXES = (".avif", ".heic", ".heif")
