"""Names and suffixes of picture formats. Imports nothing, so that the command's start can read it."""

# Output formats by name; the suffixes that choose them.
FORMATS = ("png", "ppm", "pgm", "pbm", "pam", "tiff", "webp", "bmp")
WRITE_SUFFIXES = {f".{name}": name for name in FORMATS} | {".tif": "tiff", ".pnm": "ppm", ".dib": "bmp"}
# Not a format that pictures are written in: it stands for the JPEG file that a .bbc file holds.
JPEG = "jpg"
# Files that come back byte for byte; the first one is for standard input, which has no name.
JPEG_SUFFIXES = (".jpg", ".jpeg", ".jpe", ".jfif")
# Formats that lose something, whose pixels are taken only on request.
LOSSY_SUFFIXES = (".avif", ".heic", ".heif")
