/* The scanline filters of PNG: png_filters.cdef.h says what the functions take. */
#include <stddef.h>
#include <stdint.h>

#include "png_filters.cdef.h"

/* Numbers of the filters (W3C PNG specification, table 9.1). */
enum {
    PNG_FILTERS_NONE,
    PNG_FILTERS_SUB,
    PNG_FILTERS_UP,
    PNG_FILTERS_AVERAGE,
    PNG_FILTERS_PAETH,
    PNG_FILTERS_COUNT,
};

/* Functions of a row are inlined where the filter is a constant, so that each filter gets a loop without a switch. */
#define PNG_FILTERS_INLINE static inline __attribute__((always_inline))

/* The neighbour (left a, above b, left above c) nearest to a + b - c; ties go to a, then b. */
static uint8_t png_filters_paeth(uint8_t a, uint8_t b, uint8_t c)
{
    int pa = b - c, pb = a - c, pc = pa + pb;
    pa = pa < 0 ? -pa : pa;
    pb = pb < 0 ? -pb : pb;
    pc = pc < 0 ? -pc : pc;
    return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

/* The prediction of `filter` for byte i of a row; `above` may be NULL. */
PNG_FILTERS_INLINE uint8_t png_filters_predict(int filter, const uint8_t *row, const uint8_t *above, size_t i,
                                               size_t bpp)
{
    uint8_t a = i < bpp ? 0 : row[i - bpp];
    uint8_t b = above ? above[i] : 0;
    uint8_t c = i < bpp || !above ? 0 : above[i - bpp];
    switch (filter) {
    case PNG_FILTERS_SUB: return a;
    case PNG_FILTERS_UP: return b;
    case PNG_FILTERS_AVERAGE: return (uint8_t)((a + b) >> 1);
    case PNG_FILTERS_PAETH: return png_filters_paeth(a, b, c);
    default: return 0;
    }
}

PNG_FILTERS_INLINE void png_filters_undo(int filter, uint8_t *row, const uint8_t *above, size_t row_bytes, size_t bpp)
{
    for (size_t i = 0; i < row_bytes; i++) row[i] = (uint8_t)(row[i] + png_filters_predict(filter, row, above, i, bpp));
}

/* The sum of absolute values of the filtered bytes, read as signed. */
PNG_FILTERS_INLINE uint64_t png_filters_cost(int filter, const uint8_t *row, const uint8_t *above, size_t row_bytes,
                                             size_t bpp)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < row_bytes; i++) {
        uint8_t d = (uint8_t)(row[i] - png_filters_predict(filter, row, above, i, bpp));
        sum += d < 128 ? d : 256u - d;
    }
    return sum;
}

int bbc_png_filters_undo(uint8_t *data, size_t rows, size_t row_bytes, size_t bpp, int has_above)
{
    for (size_t r = 0; r < rows; r++) {
        uint8_t *row = data + r * (row_bytes + 1) + 1;
        const uint8_t *above = r || has_above ? row - row_bytes - 1 : NULL;
        switch (row[-1]) {
        case PNG_FILTERS_NONE: break;
        case PNG_FILTERS_SUB: png_filters_undo(PNG_FILTERS_SUB, row, above, row_bytes, bpp); break;
        case PNG_FILTERS_UP: png_filters_undo(PNG_FILTERS_UP, row, above, row_bytes, bpp); break;
        case PNG_FILTERS_AVERAGE: png_filters_undo(PNG_FILTERS_AVERAGE, row, above, row_bytes, bpp); break;
        case PNG_FILTERS_PAETH: png_filters_undo(PNG_FILTERS_PAETH, row, above, row_bytes, bpp); break;
        default: return -1;
        }
    }
    return 0;
}

/* The number of the filter whose output has the smallest cost. */
static int png_filters_cheapest(const uint8_t *row, const uint8_t *above, size_t row_bytes, size_t bpp)
{
    const uint64_t costs[PNG_FILTERS_COUNT] = {
        png_filters_cost(PNG_FILTERS_NONE, row, above, row_bytes, bpp),
        png_filters_cost(PNG_FILTERS_SUB, row, above, row_bytes, bpp),
        png_filters_cost(PNG_FILTERS_UP, row, above, row_bytes, bpp),
        png_filters_cost(PNG_FILTERS_AVERAGE, row, above, row_bytes, bpp),
        png_filters_cost(PNG_FILTERS_PAETH, row, above, row_bytes, bpp),
    };
    int best = 0;
    for (int filter = 1; filter < PNG_FILTERS_COUNT; filter++)
        if (costs[filter] < costs[best]) best = filter;
    return best;
}

PNG_FILTERS_INLINE void png_filters_filter(int filter, const uint8_t *row, const uint8_t *above, uint8_t *target,
                                           size_t row_bytes, size_t bpp)
{
    target[0] = (uint8_t)filter;
    for (size_t i = 0; i < row_bytes; i++)
        target[1 + i] = (uint8_t)(row[i] - png_filters_predict(filter, row, above, i, bpp));
}

int bbc_png_filters_apply(const uint8_t *rows_in, const uint8_t *above, const uint8_t *filters, uint8_t *out,
                          size_t rows, size_t row_bytes, size_t bpp)
{
    for (size_t r = 0; r < rows; r++) {
        const uint8_t *row = rows_in + r * row_bytes;
        uint8_t *target = out + r * (row_bytes + 1);
        switch (filters ? filters[r] : png_filters_cheapest(row, above, row_bytes, bpp)) {
        case PNG_FILTERS_NONE: png_filters_filter(PNG_FILTERS_NONE, row, above, target, row_bytes, bpp); break;
        case PNG_FILTERS_SUB: png_filters_filter(PNG_FILTERS_SUB, row, above, target, row_bytes, bpp); break;
        case PNG_FILTERS_UP: png_filters_filter(PNG_FILTERS_UP, row, above, target, row_bytes, bpp); break;
        case PNG_FILTERS_AVERAGE: png_filters_filter(PNG_FILTERS_AVERAGE, row, above, target, row_bytes, bpp); break;
        case PNG_FILTERS_PAETH: png_filters_filter(PNG_FILTERS_PAETH, row, above, target, row_bytes, bpp); break;
        default: return -1;
        }
        above = row;
    }
    return 0;
}
