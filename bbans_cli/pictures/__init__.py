"""Files of other formats <-> pictures. A file's content tells its format, never its name.

    png     png_read.py, png_write.py, chunks.py
    pnm     PBM, PGM, PPM, PAM: pnm.py
    tiff    tiff_read.py, tiff_write.py; tiff_pages.py finds the picture; tiff_tags.py, tiff_metadata.py: the tags;
            Pillow's libtiff does the decompression alone
    bmp     bmp_read.py; written by Pillow
    gif     gif_read.py, of one picture
    webp, and JPEG and AVIF on request: pillow_files.py; further_segments.py names what Pillow drops

Whatever cannot be read in full (depth, channels, frames) is refused and never converted.

PNG and PNM are read and written here, since no library at hand keeps all of them. Pillow narrows 16-bit colour to 8
bits, and drops the order of chunks and those that it does not know; imagecodecs expands palettes; pypng keeps all, but
is pure Python: the tests have it as an independent reader.
"""
