/* Least squares that forget: predicts a number as a linear combination of features, with the weights that would have
 * done best lately. Binary64 in the order of this source, without fused or reordered operations: the same on every
 * machine. Callers bracket their work with bbc_fp_enter and bbc_fp_leave. */
#ifndef BBC_SQUARES_H
#define BBC_SQUARES_H

#include <math.h>

#include "bbc.h"

#define BBC_FEATURES 18

typedef struct {
    double products[BBC_FEATURES][BBC_FEATURES], targets[BBC_FEATURES], weights[BBC_FEATURES];
    int since;
} bbc_squares;

static double bbc_squares_predict(const bbc_squares *s, const double *features, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) sum += s->weights[i] * features[i];
    return sum;
}

/* Solve (products + ridge) weights = targets by Cholesky's decomposition; the old weights stay if it breaks down. */
static void bbc_squares_solve(bbc_squares *s, int n, double ridge)
{
    double low[BBC_FEATURES][BBC_FEATURES], middle[BBC_FEATURES];
    for (int i = 0; i < n; i++) {
        for (int j = 0; j <= i; j++) {
            double sum = s->products[i][j];
            if (i == j) sum += ridge;
            for (int k = 0; k < j; k++) sum -= low[i][k] * low[j][k];
            if (i == j) {
                if (!(sum > 1e-9)) return;
                low[i][i] = sqrt(sum);
            } else low[i][j] = sum / low[j][j];
        }
        double sum = s->targets[i];
        for (int k = 0; k < i; k++) sum -= low[i][k] * middle[k];
        middle[i] = sum / low[i][i];
    }
    for (int i = n - 1; i >= 0; i--) {
        double sum = middle[i];
        for (int k = i + 1; k < n; k++) sum -= low[k][i] * s->weights[k];
        s->weights[i] = sum / low[i][i];
    }
}

/* Weigh what was seen before by `keep`, add what the features were followed by, and solve every `every` times. */
static void bbc_squares_learn(bbc_squares *s, const double *features, double target, int n, double keep, double ridge,
                              int every)
{
    const double take = 1 - keep;
    for (int i = 0; i < n; i++) {
        double scaled = take * features[i];
        for (int j = 0; j <= i; j++) s->products[i][j] = keep * s->products[i][j] + scaled * features[j];
        s->targets[i] = keep * s->targets[i] + scaled * target;
    }
    if (++s->since < every) return;
    s->since = 0;
    bbc_squares_solve(s, n, ridge);
}

#endif
