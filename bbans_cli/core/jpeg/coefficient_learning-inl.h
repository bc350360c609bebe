/* The coder of JPEG coefficients: the networks of level 9, which go on learning from what was coded. They begin as those of
 * coefficient_network-inl.h, in binary32 (coefficient_learners.c), and follow the gradient of the code length of each
 * decision, as if that was coded by the network alone: stochastic gradient descent, a value at a time.
 *
 * Vectors go across the hidden units; sums have the order of this source. */
#ifndef BBC_COEFFICIENT_LEARNING_INL_H
#define BBC_COEFFICIENT_LEARNING_INL_H

#include "coefficient_learners.h"
#include "coefficients_types.h"

/* docs/experiments.md, Coefficients of JPEG files */
static const float COEFFICIENT_LEARNING_RATE = 0.0004f;

/* A network at work on a value: what its hidden units give, and the gradient there */
typedef struct {
    coefficient_learner network;
    const int16_t *features;
    float active[COEFFICIENTS_HIDDEN], gradient[COEFFICIENTS_HIDDEN];
} coefficient_learning;

static void coefficient_learning_run(coefficient_learning *l, coefficient_learner network, const int16_t *features)
{
    float sums[COEFFICIENTS_HIDDEN] = {0};
    l->network = network;
    l->features = features;
    for (int i = 0; i < COEFFICIENTS_FEATURES; i++) {
        if (features[i] == 0) continue;
        const float x = (float)features[i] / 32, *weights = network.hidden + i * COEFFICIENTS_HIDDEN;
        for (int j = 0; j < COEFFICIENTS_HIDDEN; j++) sums[j] += x * weights[j];
    }
    for (int j = 0; j < COEFFICIENTS_HIDDEN; j++) {
        l->active[j] = sums[j] > 0 ? sums[j] : 0;
        l->gradient[j] = 0;
    }
}

/* The stretched probability, in 1/256, that one output tells. A damaged file may lead to weights that are no numbers. */
static inline int32_t coefficient_learning_output(const coefficient_learning *l, int output)
{
    const float *weights = l->network.output + output * COEFFICIENTS_HIDDEN;
    float terms[COEFFICIENTS_HIDDEN];
    for (int j = 0; j < COEFFICIENTS_HIDDEN; j++) terms[j] = weights[j] * l->active[j];
    for (int half = COEFFICIENTS_HIDDEN / 2; half; half /= 2)
        for (int j = 0; j < half; j++) terms[j] += terms[j + half];
    const float x = (terms[0] + l->network.bias[output]) * 256;
    return (int32_t)((x > -2047 ? x < 2047 ? x : 2047 : -2047) + 2048) - 2048;
}

/* Learn from one decision, whose output erred by error / 2^16. */
static inline void coefficient_learning_decide(coefficient_learning *l, int output, int32_t error)
{
    const float e = (float)error / 65536, step = e * COEFFICIENT_LEARNING_RATE;
    float *weights = l->network.output + output * COEFFICIENTS_HIDDEN;
    for (int j = 0; j < COEFFICIENTS_HIDDEN; j++) {
        l->gradient[j] += e * weights[j];
        weights[j] += step * l->active[j];
    }
    l->network.bias[output] += step;
}

/* Let the hidden layer learn, once all decisions of the value are known. */
static void coefficient_learning_end(const coefficient_learning *l)
{
    float steps[COEFFICIENTS_HIDDEN];
    for (int j = 0; j < COEFFICIENTS_HIDDEN; j++)
        steps[j] = l->active[j] > 0 ? l->gradient[j] * COEFFICIENT_LEARNING_RATE : 0;
    for (int i = 0; i < COEFFICIENTS_FEATURES; i++) {
        if (l->features[i] == 0) continue;
        const float x = (float)l->features[i] / 32;
        float *weights = l->network.hidden + i * COEFFICIENTS_HIDDEN;
        for (int j = 0; j < COEFFICIENTS_HIDDEN; j++) weights[j] += x * steps[j];
    }
}

#endif
