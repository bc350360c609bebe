/* Local least squares: what a pixel's value should be by the linear rule that did best on the pixels around it.
 *
 * A pixel's vector holds, for each channel in coding order, six neighbours and after them the three values themselves,
 * all less the channel's base. Products of these are summed over a causal window that fades with the distance; the
 * Cholesky factor of the sums (with a small ridge) gives at once the prediction of each channel from the neighbours, from
 * the channels before it, and the deviation that is to be expected. One factor serves a cell of four pixels in a row.
 *
 * The cells of one wave, cell + row = wave, lie in columns beside each other: lanes run across them. Plain products and
 * sums in the order of this source, so that the number of lanes changes no bit. */
#ifndef BBC_REGRESSION_H
#define BBC_REGRESSION_H

#include "cholesky-inl.h"
#include "local_ls_types.h"

#define REGRESSION_FADE 0.88f                                     /* from row to row */
static const float regression_side[4] = {1.0f, 0.8f, 0.5f, 0.3f}; /* weights of columns 0 to 3 away */
#define REGRESSION_RELATIVE 0.003f

/* Factors of the 16 cells from column `first` on. */
static void regression_solve(const regression *r, int first)
{
    enum { L = REGRESSION_LANES };
    float low[REGRESSION_FACTOR][L], count[L];
    for (int k = 0; k < REGRESSION_MOMENTS; k++) {
        const float *m = r->moments + k * r->stride + REGRESSION_PAD + first;
        float *s = k == REGRESSION_COUNT ? count : low[k];
        for (int l = 0; l < L; l++)
            s[l] = ((m[l] + (m[l - 1] + m[l + 1]) * regression_side[1]) + (m[l - 2] + m[l + 2]) * regression_side[2]) +
                   (m[l - 3] + m[l + 3]) * regression_side[3];
    }
    cholesky_factor(REGRESSION_ORDER, REGRESSION_INPUTS, REGRESSION_RELATIVE, low);
    for (int c = 0; c < 3; c++) {
        const float *d = low[cholesky_at(REGRESSION_INPUTS + c, REGRESSION_INPUTS + c)];
        float *deviation = low[REGRESSION_PRODUCTS + c];
        for (int l = 0; l < L; l++) deviation[l] = ex_log(1.0f / (d[l] * d[l] * (count[l] + 1.0f))) * 0.25f;
    }
    for (int k = 0; k < REGRESSION_FACTOR; k++)
        memcpy(r->factor + k * r->stride + REGRESSION_PAD + first, low[k], sizeof low[k]);
}

/* Of n pixels (at most 16) of cells from column `first` on: prediction (3, 16) of each channel from the neighbours
 * alone, less its base; blame (3, 16): how much of the error in G counts for R, of G for B, of R for B; deviation (3, 16):
 * log of the expected error, halved. vector: (ORDER, 16), neighbours only. */
static void regression_predict(const regression *r, int first, float vector[][REGRESSION_LANES],
                               float prediction[][REGRESSION_LANES], float blame[][REGRESSION_LANES],
                               float deviation[][REGRESSION_LANES])
{
    enum { L = REGRESSION_LANES };
    const float *factor = r->factor + REGRESSION_PAD + first;
    float white[REGRESSION_INPUTS][L];
    for (int i = 0; i < REGRESSION_ORDER; i++) {
        float a[L];
        int inputs = i < REGRESSION_INPUTS ? i : REGRESSION_INPUTS;
        for (int l = 0; l < L; l++) a[l] = 0.0f;
        for (int k = 0; k < inputs; k++) {
            const float *f = factor + cholesky_at(i, k) * r->stride;
            for (int l = 0; l < L; l++) a[l] = a[l] + f[l] * white[k][l];
        }
        if (i < REGRESSION_INPUTS) {
            const float *d = factor + cholesky_at(i, i) * r->stride;
            for (int l = 0; l < L; l++) white[i][l] = (vector[i][l] - a[l]) * d[l];
        } else memcpy(prediction[i - REGRESSION_INPUTS], a, sizeof a);
    }
    static const int rows[3] = {1, 2, 2}, columns[3] = {0, 0, 1};
    for (int b = 0; b < 3; b++) {
        int row = REGRESSION_INPUTS + rows[b], column = REGRESSION_INPUTS + columns[b];
        const float *f = factor + cholesky_at(row, column) * r->stride;
        const float *d = factor + cholesky_at(column, column) * r->stride;
        for (int l = 0; l < L; l++) blame[b][l] = ex_clip(f[l] * d[l], -4.0f, 4.0f);
        memcpy(deviation[b], factor + (REGRESSION_PRODUCTS + b) * r->stride, L * sizeof(float));
    }
}

/* Adds the vectors of a wave's pixels to the moments of its cells [from, to), at most 16. */
static void regression_update(const regression *r, int from, int to)
{
    enum { L = REGRESSION_LANES };
    const float *vector = r->vector + REGRESSION_PAD + from;
    const ptrdiff_t next = REGRESSION_ORDER * r->stride;
    int32_t inside[L];
    float pixels[L];
    for (int l = 0; l < L; l++) {
        int left = r->width - REGRESSION_CELL * (from + l);
        inside[l] = from + l < to;
        pixels[l] = (float)(left < REGRESSION_CELL ? left : REGRESSION_CELL);
    }
    for (int i = 0; i < REGRESSION_ORDER; i++)
        for (int j = 0; j <= i; j++) {
            float *m = r->moments + cholesky_at(i, j) * r->stride + REGRESSION_PAD + from;
            const float *p = vector + i * r->stride, *q = vector + j * r->stride;
            for (int l = 0; l < L; l++) {
                float sum = (p[l] * q[l] + p[next + l] * q[next + l]) +
                            (p[2 * next + l] * q[2 * next + l] + p[3 * next + l] * q[3 * next + l]);
                m[l] = inside[l] ? m[l] * REGRESSION_FADE + sum : m[l];
            }
        }
    float *m = r->moments + REGRESSION_COUNT * r->stride + REGRESSION_PAD + from;
    for (int l = 0; l < L; l++) m[l] = inside[l] ? m[l] * REGRESSION_FADE + pixels[l] : m[l];
}

#endif
