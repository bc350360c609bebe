/* The coder of JPEG coefficients: least squares with an exponential window, as windowed_ls.h, for eight features in
 * binary32. Vectors go across features; sums have the order of this source. */
#ifndef BBC_COEFFICIENT_LS_INL_H
#define BBC_COEFFICIENT_LS_INL_H

#include <math.h>

#include "coefficients_types.h"

enum { COEFFICIENT_LS_SIZE = BBC_COEFFICIENTS_LS };
typedef float coefficient_ls_row __attribute__((vector_size(BBC_COEFFICIENTS_LS * sizeof(float))));

/* Of the least squares: samples between two solutions, what is kept of older samples at each new one, and the ridge.
 * The last two: docs/experiments.md, Coefficients of JPEG files; the first was tuned by hand, not recorded. */
enum { COEFFICIENT_LS_INTERVAL = 16 };
static const float COEFFICIENT_LS_KEEP = 0.992f, COEFFICIENT_LS_RIDGE = 0.005f;

static inline float coefficient_ls_predict(const coefficients_ls *s, const float *features)
{
    float terms[COEFFICIENT_LS_SIZE];
    for (int i = 0; i < COEFFICIENT_LS_SIZE; i++) terms[i] = s->weights[i] * features[i];
    for (int half = COEFFICIENT_LS_SIZE / 2; half; half /= 2)
        for (int i = 0; i < half; i++) terms[i] += terms[i + half];
    return terms[0];
}

/* Solve (products + ridge) weights = targets by Cholesky's decomposition; the old weights stay if it breaks down. */
static void coefficient_ls_solve(coefficients_ls *s)
{
    enum { N = COEFFICIENT_LS_SIZE };
    float upper[N][N], middle[N];
    memcpy(upper, s->products, sizeof upper);
    memcpy(middle, s->targets, sizeof middle);
    for (int k = 0; k < N; k++) upper[k][k] += COEFFICIENT_LS_RIDGE;
    for (int k = 0; k < N; k++) {
        if (!(upper[k][k] > 1e-6f)) return;
        const float root = 1 / sqrtf(upper[k][k]);
        for (int i = 0; i < N; i++) upper[k][i] *= root;
        middle[k] *= root;
        for (int j = k + 1; j < N; j++) {
            const float factor = upper[k][j];
            for (int i = 0; i < N; i++) upper[j][i] -= upper[k][i] * factor;
            middle[j] -= factor * middle[k];
        }
    }
    for (int i = N - 1; i >= 0; i--) {
        float sum = middle[i];
        for (int k = i + 1; k < N; k++) sum -= upper[i][k] * s->weights[k];
        s->weights[i] = sum / upper[i][i];
    }
}

/* The part of an update that does not need the target. A row of products is one vector: left to themselves, compilers
 * transpose. */
static inline void coefficient_ls_accumulate(coefficients_ls *s, const float *features)
{
    coefficient_ls_row x, row;
    memcpy(&x, features, sizeof x);
    const coefficient_ls_row scaled = (1 - COEFFICIENT_LS_KEEP) * x;
    for (int j = 0; j < COEFFICIENT_LS_SIZE; j++) {
        memcpy(&row, s->products[j], sizeof row);
        row = COEFFICIENT_LS_KEEP * row + scaled * features[j];
        memcpy(s->products[j], &row, sizeof row);
    }
}

/* Add the target of features that were accumulated already, and solve now and then. */
static inline void coefficient_ls_update(coefficients_ls *s, const float *features, float target)
{
    const float scaled = (1 - COEFFICIENT_LS_KEEP) * target;
    for (int i = 0; i < COEFFICIENT_LS_SIZE; i++)
        s->targets[i] = COEFFICIENT_LS_KEEP * s->targets[i] + features[i] * scaled;
    if (++s->since < COEFFICIENT_LS_INTERVAL) return;
    s->since = 0;
    coefficient_ls_solve(s);
}

#endif
