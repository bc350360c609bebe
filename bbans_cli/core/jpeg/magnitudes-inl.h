/* The coder of JPEG coefficients: how a value is coded, by binary decisions (binarisation.h), which
 * magnitude_mixing-inl.h codes. A prior is a Laplace distribution of the value, whose mean and scale were predicted; it
 * gives every decision a probability, that the value lies in one part of an interval rather than in the other. */
#ifndef BBC_MAGNITUDES_INL_H
#define BBC_MAGNITUDES_INL_H

#include "binarisation.h"
#include "magnitude_mixing-inl.h"

/* By node of a value, which output of the network it is that tells its probability; -1 for none */
static const int8_t MAGNITUDE_OUTPUT[COEFFICIENTS_NODES] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                                            11, 12, -1, -1, -1, 13, 14, 18, 15, -1, -1,
                                                            16, -1, -1, 17, -1, -1, -1, -1, -1, -1};

/* ---- priors ---- */

/* Loops over the priors become vectors: hence arrays, and no branch. */

/* The share of each prior above x, or, mirrored, below -x */
static inline void magnitude_share_above(const magnitude_context *s, float x, int mirrored, float *out)
{
    const float *decay = s->p->decay;
    float away[MAGNITUDE_PRIORS];
    int32_t places[MAGNITUDE_PRIORS];
    for (int k = 0; k < MAGNITUDE_PRIORS; k++) {
        away[k] = x - (mirrored ? -s->means[k] : s->means[k]);
        const float place = fabsf(away[k]) * s->inverse_scales[k];
        places[k] = (int32_t)(place < COEFFICIENTS_DECAY - 1 ? place : COEFFICIENTS_DECAY - 1);
    }
    for (int k = 0; k < MAGNITUDE_PRIORS; k++) {
        const float half = decay[places[k]];
        out[k] = away[k] > 0 ? half : 1 - half;
    }
}

/* Mixer inputs: the stretched probability of `yes` among `all`, by each prior */
static inline void magnitude_stretch_priors(magnitude_context *s, const float *yes, const float *all)
{
    const int16_t *stretch = s->p->tables.logistic.stretch;
    int32_t places[MAGNITUDE_PRIORS];
    for (int k = 0; k < MAGNITUDE_PRIORS; k++) {
        float probability = yes[k] / all[k] * 65536;
        probability = probability > 0 ? probability : 0;
        places[k] = (int32_t)(probability < 65535 ? probability : 65535) >> 2;
    }
    for (int k = 0; k < MAGNITUDE_PRIORS; k++) s->prior_inputs[k] = all[k] > 1e-30f ? stretch[places[k]] : 0;
}

/* Is the value, known to lie in an interval, above `split`? */
static int magnitude_code_above(magnitude_context *s, float split, int index, int node, int bit)
{
    float middle[MAGNITUDE_PRIORS], yes[MAGNITUDE_PRIORS], all[MAGNITUDE_PRIORS];
    magnitude_share_above(s, split, 0, middle);
    for (int k = 0; k < MAGNITUDE_PRIORS; k++) {
        yes[k] = middle[k] - s->upper[k];
        all[k] = s->lower[k] - s->upper[k];
    }
    magnitude_stretch_priors(s, yes, all);
    bit = magnitude_code_bit(s, index, node, MAGNITUDE_OUTPUT[node], bit);
    memcpy(bit ? s->lower : s->upper, middle, sizeof middle);
    return bit;
}

/* ---- the functions of the binarisation ---- */

static int magnitude_code_zero(void *context, int is_zero)
{
    magnitude_context *s = context;
    float zero[MAGNITUDE_PRIORS], all[MAGNITUDE_PRIORS];
    /* The buckets are on their way from memory meanwhile. */
    magnitude_share_above(s, 0.5f, 0, s->lower);
    magnitude_share_above(s, 0.5f, 1, s->upper);
    for (int k = 0; k < MAGNITUDE_PRIORS; k++) {
        zero[k] = 1 - s->lower[k] - s->upper[k];
        all[k] = 1;
    }
    magnitude_stretch_priors(s, zero, all);
    magnitude_claim_buckets(s);
    return !s->nonzero && magnitude_code_bit(s, 1, 0, 0, is_zero);
}

static int magnitude_code_negative(void *context, int is_negative)
{
    magnitude_context *s = context;
    float all[MAGNITUDE_PRIORS];
    for (int k = 0; k < MAGNITUDE_PRIORS; k++) all[k] = s->lower[k] + s->upper[k];
    magnitude_stretch_priors(s, s->upper, all);
    s->against = magnitude_code_bit(s, 2, 1, 1, is_negative != s->flip);
    for (int k = 0; k < MAGNITUDE_PRIORS; k++) {
        if (s->against) s->means[k] = -s->means[k];
        if (s->against) s->lower[k] = s->upper[k];
        s->upper[k] = 0;
    }
    return s->against != s->flip;
}

static int magnitude_code_longer(void *context, int length, int is_longer)
{
    magnitude_context *s = context;
    const int node = length < 3 ? 2 * length + s->against : length < 12 ? 3 + length : 15;
    return magnitude_code_above(s, (float)(1 << length) - 0.5f, node < 8 ? 1 + node : 9, node, is_longer);
}

/* Up to 15 all decisions have a counter of their own in a bucket. */
static int magnitude_code_mantissa(void *context, int length, int place, uint32_t prefix, int bit)
{
    int node = (length > 5 ? 25 : 22) + (place < 2 ? place : 2);
    if (length < 5) node = 16 + (length - 2) * (length - 1) / 2 + place;
    const int index = node < 20 ? node - 6 : node == 20 ? 14 : 15;
    const float split = (float)((2 * prefix + 1) << (length - 2 - place)) - 0.5f;
    return magnitude_code_above(context, split, index, node, bit);
}

static const binarisation MAGNITUDE_BINARISATION = {
    .zero = magnitude_code_zero,
    .negative = magnitude_code_negative,
    .longer = magnitude_code_longer,
    .mantissa = magnitude_code_mantissa,
    .length_max = 17, /* residuals of DC have up to 17 bits */
};

/* Code a value, whose contexts, priors and buckets were set. Not inlined, as it is large and used twice. */
static int32_t magnitude_code_value(magnitude_context *s, int32_t value)
{
    return binarisation_code(&MAGNITUDE_BINARISATION, s, value);
}

#endif
