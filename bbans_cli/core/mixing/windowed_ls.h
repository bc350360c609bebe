/* Least squares that forget: predicts a number as a linear combination of features, with the weights that would have
 * done best lately. Binary64 in the order of this source, without fused or reordered operations: the same on every
 * machine. Callers bracket their work with bbc_fp_enter and bbc_fp_leave. */
#ifndef BBC_SQUARES_H
#define BBC_SQUARES_H

#include <math.h>

#include "kernels.h"

#define BBC_FEATURES 18

/* Loops over features go by blocks of this many, of which compilers make vectors: rows are rounded up to whole blocks,
 * and begin with the block of the diagonal. What is computed beyond a row, or before its diagonal, nobody reads. */
enum { BBC_BLOCK = 4, BBC_BLOCKS_MAX = (BBC_FEATURES + BBC_BLOCK - 1) / BBC_BLOCK };

typedef double bbc_squares_row[BBC_BLOCKS_MAX * BBC_BLOCK];

typedef struct {
    double targets[BBC_FEATURES], weights[BBC_FEATURES];
    int since;
    double products[BBC_FEATURES * BBC_BLOCKS_MAX * BBC_BLOCK]; /* rows of the upper triangle, one after the other */
} bbc_squares;

static inline int bbc_squares_blocks(int n) { return (n + BBC_BLOCK - 1) / BBC_BLOCK; }

static inline double bbc_squares_predict(const bbc_squares *s, const double *features, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) sum += s->weights[i] * features[i];
    return sum;
}

/* Solve (products + ridge) weights = targets by Cholesky's decomposition; the old weights stay if it breaks down. Each
 * row, once known, is taken from those after it: every element so has its subtractions in the order of the rows. */
static inline void bbc_squares_solve(bbc_squares *s, int n, double ridge)
{
    const int blocks = bbc_squares_blocks(n);
    bbc_squares_row high[BBC_FEATURES];
    double middle[BBC_FEATURES];
    for (int i = 0; i < n; i++) {
        const double *row = s->products + i * blocks * BBC_BLOCK;
        for (int b = i / BBC_BLOCK; b < blocks; b++)
            for (int j = b * BBC_BLOCK; j < (b + 1) * BBC_BLOCK; j++) high[i][j] = row[j];
        high[i][i] += ridge;
        middle[i] = s->targets[i];
    }
    for (int k = 0; k < n; k++) {
        if (!(high[k][k] > 1e-9)) return;
        const double root = sqrt(high[k][k]);
        for (int b = k / BBC_BLOCK; b < blocks; b++)
            for (int i = b * BBC_BLOCK; i < (b + 1) * BBC_BLOCK; i++) high[k][i] /= root;
        high[k][k] = root;
        middle[k] /= root;
        for (int j = k + 1; j < n; j++) {
            const double factor = high[k][j];
            for (int b = j / BBC_BLOCK; b < blocks; b++)
                for (int i = b * BBC_BLOCK; i < (b + 1) * BBC_BLOCK; i++) high[j][i] -= high[k][i] * factor;
            middle[j] -= factor * middle[k];
        }
    }
    for (int i = n - 1; i >= 0; i--) {
        double sum = middle[i];
        for (int k = i + 1; k < n; k++) sum -= high[i][k] * s->weights[k];
        s->weights[i] = sum / high[i][i];
    }
}

/* Weigh what was seen before by `keep`, and add the features. What they are followed by must be learned next. */
static inline void bbc_squares_meet(bbc_squares *s, const double *features, int n, double keep)
{
    const int blocks = bbc_squares_blocks(n);
    const double take = 1 - keep;
    bbc_squares_row scaled = {0};
    for (int i = 0; i < n; i++) scaled[i] = take * features[i];
    for (int j = 0; j < n; j++) {
        double *row = s->products + j * blocks * BBC_BLOCK;
        for (int b = j / BBC_BLOCK; b < blocks; b++)
            for (int i = b * BBC_BLOCK; i < (b + 1) * BBC_BLOCK; i++) row[i] = keep * row[i] + scaled[i] * features[j];
    }
}

/* Add what these features, met already, were followed by, and solve every `every` times. */
static inline void bbc_squares_learn(bbc_squares *s, const double *features, double target, int n, double keep,
                                     double ridge, int every)
{
    const double take = 1 - keep;
    for (int i = 0; i < n; i++) s->targets[i] = keep * s->targets[i] + take * features[i] * target;
    if (++s->since < every) return;
    s->since = 0;
    bbc_squares_solve(s, n, ridge);
}

#endif
