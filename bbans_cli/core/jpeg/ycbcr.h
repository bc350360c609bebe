/* The integers of YCbCr to RGB, for ycbcr.c and inversion_colour.c. */
#ifndef BBC_YCBCR_H
#define BBC_YCBCR_H

/* Factors of T.871 with 16 fractional bits, rounded. */
enum { HALF = 1 << 15, CR_RED = 91881, CB_GREEN = 22554, CR_GREEN = 46802, CB_BLUE = 116130 };

static inline int green_of(int cb, int cr) { return (-CB_GREEN * (cb - 128) - CR_GREEN * (cr - 128) + HALF) >> 16; }

static inline int clamp(int x) { return x < 0 ? 0 : x > 255 ? 255 : x; }

/* What a chroma adds to Y to give red or blue, ascending, and the first chroma, up to 256, that adds at least
 * d - 255. */
typedef struct {
    int offset[256];
    int first[512];
} chroma;

static inline void chroma_table(chroma *table, int factor)
{
    for (int c = 0, d = -255; c <= 256; c++) {
        if (c < 256) table->offset[c] = (factor * (c - 128) + HALF) >> 16;
        while (d <= 256 && (c == 256 || table->offset[c] >= d)) table->first[d++ + 255] = c;
    }
}

#endif
