/* The local least squares of the fitted coder (Wu, Barthel, Zhang 1998; TMW: Meyer, Tischer 1997).
 *
 * As local_ls-inl.h, but with eight neighbours of each channel, in cells of eight pixels, and with pixels weighted by
 * 1 / activity, so that edges do not drown what is around them. A cell gets explicit weights by back substitution,
 * since eight pixels use them. The cells of a wave, column + row = wave, lie beside each other: vector lanes run across
 * them. Matrices go in tiles of 3x3 elements, whose sums stay in registers. */
#ifndef BBC_FITTED_LS_H
#define BBC_FITTED_LS_H

#include "fitted_types.h"
#include "gemm-inl.h"
#include "vector_math-inl.h"

/* Window and ridge: docs/experiments.md, The fitted coder. */
#define FITTED_LS_DECAY 0.94f /* of the sums, from row to row */
#define FITTED_LS_RIDGE 0.001f
#define FITTED_LS_NEAR 0.7f /* weight of the sums of cells one column away */
#define FITTED_LS_FAR 0.5f  /* two columns away */
#define FITTED_LS_EDGE 0.3f /* three columns away */
/* The weight of a pixel is this, squared, over its activity. */
#define FITTED_LS_SCALE 2.0f

/* A tile of the lower triangle: rows i to i + 2, columns j to j + 2. Those on the diagonal have junk above it. */
EX ptrdiff_t fitted_ls_at(int row, int column) { return row * (row + 1) / 2 + column; }

#define FITTED_LS_EACH(r, c) GEMM_UNROLL for (int r = 0; r < 3; r++) GEMM_UNROLL for (int c = 0; c < 3; c++)

/* The window's sums of a vector of cells, from the moments. */
EX vf fitted_ls_window(const float *m)
{
    const vf near = vf_add(vf_load(m - 1), vf_load(m + 1)), far = vf_add(vf_load(m - 2), vf_load(m + 2));
    const vf edge = vf_add(vf_load(m - 3), vf_load(m + 3));
    const vf inner = vf_fma(far, vf_all(FITTED_LS_FAR), vf_fma(near, vf_all(FITTED_LS_NEAR), vf_load(m)));
    return vf_fma(edge, vf_all(FITTED_LS_EDGE), inner);
}

/* a less the products of rows i.. and j.. of the factor over the columns before j. */
EX void fitted_ls_subtract(int i, int j, float low[][VF_LANES], vf a[9])
{
    for (int k = 0; k < j; k++) {
        vf p[3], q[3];
    GEMM_UNROLL for (int r = 0; r < 3; r++) p[r] = vf_load(low[fitted_ls_at(i + r, k)]);
        GEMM_UNROLL for (int c = 0; c < 3; c++) q[c] = vf_load(low[fitted_ls_at(j + c, k)]);
        FITTED_LS_EACH(r, c) a[3 * r + c] = vf_fnma(p[r], q[c], a[3 * r + c]);
    }
}

/* The pivot of element (i, i): its ridge, if it is a predictor's, and the reciprocal of its root. */
EX vf fitted_ls_pivot(int i, vf a)
{
    if (i < FITTED_LS_INPUTS) a = vf_fma(a, vf_all(1.0f + FITTED_LS_RIDGE), vf_all(4.0f));
    return vf_div(vf_all(1.0f), vf_sqrt(vf_max(a, vf_all(1.0f))));
}

/* Factor of the sums of a vector of cells; the diagonal inverted. */
static void fitted_ls_factor(const float *moments, ptrdiff_t stride, float low[][VF_LANES])
{
    vf a[9];
    for (int j = 0; j < FITTED_LS_ORDER; j += 3)
        for (int i = j; i < FITTED_LS_ORDER; i += 3) {
            FITTED_LS_EACH(r, c)
                if (i > j || c <= r) a[3 * r + c] = fitted_ls_window(moments + fitted_ls_at(i + r, j + c) * stride);
                else a[3 * r + c] = vf_all(0.0f);
            fitted_ls_subtract(i, j, low, a);
            GEMM_UNROLL for (int c = 0; c < 3; c++) {
                if (i == j) a[4 * c] = fitted_ls_pivot(i + c, a[4 * c]);
                const vf d = i == j ? a[4 * c] : vf_load(low[fitted_ls_at(j + c, j + c)]);
                GEMM_UNROLL for (int r = 0; r < 3; r++) {
                    if (i == j && r <= c) continue;
                    a[3 * r + c] = vf_mul(a[3 * r + c], d);
                    GEMM_UNROLL for (int n = c + 1; n < 3; n++) {
                        if (i == j && n > r) continue;
                        const vf q = i == j ? a[3 * n + c] : vf_load(low[fitted_ls_at(j + n, j + c)]);
                        if (i == j && n == r) a[3 * r + n] = vf_fnma(a[3 * r + c], a[3 * r + c], a[3 * r + n]);
                        else a[3 * r + n] = vf_fnma(a[3 * r + c], q, a[3 * r + n]);
                    }
                }
            }
            FITTED_LS_EACH(r, c)
                if (i > j || c <= r) vf_store(low[fitted_ls_at(i + r, j + c)], a[3 * r + c]);
        }
}

/* Weights of the three channels by back substitution. */
static void fitted_ls_substitute(float low[][VF_LANES], float *fit, ptrdiff_t stride)
{
    enum { N = FITTED_LS_INPUTS };
    vf w[3][N];
    for (int i = N - 1; i >= 0; i--) {
        vf a[3];
        GEMM_UNROLL for (int t = 0; t < 3; t++) a[t] = vf_load(low[fitted_ls_at(N + t, i)]);
        for (int k = N - 1; k > i; k--) {
            const vf c = vf_load(low[fitted_ls_at(k, i)]);
            GEMM_UNROLL for (int t = 0; t < 3; t++) a[t] = vf_fnma(c, w[t][k], a[t]);
        }
        const vf d = vf_load(low[fitted_ls_at(i, i)]);
        GEMM_UNROLL for (int t = 0; t < 3; t++) {
            w[t][i] = vf_mul(a[t], d);
            vf_store(fit + (t * N + i) * stride, w[t][i]);
        }
    }
}

/* Weights, gains and half_log_sigma of the 16 cells from column `first` on. */
static void fitted_ls_solve(const fitted_state *s, int first)
{
    static const int rows[3] = {1, 2, 2}, columns[3] = {0, 0, 1};
    float low[FITTED_LS_PRODUCTS][VF_LANES];
    for (int lane = 0; lane < FITTED_LANES; lane += VF_LANES) {
        const float *moments = s->moments + FITTED_PAD + first + lane;
        float *fit = s->fit + FITTED_PAD + first + lane, count[VF_LANES];
        fitted_ls_factor(moments, s->stride, low);
        fitted_ls_substitute(low, fit, s->stride);
        vf_store(count, fitted_ls_window(moments + FITTED_LS_PRODUCTS * s->stride));
        for (int b = 0; b < 3; b++) {
            const int row = FITTED_LS_INPUTS + rows[b], column = FITTED_LS_INPUTS + columns[b];
            const float *f = low[fitted_ls_at(row, column)], *d = low[fitted_ls_at(column, column)];
            const float *own = low[fitted_ls_at(FITTED_LS_INPUTS + b, FITTED_LS_INPUTS + b)];
            float *gain = fit + (FITTED_LS_WEIGHTS + b) * s->stride, *half_log_sigma = gain + 3 * s->stride;
            for (int l = 0; l < VF_LANES; l++) {
                gain[l] = ex_clip(f[l] * d[l], -4.0f, 4.0f);
                half_log_sigma[l] = ex_log(1.0f / (own[l] * own[l] * (count[l] + 1.0f))) * 0.25f;
            }
        }
    }
}

/* Predictions of the chunk's pixels, in the cells from column `first` on. */
static void fitted_ls_predict(const fitted_state *s, int first, fitted_chunk *restrict chunk)
{
    for (int lane = 0; lane < FITTED_LANES; lane += VF_LANES) {
        const float *fit = s->fit + FITTED_PAD + first + lane;
        vf a[3] = {vf_all(0.0f), vf_all(0.0f), vf_all(0.0f)};
        for (int k = 0; k < FITTED_LS_INPUTS; k++) {
            const vf v = vf_load(chunk->vector[k] + lane);
            GEMM_UNROLL for (int c = 0; c < 3; c++)
                a[c] = vf_fma(vf_load(fit + (c * FITTED_LS_INPUTS + k) * s->stride), v, a[c]);
        }
        for (int c = 0; c < 3; c++) vf_store(chunk->prediction[c] + lane, a[c]);
    }
}

/* Gains and half_log_sigma of the cells from column `first` on: the row of the first of them. */
EX float *fitted_ls_told(const fitted_state *s, int first)
{
    return s->fit + FITTED_LS_WEIGHTS * s->stride + FITTED_PAD + first;
}

/* Those of the chunk's pixels. */
static void fitted_ls_tell(const fitted_state *s, int first, fitted_chunk *restrict chunk)
{
    const float *told = fitted_ls_told(s, first);
    for (int c = 0; c < 3; c++) {
        memcpy(chunk->gain[c], told + c * s->stride, sizeof chunk->gain[c]);
        memcpy(chunk->input[FITTED_INPUT_HALF_LOG_SIGMA + c], told + (3 + c) * s->stride, sizeof chunk->gain[c]);
    }
}

/* The vectors of a chunk whose values are known, for the moments: of its first m pixels, at offset `place` of their
 * cells. Those of the other lanes become 0. */
static void fitted_ls_record(const fitted_state *s, int place, int first, int m, const fitted_chunk *restrict chunk)
{
    enum { L = FITTED_LANES };
    float *to = s->vector + place * FITTED_LS_ORDER * s->stride + FITTED_PAD + first, root[L];
    for (int l = 0; l < L; l++) {
        const float sum = (chunk->activity[0][l] + chunk->activity[1][l]) + chunk->activity[2][l];
        root[l] = l < m ? __builtin_sqrtf(3.0f / sum) * FITTED_LS_SCALE : 0.0f;
    }
    for (int lane = 0; lane < L; lane += VF_LANES) {
        const vf weight = vf_load(root + lane);
        for (int k = 0; k < FITTED_LS_INPUTS; k++)
            vf_store(to + k * s->stride + lane, vf_mul(vf_load(chunk->vector[k] + lane), weight));
        for (int c = 0; c < 3; c++)
            vf_store(to + (FITTED_LS_INPUTS + c) * s->stride + lane,
                     vf_mul(vf_load(chunk->residual[c] + lane), weight));
    }
}

/* Adds the vectors of a wave's pixels to the moments of the cells in columns [first, to), at most 16. The vectors of
 * cells beyond the wave's last are 0, and so are their moments. */
static void fitted_ls_update(const fitted_state *s, int first, int to)
{
    const ptrdiff_t stride = s->stride, next = FITTED_LS_ORDER * stride;
    for (int lane = 0; lane < FITTED_LANES; lane += VF_LANES) {
        const float *vector = s->vector + FITTED_PAD + first + lane;
        float *moments = s->moments + FITTED_PAD + first + lane;
        for (int i = 0; i < FITTED_LS_ORDER; i += 3)
            for (int j = 0; j <= i; j += 3) {
                vf sum[9], p[3], q[3];
                FITTED_LS_EACH(r, c) sum[3 * r + c] = vf_all(0.0f);
                for (int o = 0; o < FITTED_CELL; o++) {
                    GEMM_UNROLL for (int r = 0; r < 3; r++) p[r] = vf_load(vector + o * next + (i + r) * stride);
                    GEMM_UNROLL for (int c = 0; c < 3; c++) q[c] = vf_load(vector + o * next + (j + c) * stride);
                    FITTED_LS_EACH(r, c) sum[3 * r + c] = vf_fma(p[r], q[c], sum[3 * r + c]);
                }
                FITTED_LS_EACH(r, c) {
                    float *m = moments + fitted_ls_at(i + r, j + c) * stride;
                    if (i > j || c <= r) vf_store(m, vf_fma(vf_load(m), vf_all(FITTED_LS_DECAY), sum[3 * r + c]));
                }
            }
    }
    float *count = s->moments + FITTED_LS_PRODUCTS * stride + FITTED_PAD + first;
    for (int l = 0; l < FITTED_LANES; l++) {
        const int left = first + l < to ? s->width - FITTED_CELL * (first + l) : 0;
        count[l] = count[l] * FITTED_LS_DECAY + (float)(left < FITTED_CELL ? left : FITTED_CELL);
    }
}

#endif
