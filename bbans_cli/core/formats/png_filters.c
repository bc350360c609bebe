#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "png_filters.cdef.h"

/* The neighbour (left a, above b, left above c) nearest to a + b - c; ties go to a, then b. */
static uint8_t paeth(uint8_t a, uint8_t b, uint8_t c)
{
    int pa = b - c, pb = a - c, pc = pa + pb;
    pa = pa < 0 ? -pa : pa;
    pb = pb < 0 ? -pb : pb;
    pc = pc < 0 ? -pc : pc;
    return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

/* What `filter` predicts for byte i of a row; `above` may be NULL. */
static inline uint8_t predict(int filter, const uint8_t *row, const uint8_t *above, size_t i, size_t bpp)
{
    uint8_t a = i < bpp ? 0 : row[i - bpp];
    uint8_t b = above ? above[i] : 0;
    uint8_t c = i < bpp || !above ? 0 : above[i - bpp];
    switch (filter) {
    case 1: return a;
    case 2: return b;
    case 3: return (uint8_t)((a + b) >> 1);
    case 4: return paeth(a, b, c);
    default: return 0;
    }
}

int bbc_png_unfilter(uint8_t *data, size_t rows, size_t row_bytes, size_t bpp, int has_above)
{
    for (size_t r = 0; r < rows; r++) {
        uint8_t *row = data + r * (row_bytes + 1) + 1;
        const uint8_t *above = r || has_above ? row - row_bytes - 1 : NULL;
        int filter = row[-1];
        if (filter > 4) return -1;
        /* One loop for each filter, so that the compiler drops the switch from it. */
#define UNDO(f) \
    case f: \
        for (size_t i = 0; i < row_bytes; i++) row[i] = (uint8_t)(row[i] + predict(f, row, above, i, bpp)); \
        break
        switch (filter) {
            UNDO(1);
            UNDO(2);
            UNDO(3);
            UNDO(4);
        }
#undef UNDO
    }
    return 0;
}

void bbc_png_filter(const uint8_t *rows_in, const uint8_t *above, uint8_t *out, size_t rows, size_t row_bytes,
                    size_t bpp)
{
    for (size_t r = 0; r < rows; r++) {
        const uint8_t *row = rows_in + r * row_bytes;
        uint8_t *target = out + r * (row_bytes + 1);
        uint64_t sums[5], sum;
        int best = 0;
#define SUM(f) \
    sum = 0; \
    for (size_t i = 0; i < row_bytes; i++) { \
        uint8_t d = (uint8_t)(row[i] - predict(f, row, above, i, bpp)); \
        sum += d < 128 ? d : 256u - d; \
    } \
    sums[f] = sum
        SUM(0);
        SUM(1);
        SUM(2);
        SUM(3);
        SUM(4);
#undef SUM
        for (int f = 1; f < 5; f++)
            if (sums[f] < sums[best]) best = f;
        target[0] = (uint8_t)best;
        for (size_t i = 0; i < row_bytes; i++) target[1 + i] = (uint8_t)(row[i] - predict(best, row, above, i, bpp));
        above = row;
    }
}
