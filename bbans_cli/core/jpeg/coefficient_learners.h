/* The networks of the coder of JPEG coefficients at level 9, which go on learning. */
#ifndef BBC_COEFFICIENT_LEARNERS_H
#define BBC_COEFFICIENT_LEARNERS_H

#include "coefficients_types.h"

enum {
    COEFFICIENT_LEARNER_HIDDEN = BBC_COEFFICIENTS_FEATURES * BBC_COEFFICIENTS_HIDDEN, /* weights */
    COEFFICIENT_LEARNER_OUTPUT = BBC_COEFFICIENTS_HIDDEN + 1                          /* numbers of an output */
};
/* Numbers of all networks */
enum {
    COEFFICIENT_LEARNER = COEFFICIENT_LEARNER_HIDDEN + BBC_COEFFICIENTS_OUTPUTS * COEFFICIENT_LEARNER_OUTPUT,
    COEFFICIENT_LAST_LEARNER = COEFFICIENT_LEARNER_HIDDEN + 64 * COEFFICIENT_LEARNER_OUTPUT,
    COEFFICIENT_LEARNERS = 2 * (64 * COEFFICIENT_LEARNER + COEFFICIENT_LAST_LEARNER)
};

/* A network in binary32, with `outputs` of them: weights of the hidden layer by feature and unit, of the output layer by
 * output and unit, biases. */
typedef struct {
    float *hidden, *output, *bias;
} coefficient_learner;

static inline coefficient_learner coefficient_learner_at(float *numbers, int outputs)
{
    float *output = numbers + COEFFICIENT_LEARNER_HIDDEN;
    return (coefficient_learner){numbers, output, output + outputs * BBC_COEFFICIENTS_HIDDEN};
}

/* Of coefficient k of luma (0) or chroma (1), k = 64: of the place of the last one */
static inline coefficient_learner coefficient_learner_of(float *all, int chroma, int k)
{
    float *own = all + (size_t)chroma * (COEFFICIENT_LEARNERS / 2) + (size_t)k * COEFFICIENT_LEARNER;
    return coefficient_learner_at(own, k < 64 ? BBC_COEFFICIENTS_OUTPUTS : 64);
}

/* Fill in all networks from the trained ones. */
void bbc_coefficient_learners_begin(const bbc_coefficients_start *start, float *all);

#endif
