/* Cholesky factors of 16 matrices of sums at once, one in each vector lane, for both least squares.
 *
 * Of a matrix the lower triangle is stored, (i, j) at cholesky_at(i, j). Before the factorisation a ridge is added to
 * the diagonal elements of the predictors (the first `known`), not of the targets; afterwards the diagonal is inverted.
 * The subtractions of an element come in ascending order of columns, as plain products and differences, so that neither
 * the number of lanes nor the loops below change a bit. */
#ifndef BBC_CHOLESKY_H
#define BBC_CHOLESKY_H

#include "exact.h"
#include "gemm-inl.h"

enum { CHOLESKY_LANES = 16, CHOLESKY_MAX = 64 };

EX ptrdiff_t cholesky_at(int row, int column) { return row * (row + 1) / 2 + column; }

EX float cholesky_ridge(float a, float relative) { return a + (4.0f + relative * a); }

EX float cholesky_pivot(float a) { return 1.0f / __builtin_sqrtf(ex_max(a, 1.0f)); }

/* Elements (i, j) to (i + rows - 1, j), columns before j being done, and (j, j) inverted. Several rows at once, since
 * each is a chain that waits for itself; rows is a literal. */
EX void cholesky_column(const int rows, int i, int j, float low[][CHOLESKY_LANES])
{
    enum { V = CHOLESKY_LANES / VF_LANES };
    vf a[4 * V], q[V];
    GEMM_UNROLL for (int r = 0; r < rows; r++)
        GEMM_UNROLL for (int v = 0; v < V; v++) a[r * V + v] = vf_load(low[cholesky_at(i + r, j)] + v * VF_LANES);
    for (int k = 0; k < j; k++) {
        GEMM_UNROLL for (int v = 0; v < V; v++) q[v] = vf_load(low[cholesky_at(j, k)] + v * VF_LANES);
        GEMM_UNROLL for (int r = 0; r < rows; r++)
            GEMM_UNROLL for (int v = 0; v < V; v++)
                a[r * V + v] = vf_less(a[r * V + v], vf_load(low[cholesky_at(i + r, k)] + v * VF_LANES), q[v]);
    }
    GEMM_UNROLL for (int v = 0; v < V; v++) q[v] = vf_load(low[cholesky_at(j, j)] + v * VF_LANES);
    GEMM_UNROLL for (int r = 0; r < rows; r++)
        GEMM_UNROLL for (int v = 0; v < V; v++)
            vf_store(low[cholesky_at(i + r, j)] + v * VF_LANES, vf_mul(a[r * V + v], q[v]));
}

/* All lanes; rows from `known` on have no ridge. */
static void cholesky_factor(int order, int known, float relative, float low[][CHOLESKY_LANES])
{
    enum { L = CHOLESKY_LANES };
    for (int j = 0; j < order; j++) {
        float *a = low[cholesky_at(j, j)];
        if (j < known)
            for (int l = 0; l < L; l++) a[l] = cholesky_ridge(a[l], relative);
        for (int k = 0; k < j; k++) {
            const float *p = low[cholesky_at(j, k)];
            for (int l = 0; l < L; l++) a[l] = a[l] - p[l] * p[l];
        }
        for (int l = 0; l < L; l++) a[l] = cholesky_pivot(a[l]);
        int i = j + 1;
        for (; i + 4 <= order; i += 4) cholesky_column(4, i, j, low);
        for (; i < order; i++) cholesky_column(1, i, j, low);
    }
}

/* Rows `from` on of column j, columns before j being done; blocks, of 16 rows, is a literal. */
EX void cholesky_down(const int blocks, int from, int j, float column[][CHOLESKY_MAX])
{
    enum { V = CHOLESKY_LANES / VF_LANES };
    vf a[CHOLESKY_MAX / VF_LANES];
    GEMM_UNROLL for (int v = 0; v < blocks * V; v++) a[v] = vf_load(column[j] + from + v * VF_LANES);
    for (int k = 0; k < j; k++) {
        const vf q = vf_all(column[k][j]);
        GEMM_UNROLL for (int v = 0; v < blocks * V; v++)
            a[v] = vf_less(a[v], vf_load(column[k] + from + v * VF_LANES), q);
    }
    GEMM_UNROLL for (int v = 0; v < blocks * V; v++) vf_store(column[j] + from + v * VF_LANES, a[v]);
}

/* One matrix alone, whose columns, 0 above the diagonal, become those of its factor; order is a multiple of 16. Here
 * vector lanes run down each column. */
static void cholesky_single(int order, int known, float relative, float column[][CHOLESKY_MAX])
{
    for (int j = 0; j < order; j++) {
        const int from = j / 16 * 16;
        float *restrict a = column[j];
        if (j < known) a[j] = cholesky_ridge(a[j], relative);
        switch ((order - from) / 16) {
        case 1: cholesky_down(1, from, j, column); break;
        case 2: cholesky_down(2, from, j, column); break;
        case 3: cholesky_down(3, from, j, column); break;
        case 4: cholesky_down(4, from, j, column); break;
        }
        const float d = cholesky_pivot(a[j]);
        for (int i = from; i < order; i++) a[i] = a[i] * d;
        a[j] = d;
    }
}

#endif
