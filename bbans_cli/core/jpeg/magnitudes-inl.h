/* The coder of JPEG coefficients: how a value is coded, by binary decisions (binarisation.h). Each decision mixes the
 * counters of six contexts, four priors and a network. A prior is a Laplace distribution of the value, whose mean and scale
 * were predicted; it gives every decision a probability, that the value lies in one part of an interval rather than in
 * the other. */
#ifndef BBC_MAGNITUDES_INL_H
#define BBC_MAGNITUDES_INL_H

#include "binarisation.h"
#include "coefficient_network-inl.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

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
    /* Of the priors, in the direction of the expected sign: means, and COEFFICIENTS_DECAY_STEPS by scales */
    float means[MAGNITUDE_PRIORS], inverse_scales[MAGNITUDE_PRIORS];
    float lower[MAGNITUDE_PRIORS], upper[MAGNITUDE_PRIORS]; /* their shares above the ends of the interval */
    int32_t prior_inputs[MAGNITUDE_PRIORS];                 /* stretched probabilities */
    const coefficients_network *network;                    /* or NULL */
    int16_t active[COEFFICIENTS_HIDDEN];                    /* the outputs of its hidden layer */
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
    s->network = NULL;
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

/* By node, which output of the network it is that tells its probability; MAGNITUDE_NO_OUTPUT for none */
enum { MAGNITUDE_NO_OUTPUT = COEFFICIENTS_OUTPUTS - 1 };
static const uint8_t MAGNITUDE_OUTPUT[COEFFICIENTS_NODES] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                                             11, 12, 19, 19, 19, 13, 14, 18, 15, 19, 19,
                                                             16, 19, 19, 17, 19, 19, 19, 19, 19, 19};

/* Inputs of the mixer: pairs of int16, eight in a vector of four pairs */
enum { MAGNITUDE_VECTORS = COEFFICIENTS_PADDED / 8 };
#if defined(__SSE2__)
typedef struct {
    __m128i v[MAGNITUDE_VECTORS];
} magnitude_inputs;
#else
typedef struct {
    int16_t x[COEFFICIENTS_PADDED];
} magnitude_inputs;
#endif

static inline __attribute__((always_inline)) magnitude_inputs magnitude_gather(const uint32_t *pairs)
{
    magnitude_inputs m;
#if defined(__SSE2__)
    /* By way of registers, since a vector cannot be loaded soon after its parts were stored. */
    for (int i = 0; i < MAGNITUDE_VECTORS; i++, pairs += 4)
        m.v[i] = _mm_set_epi32((int)pairs[3], (int)pairs[2], (int)pairs[1], (int)pairs[0]);
#else
    memcpy(m.x, pairs, sizeof m.x);
#endif
    return m;
}

/* The sum of products of inputs and weights, modulo 2^32 */
static inline __attribute__((always_inline)) int32_t magnitude_dot(const magnitude_inputs *m, const int16_t *weights)
{
#if defined(__SSE2__)
    __m128i sum = _mm_setzero_si128();
    for (int i = 0; i < MAGNITUDE_VECTORS; i++)
        sum = _mm_add_epi32(sum, _mm_madd_epi16(m->v[i], _mm_loadu_si128((const __m128i *)(weights + 8 * i))));
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4E));
    return _mm_cvtsi128_si32(_mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xB1)));
#else
    uint32_t sum = 0;
    for (int i = 0; i < 8 * MAGNITUDE_VECTORS; i++) sum += (uint32_t)(m->x[i] * weights[i]);
    return (int32_t)sum;
#endif
}

/* weights += inputs * error / 2^16, rounded */
static inline __attribute__((always_inline)) void magnitude_learn(const magnitude_inputs *m, int16_t *weights,
                                                                  int16_t error)
{
#if defined(__SSE2__)
    const __m128i e = _mm_set1_epi16(error);
    for (int i = 0; i < MAGNITUDE_VECTORS; i++) {
        const __m128i rounded = _mm_srli_epi16(_mm_mullo_epi16(m->v[i], e), 15);
        const __m128i change = _mm_add_epi16(_mm_mulhi_epi16(m->v[i], e), rounded);
        __m128i *at = (__m128i *)(weights + 8 * i);
        _mm_storeu_si128(at, _mm_adds_epi16(_mm_loadu_si128(at), change));
    }
#else
    for (int i = 0; i < 8 * MAGNITUDE_VECTORS; i++) {
        const int32_t weight = weights[i] + ((m->x[i] * error + (1 << 15)) >> 16);
        weights[i] = (int16_t)(weight > INT16_MAX ? INT16_MAX : weight < INT16_MIN ? INT16_MIN : weight);
    }
#endif
}

/* Inputs of a decision: two of each counter, as in mixer_add_buckets; of priors and network; and a constant */
static inline __attribute__((always_inline)) void magnitude_find_inputs(const magnitude_context *s, int index, int node,
                                                                        counter **counters, uint32_t *pairs)
{
    const int16_t *stretch = s->p->tables.logistic.stretch;
    for (int i = 0; i < MAGNITUDE_CONTEXTS; i++) {
        counters[i] = s->buckets[i] + index;
        const counter value = *counters[i];
        pairs[i] = value ? ((value >> 21) - 1024) << 16 | (uint16_t)stretch[value >> 18] : 0;
    }
    const int32_t *priors = s->prior_inputs;
    pairs[MAGNITUDE_CONTEXTS] = (uint32_t)priors[1] << 16 | (uint16_t)priors[0];
    pairs[MAGNITUDE_CONTEXTS + 1] = (uint32_t)priors[3] << 16 | (uint16_t)priors[2];
    const int output = MAGNITUDE_OUTPUT[node], told = s->network && output != MAGNITUDE_NO_OUTPUT;
    const int32_t network = told ? coefficient_network_output(s->network, s->active, output) : 0;
    pairs[MAGNITUDE_CONTEXTS + 2] = 256u << 16 | (uint16_t)network;
}

/* One decision: `index` (1 to 15) of the counter within the buckets, `node` (0 to 31) of the weight sets. Mixed by the
 * first `mixed` arrays of weight sets, and refined by as many maps if `refined`. */
static inline __attribute__((always_inline)) int magnitude_mix_bit(magnitude_context *s, int index, int node, int bit,
                                                                   int mixed, int refined)
{
    coefficients_state *p = s->p;
    const logistic_tables *t = &p->tables.logistic;
    counter *counters[MAGNITUDE_CONTEXTS];
    uint32_t pairs[COEFFICIENTS_PADDED / 2] = {0};
    magnitude_find_inputs(s, index, node, counters, pairs);
    const magnitude_inputs m = magnitude_gather(pairs);
    int16_t *weights[COEFFICIENTS_MIXED];
    uint16_t *points[COEFFICIENTS_MIXED];
    int32_t stretched[COEFFICIENTS_MIXED], total = 0;
    for (int i = 0; i < mixed; i++) {
        weights[i] = p->weights[i] + (s->sets[i] + (size_t)node) * COEFFICIENTS_PADDED;
        stretched[i] = logistic_clamp(magnitude_dot(&m, weights[i]) >> COEFFICIENTS_WEIGHT_BITS);
        total += stretched[i];
    }
    uint32_t probability = logistic_squash(t, total / mixed);
    if (refined) {
        uint32_t sum = (uint32_t)mixed * probability;
        for (int i = 0; i < mixed; i++)
            sum += apm_refine(p->apms[i] + (s->sets[i] + (size_t)node) * APM_POINTS, total / mixed, &points[i]);
        probability = sum / (2 * (uint32_t)mixed);
    }
    bit = binary_coder_code(&p->coder, bit, probability < 1 ? 1 : probability);
    for (int i = 0; i < mixed; i++) {
        const int32_t error = (bit ? 65536 : 0) - (int32_t)logistic_squash(t, stretched[i]);
        magnitude_learn(&m, weights[i], (int16_t)(error * COEFFICIENTS_LEARNING_RATE >> 6));
        if (refined) apm_update(points[i], bit);
    }
    if (s->distinct) counter_update_distinct(&p->tables.rates, counters, MAGNITUDE_CONTEXTS, bit);
    else counter_update(&p->tables.rates, counters, MAGNITUDE_CONTEXTS, bit);
    return bit;
}

static int magnitude_code_bit(magnitude_context *s, int index, int node, int bit)
{
    if (s->p->shape.level == 9) return magnitude_mix_bit(s, index, node, bit, COEFFICIENTS_MIXED, 1);
    return magnitude_mix_bit(s, index, node, bit, COEFFICIENTS_MIXED_5, 0);
}

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
    bit = magnitude_code_bit(s, index, node, bit);
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
    return !s->nonzero && magnitude_code_bit(s, 1, 0, is_zero);
}

static int magnitude_code_negative(void *context, int is_negative)
{
    magnitude_context *s = context;
    float all[MAGNITUDE_PRIORS];
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
