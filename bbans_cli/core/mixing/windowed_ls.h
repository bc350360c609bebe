/* Least squares with an exponential window: predicts a number as a linear combination of features, with the weights
 * that would have done best lately. The normal equations are accumulated with forgetting, and solved now and then.
 * Binary64 in the order of this source, without fused or reordered operations: the same on every machine. Callers
 * bracket their work with bbc_fp_enter and bbc_fp_leave. */
#ifndef BBC_WINDOWED_LS_H
#define BBC_WINDOWED_LS_H

#include <math.h>

#include "kernels.h"

#define WINDOWED_LS_FEATURES_MAX 18

/* Loops over features go by blocks of this many, which compilers turn into vectors: the rows of the matrix are padded
 * to whole blocks, and begin with the block that holds the diagonal. What is computed beyond the end of a row, or
 * before its diagonal, is never used. */
enum {
    WINDOWED_LS_BLOCK = 4,
    WINDOWED_LS_BLOCKS_MAX = (WINDOWED_LS_FEATURES_MAX + WINDOWED_LS_BLOCK - 1) / WINDOWED_LS_BLOCK,
};

typedef double windowed_ls_row[WINDOWED_LS_BLOCKS_MAX * WINDOWED_LS_BLOCK];

/* All zeros at first. */
typedef struct {
    double targets[WINDOWED_LS_FEATURES_MAX]; /* windowed mean of features times target */
    double weights[WINDOWED_LS_FEATURES_MAX];
    int since; /* samples since the last solution */
    /* Windowed mean of features times features: rows of the upper triangle, one after the other */
    double products[WINDOWED_LS_FEATURES_MAX * WINDOWED_LS_BLOCKS_MAX * WINDOWED_LS_BLOCK];
} windowed_ls;

static inline int windowed_ls_blocks(int n) { return (n + WINDOWED_LS_BLOCK - 1) / WINDOWED_LS_BLOCK; }

static inline double windowed_ls_predict(const windowed_ls *s, const double *features, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) sum += s->weights[i] * features[i];
    return sum;
}

/* Solve (products + ridge) weights = targets by Cholesky's decomposition; the old weights stay if it breaks down. Each
 * row, once final, is subtracted from those after it, so that every element has its subtractions in the order of the
 * rows. */
static inline void windowed_ls_solve(windowed_ls *s, int n, double ridge)
{
    const int blocks = windowed_ls_blocks(n), block = WINDOWED_LS_BLOCK;
    windowed_ls_row upper[WINDOWED_LS_FEATURES_MAX];
    double middle[WINDOWED_LS_FEATURES_MAX];
    for (int i = 0; i < n; i++) {
        const double *row = s->products + i * blocks * block;
        for (int b = i / block; b < blocks; b++)
            for (int j = b * block; j < (b + 1) * block; j++) upper[i][j] = row[j];
        upper[i][i] += ridge;
        middle[i] = s->targets[i];
    }
    for (int k = 0; k < n; k++) {
        if (!(upper[k][k] > 1e-9)) return;
        const double root = sqrt(upper[k][k]);
        for (int b = k / block; b < blocks; b++)
            for (int i = b * block; i < (b + 1) * block; i++) upper[k][i] /= root;
        upper[k][k] = root;
        middle[k] /= root;
        for (int j = k + 1; j < n; j++) {
            const double factor = upper[k][j];
            for (int b = j / block; b < blocks; b++)
                for (int i = b * block; i < (b + 1) * block; i++) upper[j][i] -= upper[k][i] * factor;
            middle[j] -= factor * middle[k];
        }
    }
    for (int i = n - 1; i >= 0; i--) {
        double sum = middle[i];
        for (int k = i + 1; k < n; k++) sum -= upper[i][k] * s->weights[k];
        s->weights[i] = sum / upper[i][i];
    }
}

/* The part of an update that does not need the target: the products of features, those before multiplied by `keep`.
 * windowed_ls_update_and_solve must follow, with the same features. */
static inline void windowed_ls_accumulate(windowed_ls *s, const double *features, int n, double keep)
{
    const int blocks = windowed_ls_blocks(n), block = WINDOWED_LS_BLOCK;
    const double take = 1 - keep;
    windowed_ls_row scaled = {0};
    for (int i = 0; i < n; i++) scaled[i] = take * features[i];
    for (int j = 0; j < n; j++) {
        double *row = s->products + j * blocks * block;
        for (int b = j / block; b < blocks; b++)
            for (int i = b * block; i < (b + 1) * block; i++) row[i] = keep * row[i] + scaled[i] * features[j];
    }
}

/* Add the target of features that were accumulated already, and solve after every `interval` samples. */
static inline void windowed_ls_update_and_solve(windowed_ls *s, const double *features, double target, int n,
                                                double keep, double ridge, int interval)
{
    const double take = 1 - keep;
    for (int i = 0; i < n; i++) s->targets[i] = keep * s->targets[i] + take * features[i] * target;
    if (++s->since < interval) return;
    s->since = 0;
    windowed_ls_solve(s, n, ridge);
}

#endif
