/* The coder of deep samples: predictions of a sample, by least squares whose weights follow what was coded lately at
 * several rates of forgetting, and by two fixed predictors; blended, each weighted by how well it did nearby (as in
 * TMW, Meyer and Tischer 1997, and Vanilc, Weinlich et al. 2016). Binary64 arithmetic in the order of this source,
 * without fused or reordered operations: the same on every machine.
 *
 * All numbers in the enums and tables below were tuned by hand, not recorded. */
#ifndef BBC_DEEP_PREDICTION_H
#define BBC_DEEP_PREDICTION_H

#include "kernels.h"
#include "median_edge.h"
#include "windowed_ls.h"

enum { DEEP_FEATURES = WINDOWED_LS_FEATURES_MAX, DEEP_SOLVERS = 3, DEEP_PREDICTORS = DEEP_SOLVERS + 2 };
enum { DEEP_MARGIN = 4 };

/* Of each least-squares predictor: what is kept of older samples at each new one, samples between two solutions, and
 * features used */
static const double DEEP_KEEP[DEEP_SOLVERS] = {0.998, 0.9996, 0.98};
static const int DEEP_INTERVAL[DEEP_SOLVERS] = {4, 8, 4};
static const int DEEP_FEATURES_USED[DEEP_SOLVERS] = {DEEP_FEATURES, DEEP_FEATURES, 6};
static const double DEEP_RIDGE = 0.02;

/* Rows of a channel, with margins */
typedef struct {
    int32_t *values[4];                /* samples: this row and the three above */
    int32_t *residuals[2];             /* sample less blended prediction: this row and the one above */
    float *errors[DEEP_PREDICTORS][2]; /* absolute error of each prediction, likewise */
    windowed_ls solvers[DEEP_SOLVERS];
} deep_channel;

typedef struct {
    double features[DEEP_FEATURES], each[DEEP_PREDICTORS];
    double blended;
    int32_t base;     /* of the features: the median edge prediction */
    int32_t rounded;  /* the blended prediction */
    int32_t fraction; /* of it, in sixteenths from rounded - 1/2 */
} deep_prediction;

/* Samples around x of a row, relative to the base: 18 of the channel itself; or 6, and 4 of each channel before. */
static void deep_find_features(const deep_channel *channels, int c, size_t x, deep_prediction *p)
{
    const deep_channel *own = channels + c;
    const int32_t *r0 = own->values[0] + DEEP_MARGIN + x, *r1 = own->values[1] + DEEP_MARGIN + x;
    const int32_t *r2 = own->values[2] + DEEP_MARGIN + x, *r3 = own->values[3] + DEEP_MARGIN + x;
    p->base = median_edge(r0[-1], r1[0], r1[-1]);
    const int32_t near[] = {r0[-1], r1[0], r1[-1], r1[1], r0[-2], r2[0]};
    int count = 0;
    for (int i = 0; i < 6; i++) p->features[count++] = near[i] - p->base;
    if (c == 0) {
        const int32_t wide[] = {r1[-2], r1[2], r2[1], r2[-1], r0[-3], r3[0],
                                r2[-2], r2[2], r3[1], r3[-1], r1[-3], r1[3]};
        for (int i = 0; i < 12; i++) p->features[count++] = wide[i] - p->base;
        return;
    }
    for (int k = 0; k < c && count + 4 <= DEEP_FEATURES; k++) {
        const int32_t *o0 = channels[k].values[0] + DEEP_MARGIN + x;
        const int32_t *o1 = channels[k].values[1] + DEEP_MARGIN + x;
        const int32_t other = median_edge(o0[-1], o1[0], o1[-1]), theirs[] = {o0[0], o0[-1], o1[0], o1[-1]};
        for (int i = 0; i < 4; i++) p->features[count++] = theirs[i] - other;
    }
    while (count < DEEP_FEATURES) p->features[count++] = 0;
}

/* Predict by each predictor, and blend: each counts by the inverse square of its errors nearby. */
static void deep_predict(const deep_channel *own, size_t x, int top, deep_prediction *p)
{
    const int32_t *r0 = own->values[0] + DEEP_MARGIN + x, *r1 = own->values[1] + DEEP_MARGIN + x;
    for (int i = 0; i < DEEP_SOLVERS; i++) {
        double sum = p->base + windowed_ls_predict(own->solvers + i, p->features, DEEP_FEATURES_USED[i]);
        p->each[i] = sum > 0 ? sum < top ? sum : top : 0;
    }
    p->each[DEEP_SOLVERS] = p->base;
    p->each[DEEP_SOLVERS + 1] = (r0[-1] + r1[0]) * 0.5 + (r1[1] - r1[-1]) * 0.25;
    double total = 0, weight = 0;
    for (int i = 0; i < DEEP_PREDICTORS; i++) {
        const float *e0 = own->errors[i][0] + DEEP_MARGIN + x, *e1 = own->errors[i][1] + DEEP_MARGIN + x;
        double error = (double)e0[-1] + e1[0] + e1[1] + e1[-1] + 0.5 * (e0[-2] + (double)e1[2]) + 0.3;
        double share = 1 / (error * error);
        total += share * p->each[i];
        weight += share;
    }
    double blended = total / weight;
    p->blended = blended > 0 ? blended < top ? blended : top : 0;
    const int32_t sixteenths = (int32_t)(p->blended * 16 + 0.5) + 8;
    p->rounded = sixteenths >> 4;
    p->fraction = sixteenths & 15;
}

/* Learn from the sample. */
static void deep_update(deep_channel *own, size_t x, const deep_prediction *p, int32_t value)
{
    for (int i = 0; i < DEEP_SOLVERS; i++) {
        const int used = DEEP_FEATURES_USED[i];
        windowed_ls_accumulate(own->solvers + i, p->features, used, DEEP_KEEP[i]);
        windowed_ls_update_and_solve(own->solvers + i, p->features, value - p->base, used, DEEP_KEEP[i], DEEP_RIDGE,
                                     DEEP_INTERVAL[i]);
    }
    for (int i = 0; i < DEEP_PREDICTORS; i++) {
        double error = p->each[i] - value;
        own->errors[i][0][DEEP_MARGIN + x] = (float)(error < 0 ? -error : error);
    }
    own->residuals[0][DEEP_MARGIN + x] = value - p->rounded;
}

#endif
