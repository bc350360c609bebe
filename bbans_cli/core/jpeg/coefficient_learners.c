/* The networks of the coder of JPEG coefficients at level 9, as they begin. Those of the start are integers: a unit's sum loses 6
 * bits, an output's 12, features are in 1/32, results in 1/256. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "coefficient_learners.h"

enum {
    COEFFICIENT_LEARNERS_UNITS = BBC_COEFFICIENTS_HIDDEN,
    COEFFICIENT_LEARNERS_FEATURES = BBC_COEFFICIENTS_FEATURES
};
#define COEFFICIENT_LEARNERS_HIDDEN_SCALE 0.5     /* 32 / 2^6 */
#define COEFFICIENT_LEARNERS_OUTPUT_SCALE 0x1p-20 /* 1 / 2^12 / 256 */

/* The first unit's weights are side by side with those of the next feature (bbc_coefficients_start). A unit computes the
 * same if its weights are multiplied by a number, and those of the outputs divided by it. So that both layers learn at one
 * rate, it is such that both have equal norms. */
static void coefficient_learners_unit(const int16_t *trained, int outputs, int unit, coefficient_learner to)
{
    const int16_t *trained_output = trained + COEFFICIENT_LEARNERS_FEATURES * COEFFICIENT_LEARNERS_UNITS + unit;
    double inner = 1e-9, outer = 1e-9;
    for (int i = 0; i < COEFFICIENT_LEARNERS_FEATURES; i++) {
        const double x =
            trained[(i / 2 * COEFFICIENT_LEARNERS_UNITS + unit) * 2 + i % 2] * COEFFICIENT_LEARNERS_HIDDEN_SCALE;
        inner += x * x;
        to.hidden[i * COEFFICIENT_LEARNERS_UNITS + unit] = (float)x;
    }
    for (int o = 0; o < outputs; o++) {
        const double x = trained_output[o * COEFFICIENT_LEARNERS_UNITS] * COEFFICIENT_LEARNERS_OUTPUT_SCALE;
        outer += x * x;
        to.output[o * COEFFICIENT_LEARNERS_UNITS + unit] = (float)x;
    }
    const float ratio = (float)sqrt(sqrt(outer / inner));
    for (int i = 0; i < COEFFICIENT_LEARNERS_FEATURES; i++) to.hidden[i * COEFFICIENT_LEARNERS_UNITS + unit] *= ratio;
    for (int o = 0; o < outputs; o++) to.output[o * COEFFICIENT_LEARNERS_UNITS + unit] /= ratio;
}

static void coefficient_learners_network(const int16_t *trained, int outputs, coefficient_learner to)
{
    const int16_t *bias = trained + (COEFFICIENT_LEARNERS_FEATURES + outputs) * COEFFICIENT_LEARNERS_UNITS;
    for (int unit = 0; unit < COEFFICIENT_LEARNERS_UNITS; unit++) coefficient_learners_unit(trained, outputs, unit, to);
    for (int o = 0; o < outputs; o++) to.bias[o] = (float)bias[o] / 256;
}

void bbc_coefficient_learners_begin(const bbc_coefficients_start *start, float *all)
{
    for (int chroma = 0; chroma < 2; chroma++) {
        for (int k = 0; k < 64; k++)
            coefficient_learners_network(start->networks[chroma][k], BBC_COEFFICIENTS_OUTPUTS,
                                         coefficient_learner_of(all, chroma, k));
        coefficient_learners_network(start->last_networks[chroma], 64, coefficient_learner_of(all, chroma, 64));
    }
}
