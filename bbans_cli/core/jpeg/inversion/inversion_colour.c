/* The ranges of Y, Cb, Cr that a pixel R, G, B may come from: one triple, unless a colour was clipped. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "inversion.cdef.h"
#include "ycbcr.h"

typedef struct {
    int low, high;
} inversion_range;

typedef struct {
    ycbcr_chroma red, blue;
} inversion_chromas;

static const inversion_range INVERSION_EMPTY = {256, -1};

static inversion_range inversion_intersect(inversion_range a, inversion_range b)
{
    return (inversion_range){a.low > b.low ? a.low : b.low, a.high < b.high ? a.high : b.high};
}

static void inversion_widen(inversion_range *a, inversion_range b)
{
    if (b.low < a->low) a->low = b.low;
    if (b.high > a->high) a->high = b.high;
}

/* The chromas that give a red or blue of `value` with this luma; 0 and 255 are clipped, and have more. */
static inversion_range inversion_chromas_for(const ycbcr_chroma *table, int value, int luma)
{
    return (inversion_range){
        value == 0 ? 0 : table->first[value - luma + 255],
        value == 255 ? 255 : table->first[value - luma + 256] - 1,
    };
}

static int inversion_floor_divide(int x, int by) { return x >= 0 ? x / by : -((by - 1 - x) / by); }

/* The chromas that give a green, less Y, in `want`: their part of it is `by` times the chroma, that of the other chroma
 * is some number in `other`. */
static inversion_range inversion_for_green(inversion_range want, inversion_range other, int by)
{
    inversion_range all = {0, 255};
    if (want.low > -256) all.high = 128 + inversion_floor_divide(YCBCR_HALF - other.low - want.low * 65536, by);
    if (want.high < 511) all.low = 129 + inversion_floor_divide(YCBCR_HALF - other.high - (want.high + 1) * 65536, by);
    return all;
}

static inversion_range inversion_scaled(inversion_range a, int by)
{
    return (inversion_range){by * (a.low - 128), by * (a.high - 128)};
}

/* Widens the ranges `out` by the Y, Cb, Cr within `in` that give the colour with this luma. */
static void inversion_with_luma(const inversion_chromas *t, const uint8_t *rgb, int luma, const inversion_range *in,
                                inversion_range *out)
{
    inversion_range cr = inversion_intersect(in[2], inversion_chromas_for(&t->red, rgb[0], luma));
    inversion_range cb = inversion_intersect(in[1], inversion_chromas_for(&t->blue, rgb[2], luma));
    if (cr.low > cr.high || cb.low > cb.high) return;
    inversion_range green = {rgb[1] ? rgb[1] - luma : -256, rgb[1] < 255 ? rgb[1] - luma : 511};
    inversion_range by_cb =
        inversion_intersect(cb, inversion_for_green(green, inversion_scaled(cr, YCBCR_CR_GREEN), YCBCR_CB_GREEN));
    inversion_range by_cr =
        inversion_intersect(cr, inversion_for_green(green, inversion_scaled(cb, YCBCR_CB_GREEN), YCBCR_CR_GREEN));
    if (by_cb.low > by_cb.high || by_cr.low > by_cr.high) return;
    inversion_widen(out, (inversion_range){luma, luma});
    inversion_widen(out + 1, by_cb);
    inversion_widen(out + 2, by_cr);
}

/* Y, from the colour: where nothing was clipped, roundings take it at most 3 from the weighted mean of T.871. */
static inversion_range inversion_lumas(const uint8_t *rgb, inversion_range in)
{
    for (int c = 0; c < 3; c++)
        if (rgb[c] == 0 || rgb[c] == 255) return in;
    int mean = ycbcr_luma(rgb);
    return inversion_intersect(in, (inversion_range){mean - 3, mean + 3});
}

void bbc_inversion_ranges(int64_t n, int64_t plane, const uint8_t *rgb, uint8_t *low, uint8_t *high)
{
    inversion_chromas t;
    inversion_range last[3] = {INVERSION_EMPTY, INVERSION_EMPTY, INVERSION_EMPTY},
                    found[3] = {INVERSION_EMPTY, INVERSION_EMPTY, INVERSION_EMPTY};
    ycbcr_chroma_fill(&t.red, YCBCR_CR_RED);
    ycbcr_chroma_fill(&t.blue, YCBCR_CB_BLUE);
    for (int64_t i = 0; i < n; i++) {
        inversion_range in[3];
        for (int c = 0; c < 3; c++) in[c] = (inversion_range){low[c * plane + i], high[c * plane + i]};
        if (!i || memcmp(rgb + 3 * i, rgb + 3 * i - 3, 3) || memcmp(in, last, sizeof in)) {
            memcpy(last, in, sizeof in);
            found[0] = found[1] = found[2] = INVERSION_EMPTY;
            inversion_range y = inversion_lumas(rgb + 3 * i, in[0]);
            for (int luma = y.low; luma <= y.high; luma++) inversion_with_luma(&t, rgb + 3 * i, luma, in, found);
        }
        for (int c = 0; c < 3 && found[0].high >= 0; c++) {
            low[c * plane + i] = (uint8_t)found[c].low;
            high[c * plane + i] = (uint8_t)found[c].high;
        }
    }
}
