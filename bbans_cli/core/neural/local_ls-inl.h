/* Local least squares (Wu, Barthel, Zhang 1998; TMW: Meyer, Tischer 1997): predictions by the linear weights that did
 * best on the pixels around.
 *
 * A pixel's vector holds, for each channel in coding order, six neighbours, and after them the three values themselves,
 * all less the channel's base. Products of these are summed over a causal window whose weights fall with the distance.
 * The Cholesky factor of the sums (with a small ridge) gives at once the prediction of each channel from the
 * neighbours, the gain of each channel on the errors of earlier ones, and the error to be expected. One factor serves a
 * block of four pixels of a row.
 *
 * The blocks of one wave, column + row = wave, lie in columns beside each other: vector lanes run across them. Plain
 * products and sums in the order of this source, so that the number of lanes changes no bit. */
#ifndef BBC_LOCAL_LS_H
#define BBC_LOCAL_LS_H

#include "cholesky-inl.h"
#include "local_ls_types.h"

/* Window and ridge: docs/experiments.md, Window of the local least squares. */
#define LOCAL_LS_DECAY 0.88f                                             /* of the sums, from row to row */
static const float local_ls_column_weight[4] = {1.0f, 0.8f, 0.5f, 0.3f}; /* of the sums of columns 0 to 3 away */
#define LOCAL_LS_RIDGE 0.003f                                            /* part of a diagonal element added to it */

/* Factors of the 16 blocks from column `first` on. */
static void local_ls_solve(const local_ls *r, int first)
{
    enum { L = LOCAL_LS_LANES };
    float low[LOCAL_LS_FACTOR][L], count[L];
    for (int k = 0; k < LOCAL_LS_MOMENTS; k++) {
        const float *m = r->moments + k * r->stride + LOCAL_LS_PAD + first;
        float *s = k == LOCAL_LS_COUNT ? count : low[k];
        for (int l = 0; l < L; l++)
            s[l] = ((m[l] + (m[l - 1] + m[l + 1]) * local_ls_column_weight[1]) +
                    (m[l - 2] + m[l + 2]) * local_ls_column_weight[2]) +
                   (m[l - 3] + m[l + 3]) * local_ls_column_weight[3];
    }
    cholesky_factor(LOCAL_LS_ORDER, LOCAL_LS_INPUTS, LOCAL_LS_RIDGE, low);
    for (int c = 0; c < 3; c++) {
        const float *d = low[cholesky_at(LOCAL_LS_INPUTS + c, LOCAL_LS_INPUTS + c)];
        float *half_log_sigma = low[LOCAL_LS_PRODUCTS + c];
        for (int l = 0; l < L; l++) half_log_sigma[l] = ex_log(1.0f / (d[l] * d[l] * (count[l] + 1.0f))) * 0.25f;
    }
    for (int k = 0; k < LOCAL_LS_FACTOR; k++)
        memcpy(r->factor + k * r->stride + LOCAL_LS_PAD + first, low[k], sizeof low[k]);
}

/* Of the pixels of 16 blocks from column `first` on, one pixel of each; vector (ORDER, 16), neighbours only.
 *
 * prediction (3, 16): of each channel from the neighbours alone, less its base. gain (3, 16): regression coefficients
 * of R's error on G's, of B's on G's, of B's on R's. half_log_sigma (3, 16): ln(expected error) / 2. */
static void local_ls_predict(const local_ls *r, int first, float vector[][LOCAL_LS_LANES],
                             float prediction[][LOCAL_LS_LANES], float gain[][LOCAL_LS_LANES],
                             float half_log_sigma[][LOCAL_LS_LANES])
{
    enum { L = LOCAL_LS_LANES };
    const float *factor = r->factor + LOCAL_LS_PAD + first;
    float white[LOCAL_LS_INPUTS][L];
    for (int i = 0; i < LOCAL_LS_ORDER; i++) {
        float a[L];
        int inputs = i < LOCAL_LS_INPUTS ? i : LOCAL_LS_INPUTS;
        for (int l = 0; l < L; l++) a[l] = 0.0f;
        for (int k = 0; k < inputs; k++) {
            const float *f = factor + cholesky_at(i, k) * r->stride;
            for (int l = 0; l < L; l++) a[l] = a[l] + f[l] * white[k][l];
        }
        if (i < LOCAL_LS_INPUTS) {
            const float *d = factor + cholesky_at(i, i) * r->stride;
            for (int l = 0; l < L; l++) white[i][l] = (vector[i][l] - a[l]) * d[l];
        } else memcpy(prediction[i - LOCAL_LS_INPUTS], a, sizeof a);
    }
    static const int rows[3] = {1, 2, 2}, columns[3] = {0, 0, 1};
    for (int b = 0; b < 3; b++) {
        int row = LOCAL_LS_INPUTS + rows[b], column = LOCAL_LS_INPUTS + columns[b];
        const float *f = factor + cholesky_at(row, column) * r->stride;
        const float *d = factor + cholesky_at(column, column) * r->stride;
        for (int l = 0; l < L; l++) gain[b][l] = ex_clip(f[l] * d[l], -4.0f, 4.0f);
        memcpy(half_log_sigma[b], factor + (LOCAL_LS_PRODUCTS + b) * r->stride, L * sizeof(float));
    }
}

/* Adds the vectors of a wave's pixels to the moments of its blocks [from, to), at most 16. */
static void local_ls_update(const local_ls *r, int from, int to)
{
    enum { L = LOCAL_LS_LANES };
    const float *vector = r->vector + LOCAL_LS_PAD + from;
    const ptrdiff_t next = LOCAL_LS_ORDER * r->stride;
    int32_t inside[L];
    float pixels[L];
    for (int l = 0; l < L; l++) {
        int left = r->width - LOCAL_LS_BLOCK * (from + l);
        inside[l] = from + l < to;
        pixels[l] = (float)(left < LOCAL_LS_BLOCK ? left : LOCAL_LS_BLOCK);
    }
    for (int i = 0; i < LOCAL_LS_ORDER; i++)
        for (int j = 0; j <= i; j++) {
            float *m = r->moments + cholesky_at(i, j) * r->stride + LOCAL_LS_PAD + from;
            const float *p = vector + i * r->stride, *q = vector + j * r->stride;
            for (int l = 0; l < L; l++) {
                float sum = (p[l] * q[l] + p[next + l] * q[next + l]) +
                            (p[2 * next + l] * q[2 * next + l] + p[3 * next + l] * q[3 * next + l]);
                m[l] = inside[l] ? m[l] * LOCAL_LS_DECAY + sum : m[l];
            }
        }
    float *m = r->moments + LOCAL_LS_COUNT * r->stride + LOCAL_LS_PAD + from;
    for (int l = 0; l < L; l++) m[l] = inside[l] ? m[l] * LOCAL_LS_DECAY + pixels[l] : m[l];
}

#endif
