/* Sizes of the local least squares, and where their sums lie. */
#ifndef BBC_REGRESSION_SHAPE_H
#define BBC_REGRESSION_SHAPE_H

#include <stddef.h>
#include <stdint.h>

enum {
    REGRESSION_CELL = 4, /* pixels of a row: the wavefront's skew, so that all cells of a wave begin in the same step */
    REGRESSION_NEIGHBOURS = 6,
    REGRESSION_INPUTS = 3 * REGRESSION_NEIGHBOURS,
    REGRESSION_ORDER = REGRESSION_INPUTS + 3,
    REGRESSION_PRODUCTS = REGRESSION_ORDER * (REGRESSION_ORDER + 1) / 2,
    REGRESSION_COUNT = REGRESSION_PRODUCTS, /* the row of moments that counts pixels */
    REGRESSION_MOMENTS = REGRESSION_PRODUCTS + 1,
    REGRESSION_FACTOR = REGRESSION_PRODUCTS + 3, /* rows of a factor: its elements, log deviations */
    REGRESSION_LANES = 16,
    REGRESSION_PAD = 16 /* empty columns at either side: the window's three, and whole lanes */
};

/* Arrays of rows of `stride` floats; cell 0 is at column REGRESSION_PAD. All begin as zeros. */
typedef struct {
    int32_t width; /* of the picture, pixels */
    ptrdiff_t stride;
    float *moments; /* (MOMENTS, stride): sums of products over the rows that are known in each column */
    float *factor;  /* (FACTOR, stride): of the cells of the present wave; diagonal elements inverted */
    float *vector;  /* (CELL, ORDER, stride): of the pixels of the present wave */
} regression;

static inline ptrdiff_t regression_stride(int32_t width)
{
    return ((ptrdiff_t)(width + REGRESSION_CELL - 1) / REGRESSION_CELL + REGRESSION_LANES - 1) / REGRESSION_LANES *
               REGRESSION_LANES +
           2 * REGRESSION_PAD;
}

/* Cells [from, to) of wave `wave` among rows [first_row, last_row), by column; the row of a cell is wave - column. */
static inline void regression_wave(int32_t width, int32_t first_row, int32_t last_row, int32_t wave, int *from, int *to)
{
    int low = wave - (last_row - 1), high = wave - first_row, last = (width - 1) / REGRESSION_CELL;
    *from = low > 0 ? low : 0;
    *to = (high < last ? high : last) + 1;
}

#endif
