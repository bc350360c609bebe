"""Files of other formats <-> pictures. A file's content tells its format, never its name.

    png     own chunk reading and writing (png_read.py, png_write.py, chunks.py), every mode and depth
    pnm     PBM, PGM, PPM, PAM (pnm.py)
    tiff    own reading of tags, Pillow's libtiff for the decompression alone (tiff_read.py, tiff_write.py)
    bmp, webp, and JPEG and AVIF on request: Pillow (pillow_files.py)

Whatever cannot be read in full (depth, channels, frames) is refused and never converted.
"""
