/* YCbCr to RGB in integers (JFIF; ITU-T T.871), as libjpeg computes it: for ycbcr.c and inversion_colour.c. */
#ifndef BBC_YCBCR_H
#define BBC_YCBCR_H

/* The factors of T.871 with 16 fractional bits, rounded, and one half in these bits. */
enum {
    YCBCR_HALF = 1 << 15,
    YCBCR_CR_RED = 91881,
    YCBCR_CB_GREEN = 22554,
    YCBCR_CR_GREEN = 46802,
    YCBCR_CB_BLUE = 116130,
};
/* Y of R, G, B */
enum { YCBCR_RED_Y = 19595, YCBCR_GREEN_Y = 38470, YCBCR_BLUE_Y = 7471 };

/* What the chromas add to Y to give green */
static inline int ycbcr_green(int cb, int cr)
{
    return (-YCBCR_CB_GREEN * (cb - 128) - YCBCR_CR_GREEN * (cr - 128) + YCBCR_HALF) >> 16;
}

static inline int ycbcr_luma(const unsigned char *rgb)
{
    return (YCBCR_RED_Y * rgb[0] + YCBCR_GREEN_Y * rgb[1] + YCBCR_BLUE_Y * rgb[2] + YCBCR_HALF) >> 16;
}

static inline int ycbcr_clamp(int x) { return x < 0 ? 0 : x > 255 ? 255 : x; }

/* offset: what a chroma adds to Y to give red (or blue), ascending; first[255 + d], d = -255 to 256: the first chroma,
 * up to 256, that adds at least d. */
typedef struct {
    int offset[256];
    int first[512];
} ycbcr_chroma;

static inline void ycbcr_chroma_fill(ycbcr_chroma *table, int factor)
{
    for (int c = 0, d = -255; c <= 256; c++) {
        if (c < 256) table->offset[c] = (factor * (c - 128) + YCBCR_HALF) >> 16;
        while (d <= 256 && (c == 256 || table->offset[c] >= d)) table->first[d++ + 255] = c;
    }
}

#endif
