#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "inversion.cdef.h"
#include "ycbcr.h"

typedef struct {
    int low, high;
} span;

typedef struct {
    chroma red, blue;
} tables;

static const span NONE = {256, -1};

static span common(span a, span b) { return (span){a.low > b.low ? a.low : b.low, a.high < b.high ? a.high : b.high}; }

static void widen(span *a, span b)
{
    if (b.low < a->low) a->low = b.low;
    if (b.high > a->high) a->high = b.high;
}

/* The chromas that give `value` with this luma. */
static span that_give(const chroma *table, int value, int luma)
{
    return (span){
        value == 0 ? 0 : table->first[value - luma + 255],
        value == 255 ? 255 : table->first[value - luma + 256] - 1,
    };
}

static int floor_divided(int x, int by) { return x >= 0 ? x / by : -((by - 1 - x) / by); }

/* The chromas of factor `by` that, with some of the others' part of green, in `other`, give a green of `want`. */
static span for_green(span want, span other, int by)
{
    span all = {0, 255};
    if (want.low > -256) all.high = 128 + floor_divided(HALF - other.low - want.low * 65536, by);
    if (want.high < 511) all.low = 129 + floor_divided(HALF - other.high - (want.high + 1) * 65536, by);
    return all;
}

static span times(span a, int by) { return (span){by * (a.low - 128), by * (a.high - 128)}; }

/* Adds to `out` what Y, Cb, Cr within `in` make the colour with this luma. */
static void with_luma(const tables *t, const uint8_t *rgb, int luma, const span *in, span *out)
{
    span cr = common(in[2], that_give(&t->red, rgb[0], luma));
    span cb = common(in[1], that_give(&t->blue, rgb[2], luma));
    if (cr.low > cr.high || cb.low > cb.high) return;
    span green = {rgb[1] ? rgb[1] - luma : -256, rgb[1] < 255 ? rgb[1] - luma : 511};
    span by_cb = common(cb, for_green(green, times(cr, CR_GREEN), CB_GREEN));
    span by_cr = common(cr, for_green(green, times(cb, CB_GREEN), CR_GREEN));
    if (by_cb.low > by_cb.high || by_cr.low > by_cr.high) return;
    widen(out, (span){luma, luma});
    widen(out + 1, by_cb);
    widen(out + 2, by_cr);
}

/* Where nothing was clipped Y is as far from the weighted mean of the colour as roundings take it. */
static span lumas(const uint8_t *rgb, span in)
{
    for (int c = 0; c < 3; c++)
        if (rgb[c] == 0 || rgb[c] == 255) return in;
    int mean = (19595 * rgb[0] + 38470 * rgb[1] + 7471 * rgb[2] + HALF) >> 16;
    return common(in, (span){mean - 3, mean + 3});
}

void bbc_recover_ranges(int64_t n, int64_t plane, const uint8_t *rgb, uint8_t *low, uint8_t *high)
{
    tables t;
    span last[3] = {NONE, NONE, NONE}, found[3] = {NONE, NONE, NONE};
    chroma_table(&t.red, CR_RED);
    chroma_table(&t.blue, CB_BLUE);
    for (int64_t i = 0; i < n; i++) {
        span in[3];
        for (int c = 0; c < 3; c++) in[c] = (span){low[c * plane + i], high[c * plane + i]};
        if (!i || memcmp(rgb + 3 * i, rgb + 3 * i - 3, 3) || memcmp(in, last, sizeof in)) {
            memcpy(last, in, sizeof in);
            found[0] = found[1] = found[2] = NONE;
            span y = lumas(rgb + 3 * i, in[0]);
            for (int luma = y.low; luma <= y.high; luma++) with_luma(&t, rgb + 3 * i, luma, in, found);
        }
        for (int c = 0; c < 3 && found[0].high >= 0; c++) {
            low[c * plane + i] = (uint8_t)found[c].low;
            high[c * plane + i] = (uint8_t)found[c].high;
        }
    }
}
