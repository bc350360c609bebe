/* Sizes of the local least squares, and where their sums lie. */
#ifndef BBC_LOCAL_LS_SHAPE_H
#define BBC_LOCAL_LS_SHAPE_H

#include <stddef.h>
#include <stdint.h>

enum {
    LOCAL_LS_BLOCK = 4, /* pixels of a row: the wavefront's skew, so that all blocks of a wave begin in the same step */
    LOCAL_LS_NEIGHBOURS = 6,
    LOCAL_LS_INPUTS = 3 * LOCAL_LS_NEIGHBOURS,
    LOCAL_LS_ORDER = LOCAL_LS_INPUTS + 3,
    LOCAL_LS_PRODUCTS = LOCAL_LS_ORDER * (LOCAL_LS_ORDER + 1) / 2,
    LOCAL_LS_COUNT = LOCAL_LS_PRODUCTS, /* the row of moments that counts pixels */
    LOCAL_LS_MOMENTS = LOCAL_LS_PRODUCTS + 1,
    LOCAL_LS_FACTOR = LOCAL_LS_PRODUCTS + 3, /* rows of a factor: its elements, log deviations */
    LOCAL_LS_LANES = 16,
    LOCAL_LS_PAD = 16 /* empty columns at either side: the window's three, and whole lanes */
};

/* Arrays of rows of `stride` floats; block 0 is at column LOCAL_LS_PAD. All begin as zeros. */
typedef struct {
    int32_t width; /* of the picture, pixels */
    ptrdiff_t stride;
    float *moments; /* (MOMENTS, stride): sums of products over the rows that are known in each column */
    float *factor;  /* (FACTOR, stride): of the blocks of the present wave; diagonal elements inverted */
    float *vector;  /* (CELL, ORDER, stride): of the pixels of the present wave */
} local_ls;

static inline ptrdiff_t local_ls_stride(int32_t width)
{
    return ((ptrdiff_t)(width + LOCAL_LS_BLOCK - 1) / LOCAL_LS_BLOCK + LOCAL_LS_LANES - 1) / LOCAL_LS_LANES *
               LOCAL_LS_LANES +
           2 * LOCAL_LS_PAD;
}

/* Cells [from, to) of wave `wave` among rows [first_row, last_row), by column; the row of a block is wave - column. */
static inline void local_ls_wave(int32_t width, int32_t first_row, int32_t last_row, int32_t wave, int *from, int *to)
{
    int low = wave - (last_row - 1), high = wave - first_row, last = (width - 1) / LOCAL_LS_BLOCK;
    *from = low > 0 ? low : 0;
    *to = (high < last ? high : last) + 1;
}

#endif
