/* The coder of JPEG coefficients: how a value is coded, by binary decisions (binarisation.h). Each decision mixes the
 * counters of twelve contexts and four priors. A prior is a Laplace distribution of the value, whose mean and scale
 * were predicted; it gives every decision a probability, that the value lies in one part of an interval rather than in
 * the other. */
#ifndef BBC_MAGNITUDES_INL_H
#define BBC_MAGNITUDES_INL_H

#include "binarisation.h"
#include "coefficients_types.h"

enum { MAGNITUDE_CONTEXTS = COEFFICIENTS_CONTEXTS, MAGNITUDE_PRIORS = COEFFICIENTS_PRIORS };

/* What a value is coded with */
typedef struct {
    coefficients_state *p;
    uint64_t contexts[MAGNITUDE_CONTEXTS];
    uint32_t hashes[MAGNITUDE_CONTEXTS];
    counter *buckets[MAGNITUDE_CONTEXTS];
    int distinct; /* are the buckets all different? */
    size_t sets[COEFFICIENTS_MIXED];
    int flip;    /* is the value expected to be negative? The priors are mirrored then. */
    int nonzero; /* is the value known not to be zero? */
    int against; /* has the value the sign that was not expected? */
    double means[MAGNITUDE_PRIORS], scales[MAGNITUDE_PRIORS]; /* of the priors, in the direction of the expected sign */
    double lower[MAGNITUDE_PRIORS], upper[MAGNITUDE_PRIORS];  /* their shares above the ends of the interval */
    int32_t prior_inputs[MAGNITUDE_PRIORS];                   /* stretched probabilities */
} magnitude_context;

/* levels: the contexts of the weight sets of each array */
static inline void magnitude_begin(magnitude_context *s, coefficients_state *p, int c, int kind,
                                   const int levels[COEFFICIENTS_MIXED])
{
    s->p = p;
    s->flip = s->nonzero = s->against = 0;
    for (int i = 0; i < COEFFICIENTS_MIXED; i++) {
        int level = levels[i] < COEFFICIENTS_LEVELS ? levels[i] : COEFFICIENTS_LEVELS - 1;
        int row = ((c > 0) * COEFFICIENTS_KINDS + kind) * COEFFICIENTS_LEVELS + level;
        s->sets[i] = (size_t)(row * COEFFICIENTS_NODES);
    }
    for (int k = 0; k < MAGNITUDE_PRIORS; k++) s->prior_inputs[k] = 0;
}

/* Prefetch the buckets of all contexts for a group of up to 15 decisions. There is other work to do until they arrive;
 * magnitude_claim_buckets must follow before the first decision. */
static inline void magnitude_prefetch(magnitude_context *s, int group)
{
    for (int k = 0; k < MAGNITUDE_CONTEXTS; k++) s->hashes[k] = bucket_hash((uint64_t)(group << 8 | k), s->contexts[k]);
    bucket_prefetch(s->p->buckets, s->p->shape.bucket_bits, s->hashes, s->buckets, MAGNITUDE_CONTEXTS);
}

static inline void magnitude_claim_buckets(magnitude_context *s)
{
    bucket_claim(s->hashes, s->buckets, MAGNITUDE_CONTEXTS);
    s->distinct = bucket_all_distinct(s->p->shape.bucket_bits, s->hashes, MAGNITUDE_CONTEXTS);
}

/* One decision: `index` (1 to 15) of the counter within the buckets, `node` (0 to 31) of the weight sets. */
static int magnitude_code_bit(magnitude_context *s, int index, int node, int bit)
{
    coefficients_state *p = s->p;
    mixer m;
    mixer_begin(&m, COEFFICIENTS_MIXED);
    m.distinct = s->distinct;
    mixer_add_buckets(&p->tables, &m, s->buckets, index, MAGNITUDE_CONTEXTS);
    for (int k = 0; k < MAGNITUDE_PRIORS; k++) m.inputs[m.input_count++] = (int16_t)s->prior_inputs[k];
    for (int i = 0; i < COEFFICIENTS_MIXED; i++)
        m.weights[i] = p->weights[i] + (s->sets[i] + (size_t)node) * COEFFICIENTS_PADDED;
    uint16_t *apm = p->apms + (s->sets[1] + (size_t)node) * APM_POINTS;
    return mixer_code(&p->coder, &p->tables, &m, bit, apm, COEFFICIENTS_LEARNING_RATE, COEFFICIENTS_PADDED);
}

/* ---- priors ---- */

/* Loops over the priors become vectors, as their four doubles fill one of AVX2's: hence arrays, and no branch. */

/* e^-x for x >= 0, roughly; made of operations whose results IEEE 754 fixes, so that all machines agree */
static inline double magnitude_decay(double x)
{
    const double part = (x < 500 ? x : 500) / 256;
    double power = 1 + part * (1 + part / 2 * (1 + part / 3 * (1 + part / 4)));
    for (int i = 0; i < 8; i++) power *= power;
    return 1 / power;
}

/* The share of each prior above x, or, mirrored, below -x */
static inline void magnitude_share_above(const magnitude_context *s, double x, int mirrored, double *out)
{
    for (int k = 0; k < MAGNITUDE_PRIORS; k++) {
        const double away = x - (mirrored ? -s->means[k] : s->means[k]);
        const double half = 0.5 * magnitude_decay(fabs(away) / s->scales[k]);
        out[k] = away > 0 ? half : 1 - half;
    }
}

/* Mixer inputs: the stretched probability of `yes` among `all`, by each prior */
static inline void magnitude_stretch_priors(magnitude_context *s, const double *yes, const double *all)
{
    const int16_t *stretch = s->p->tables.logistic.stretch;
    int32_t places[MAGNITUDE_PRIORS];
    for (int k = 0; k < MAGNITUDE_PRIORS; k++) {
        double probability = yes[k] / all[k] * 65536;
        probability = probability > 0 ? probability : 0;
        places[k] = (int32_t)(probability < 65535 ? probability : 65535) >> 2;
    }
    for (int k = 0; k < MAGNITUDE_PRIORS; k++) s->prior_inputs[k] = all[k] > 1e-200 ? stretch[places[k]] : 0;
}

/* Is the value, known to lie in an interval, above `split`? */
static int magnitude_code_above(magnitude_context *s, double split, int index, int node, int bit)
{
    double middle[MAGNITUDE_PRIORS], yes[MAGNITUDE_PRIORS], all[MAGNITUDE_PRIORS];
    magnitude_share_above(s, split, 0, middle);
    for (int k = 0; k < MAGNITUDE_PRIORS; k++) {
        yes[k] = middle[k] - s->upper[k];
        all[k] = s->lower[k] - s->upper[k];
    }
    magnitude_stretch_priors(s, yes, all);
    bit = magnitude_code_bit(s, index, node, bit);
    memcpy(bit ? s->lower : s->upper, middle, sizeof middle);
    return bit;
}

/* ---- the functions of the binarisation ---- */

static int magnitude_code_zero(void *context, int is_zero)
{
    magnitude_context *s = context;
    double zero[MAGNITUDE_PRIORS], all[MAGNITUDE_PRIORS];
    /* The buckets are on their way from memory meanwhile. */
    magnitude_share_above(s, 0.5, 0, s->lower);
    magnitude_share_above(s, 0.5, 1, s->upper);
    for (int k = 0; k < MAGNITUDE_PRIORS; k++) {
        zero[k] = 1 - s->lower[k] - s->upper[k];
        all[k] = 1;
    }
    magnitude_stretch_priors(s, zero, all);
    magnitude_claim_buckets(s);
    return !s->nonzero && magnitude_code_bit(s, 1, 0, is_zero);
}

static int magnitude_code_negative(void *context, int is_negative)
{
    magnitude_context *s = context;
    double all[MAGNITUDE_PRIORS];
    for (int k = 0; k < MAGNITUDE_PRIORS; k++) all[k] = s->lower[k] + s->upper[k];
    magnitude_stretch_priors(s, s->upper, all);
    s->against = magnitude_code_bit(s, 2, 1, is_negative != s->flip);
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
    return magnitude_code_above(s, (1 << length) - 0.5, node < 8 ? 1 + node : 9, node, is_longer);
}

/* Up to 15 all decisions have a counter of their own in a bucket. */
static int magnitude_code_mantissa(void *context, int length, int place, uint32_t prefix, int bit)
{
    int node = (length > 5 ? 25 : 22) + (place < 2 ? place : 2);
    if (length < 5) node = 16 + (length - 2) * (length - 1) / 2 + place;
    const int index = node < 20 ? node - 6 : node == 20 ? 14 : 15;
    const double split = (double)((2 * prefix + 1) << (length - 2 - place)) - 0.5;
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
