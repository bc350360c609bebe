"""Files of other formats <-> pictures. A file's content tells its format, never its name.

    png     png_read.py, png_write.py, chunks.py
    pnm     PBM, PGM, PPM, PAM: pnm.py
    tiff    tiff_read.py, tiff_write.py: the tags; Pillow's libtiff does the decompression alone
    bmp, webp, and JPEG and AVIF on request: pillow_files.py

Whatever cannot be read in full (depth, channels, frames) is refused and never converted.

PNG and PNM are read and written here, since no library at hand keeps all of them. Pillow narrows 16-bit colour to 8
bits, and drops the order of chunks and those that it does not know; imagecodecs expands palettes; pypng keeps all, but
is pure Python: the tests have it as an independent reader.
"""
