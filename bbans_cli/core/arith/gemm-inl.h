/* The matrix product in a fixed order of operations:
 *
 *     c[i*ldc + j] = fma(a[i*ai + (k-1)*ak], b[(k-1)*ldb + j], ... fma(a[i*ai], b[j], start)),
 *
 * where start is init[j], or the old c[i*ldc + j] if init is NULL. i < m, j < n, n a multiple of 16; strides count
 * floats. SIMD lanes run across j alone, so neither their number nor the blocking below changes a bit. c must not
 * overlap the inputs.
 *
 * A panel of columns times a block of rows is kept in registers while k runs. Blocks are made nearly equal, since a
 * last block of one or two rows would wait for the latency of its few sums. */
#ifndef BBC_GEMM_H
#define BBC_GEMM_H

#include "simd-inl.h"

#if defined(__clang__)
#define GEMM_UNROLL _Pragma("clang loop unroll(full)")
#else
#define GEMM_UNROLL _Pragma("GCC unroll 16")
#endif

/* rows and vectors are literals at every call: the loops over them unroll and the sums become registers. */
EX void gemm_block(const int rows, const int vectors, int k, const float *a, ptrdiff_t ai, ptrdiff_t ak, const float *b,
                   ptrdiff_t ldb, const float *init, float *c, ptrdiff_t ldc)
{
    vf sum[GEMM_SUMS], row[GEMM_SUMS];
    /* Elements of A four by four from a pointer: with an offset for each row the registers do not suffice. */
    const float *four[] = {a, a + (rows > 4 ? 4 * ai : 0), a + (rows > 8 ? 8 * ai : 0)};
    GEMM_UNROLL for (int i = 0; i < rows; i++)
        GEMM_UNROLL for (int v = 0; v < vectors; v++)
            sum[i * vectors + v] = vf_load((init ? init : c + i * ldc) + v * VF_LANES);
    for (; k > 0; k--) {
        GEMM_UNROLL for (int v = 0; v < vectors; v++)
            row[v] = vf_load(b + v * VF_LANES);
        GEMM_UNROLL for (int i = 0; i < rows; i++) {
            vf x = vf_all(four[i / 4][i % 4 * ai]);
            GEMM_UNROLL for (int v = 0; v < vectors; v++)
                sum[i * vectors + v] = vf_fma(x, row[v], sum[i * vectors + v]);
        }
        GEMM_UNROLL for (int i = 0; i < 3; i++) four[i] += ak;
        b += ldb;
    }
    GEMM_UNROLL for (int i = 0; i < rows; i++)
        GEMM_UNROLL for (int v = 0; v < vectors; v++)
            vf_store(c + i * ldc + v * VF_LANES, sum[i * vectors + v]);
}

#define GEMM_ROWS(r)                                                              \
    case r:                                                                       \
        if (r <= max_rows) gemm_block(r, vectors, k, a, ai, ak, b, ldb, init, c, ldc); \
        break;

EX void gemm_panel_any(const int vectors, const int max_rows, int m, int k, const float *a, ptrdiff_t ai,
                       ptrdiff_t ak, const float *b, ptrdiff_t ldb, const float *init, float *c, ptrdiff_t ldc)
{
    for (int blocks = (m + max_rows - 1) / max_rows; blocks > 0; blocks--) {
        int rows = (m + blocks - 1) / blocks;
        switch (rows) {
            GEMM_ROWS(1) GEMM_ROWS(2) GEMM_ROWS(3) GEMM_ROWS(4) GEMM_ROWS(5) GEMM_ROWS(6)
            GEMM_ROWS(7) GEMM_ROWS(8) GEMM_ROWS(9) GEMM_ROWS(10) GEMM_ROWS(11) GEMM_ROWS(12)
        }
        m -= rows;
        a += rows * ai;
        c += rows * ldc;
    }
}

#define GEMM_PANEL(vectors, max_rows)                                                                             \
    static __attribute__((noinline)) void gemm_panel_##vectors(                                                  \
        int m, int k, const float *a, ptrdiff_t ai, ptrdiff_t ak, const float *b, ptrdiff_t ldb,                 \
        const float *init, float *c, ptrdiff_t ldc)                                                              \
    {                                                                                                            \
        gemm_panel_any(vectors, max_rows, m, k, a, ai, ak, b, ldb, init, c, ldc);                                \
    }
GEMM_WIDTHS(GEMM_PANEL)

/* Whether a panel leaves of `left` vectors none, or enough for another. */
EX int gemm_fits(int vectors, int left) { return left == vectors || left >= vectors + GEMM_LEAST; }

#define GEMM_TRY(vectors, max_rows)                                                              \
    if (max_rows >= GEMM_MAIN_ROWS || m <= max_rows)                                             \
        for (; gemm_fits(vectors, (n - j) / VF_LANES); j += vectors * VF_LANES)                  \
            gemm_panel_##vectors(m, k, a, ai, ak, b + j, ldb, init ? init + j : NULL, c + j, ldc);

static __attribute__((unused)) void gemm(int m, int n, int k, const float *a, ptrdiff_t ai, ptrdiff_t ak,
                                         const float *b, ptrdiff_t ldb, const float *init, float *c, ptrdiff_t ldc)
{
    int j = 0;
    GEMM_WIDTHS(GEMM_TRY)
}

#endif
