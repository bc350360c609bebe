/* Sizes of the local least squares, and where their sums lie. */
#ifndef BBC_LOCAL_LS_TYPES_H
#define BBC_LOCAL_LS_TYPES_H

#include <stddef.h>
#include <stdint.h>

enum {
    LOCAL_LS_BLOCK =
        4, /* pixels beside each other that share a factor: the skew, so that a wave's blocks begin together */
    LOCAL_LS_NEIGHBOURS = 6,
    LOCAL_LS_INPUTS = 3 * LOCAL_LS_NEIGHBOURS,
    LOCAL_LS_ORDER = LOCAL_LS_INPUTS + 3,
    LOCAL_LS_PRODUCTS = LOCAL_LS_ORDER * (LOCAL_LS_ORDER + 1) / 2,
    LOCAL_LS_COUNT = LOCAL_LS_PRODUCTS, /* the row of moments that counts pixels */
    LOCAL_LS_MOMENTS = LOCAL_LS_PRODUCTS + 1,
    LOCAL_LS_FACTOR = LOCAL_LS_PRODUCTS + 3, /* rows of a factor: its elements, half_log_sigma of 3 channels */
    LOCAL_LS_LANES = 16,
    LOCAL_LS_PAD = 16 /* empty columns at either side: the window's three, and whole vectors */
};

/* Arrays of rows of `stride` floats; block 0 of a row of pixels is at column LOCAL_LS_PAD. All begin as zeros. */
typedef struct {
    int32_t width; /* of the picture, pixels */
    ptrdiff_t stride;
    float *moments; /* (MOMENTS, stride): sums of products over the rows that are known in each column */
    float *factor;  /* (FACTOR, stride): of the blocks of the present wave; diagonal elements inverted */
    float *vector;  /* (BLOCK, ORDER, stride): of the pixels of the present wave */
} local_ls;

static inline ptrdiff_t local_ls_stride(int32_t width)
{
    const ptrdiff_t blocks = ((ptrdiff_t)width + LOCAL_LS_BLOCK - 1) / LOCAL_LS_BLOCK;
    return (blocks + LOCAL_LS_LANES - 1) / LOCAL_LS_LANES * LOCAL_LS_LANES + 2 * LOCAL_LS_PAD;
}

/* Blocks [from, to) of wave `wave` among rows [first_row, last_row), by column; the row of a block is wave - column. */
static inline void local_ls_wave(int32_t width, int32_t first_row, int32_t last_row, int32_t wave, int *from, int *to)
{
    int low = wave - (last_row - 1), high = wave - first_row, last = (width - 1) / LOCAL_LS_BLOCK;
    *from = low > 0 ? low : 0;
    *to = (high < last ? high : last) + 1;
}

#endif
