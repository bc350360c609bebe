/* The coder of JPEG coefficients: one binary decision. It mixes the counters of two contexts, six at level 9, with four
 * priors and a network, as mixer.h does, but in 16 bits. */
#ifndef BBC_MAGNITUDE_MIXING_INL_H
#define BBC_MAGNITUDE_MIXING_INL_H

#include "coefficient_learning-inl.h"
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
    int count; /* of contexts that are used: the first ones */
    size_t sets[COEFFICIENTS_MIXED];
    int flip;    /* is the value expected to be negative? The priors are mirrored then. */
    int nonzero; /* is the value known not to be zero? */
    int against; /* has the value the sign that was not expected? */
    /* Of the priors, in the direction of the expected sign: means, and COEFFICIENTS_DECAY_STEPS by scales */
    float means[MAGNITUDE_PRIORS], inverse_scales[MAGNITUDE_PRIORS];
    float lower[MAGNITUDE_PRIORS], upper[MAGNITUDE_PRIORS]; /* their shares above the ends of the interval */
    int32_t prior_inputs[MAGNITUDE_PRIORS];                 /* stretched probabilities */
    const int16_t *outputs, *biases;                        /* a network's output layer */
    int16_t active[COEFFICIENTS_HIDDEN];                    /* the outputs of its hidden layer */
    coefficient_learning learning;                          /* the same at level 9 */
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
    s->count = p->shape.level == 9 ? MAGNITUDE_CONTEXTS : COEFFICIENTS_CONTEXTS_5;
}

/* Let a network tell probabilities too: that of coefficient k, or, for k = 64, of the place of the last one. `features` must
 * live as long as `s`. */
static inline void magnitude_run_network(magnitude_context *s, int chroma, int k, const int16_t *features)
{
    const bbc_coefficients_start *start = s->p->start_values;
    if (s->p->shape.level == 9) {
        coefficient_learning_run(&s->learning, coefficient_learner_of(s->p->learners, chroma, k), features);
        return;
    }
    const int16_t *network = k < 64 ? start->networks[chroma][k] : start->last_networks[chroma];
    coefficient_network_hidden(network, features, s->active);
    s->outputs = network + COEFFICIENTS_FEATURES * COEFFICIENTS_HIDDEN;
    s->biases = s->outputs + COEFFICIENTS_HIDDEN * (k < 64 ? COEFFICIENTS_OUTPUTS : COEFFICIENTS_PLACES);
}

/* The stretched probability that the network tells of a decision; 0 if it has no output for that */
static inline __attribute__((always_inline)) int32_t magnitude_told(const magnitude_context *s, int output, int learns)
{
    if (output < 0) return 0;
    if (learns) return coefficient_learning_output(&s->learning, output);
    return coefficient_network_output(s->outputs + output * COEFFICIENTS_HIDDEN, s->biases[output], s->active);
}

/* Prefetch the buckets of all contexts for a group of up to 15 decisions. There is other work to do until they arrive;
 * magnitude_claim_buckets must follow before the first decision. */
static inline void magnitude_prefetch(magnitude_context *s, int group)
{
    for (int k = 0; k < s->count; k++) s->hashes[k] = bucket_hash((uint64_t)(group << 8 | k), s->contexts[k]);
    bucket_prefetch(s->p->buckets, s->p->shape.bucket_bits, s->hashes, s->buckets, s->count);
}

static inline void magnitude_claim_buckets(magnitude_context *s) { bucket_claim(s->hashes, s->buckets, s->count); }

/* Inputs of the mixer: pairs of int16, eight in a vector of four pairs. Level 5 has 16 of them, level 9 has 24. */
enum { MAGNITUDE_VECTORS = COEFFICIENTS_INPUTS / 8 };
#if defined(__SSE2__)
typedef struct {
    __m128i v[MAGNITUDE_VECTORS];
} magnitude_inputs;
#else
typedef struct {
    int16_t x[COEFFICIENTS_INPUTS];
} magnitude_inputs;
#endif

static inline __attribute__((always_inline)) magnitude_inputs magnitude_gather(const uint32_t *pairs, int vectors)
{
    magnitude_inputs m;
#if defined(__SSE2__)
    /* By way of registers, since a vector cannot be loaded soon after its parts were stored. */
    for (int i = 0; i < vectors; i++, pairs += 4)
        m.v[i] = _mm_set_epi32((int)pairs[3], (int)pairs[2], (int)pairs[1], (int)pairs[0]);
#else
    memcpy(m.x, pairs, 16 * (size_t)vectors);
#endif
    return m;
}

/* The sum of products of inputs and weights, modulo 2^32 */
static inline __attribute__((always_inline)) int32_t magnitude_dot(const magnitude_inputs *m, const int16_t *weights,
                                                                   int vectors)
{
#if defined(__SSE2__)
    __m128i sum = _mm_setzero_si128();
    for (int i = 0; i < vectors; i++)
        sum = _mm_add_epi32(sum, _mm_madd_epi16(m->v[i], _mm_loadu_si128((const __m128i *)(weights + 8 * i))));
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4E));
    return _mm_cvtsi128_si32(_mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xB1)));
#else
    uint32_t sum = 0;
    for (int i = 0; i < 8 * vectors; i++) sum += (uint32_t)(m->x[i] * weights[i]);
    return (int32_t)sum;
#endif
}

/* weights += inputs * error / 2^16, rounded */
static inline __attribute__((always_inline)) void magnitude_learn(const magnitude_inputs *m, int16_t *weights,
                                                                  int16_t error, int vectors)
{
#if defined(__SSE2__)
    const __m128i e = _mm_set1_epi16(error);
    for (int i = 0; i < vectors; i++) {
        const __m128i rounded = _mm_srli_epi16(_mm_mullo_epi16(m->v[i], e), 15);
        const __m128i change = _mm_add_epi16(_mm_mulhi_epi16(m->v[i], e), rounded);
        __m128i *at = (__m128i *)(weights + 8 * i);
        _mm_storeu_si128(at, _mm_adds_epi16(_mm_loadu_si128(at), change));
    }
#else
    for (int i = 0; i < 8 * vectors; i++) {
        const int32_t weight = weights[i] + ((m->x[i] * error + (1 << 15)) >> 16);
        weights[i] = (int16_t)(weight > INT16_MAX ? INT16_MAX : weight < INT16_MIN ? INT16_MIN : weight);
    }
#endif
}

/* Inputs of a decision: of priors and network; a constant; two of each counter, as in mixer_add_buckets */
static inline __attribute__((always_inline)) void magnitude_find_inputs(const magnitude_context *s, int index,
                                                                        int32_t told, int contexts, counter **counters,
                                                                        uint32_t *pairs)
{
    const int32_t *priors = s->prior_inputs;
    *pairs++ = (uint32_t)priors[1] << 16 | (uint16_t)priors[0];
    *pairs++ = (uint32_t)priors[3] << 16 | (uint16_t)priors[2];
    *pairs++ = 256u << 16 | (uint16_t)told;
    const int16_t *stretch = s->p->tables.logistic.stretch;
    for (int i = 0; i < contexts; i++) {
        counters[i] = s->buckets[i] + index;
        const counter value = *counters[i];
        pairs[i] = value ? ((value >> 21) - 1024) << 16 | (uint16_t)stretch[value >> 18] : 0;
    }
}

/* As counter_updated, with a product of 64 bits: for so few counters vectors do not pay. */
static inline void magnitude_count(const counter_rates *r, counter *c, int bit)
{
    const counter value = *c;
    const int64_t probability = counter_probability(value), count = value & 1023;
    const int64_t change = ((bit ? (1 << 22) - 1 : 0) - probability) * r->rate[count] >> 16;
    *c = (uint32_t)(probability + change) << 10 | (uint32_t)(count < COUNTER_LIMIT ? count + 1 : COUNTER_LIMIT);
}

/* One decision: `index` (1 to 15) of the counter within the buckets, `node` (0 to 31) of the weight sets, `output` of the
 * network, or -1. Of the first `contexts` contexts, mixed by the first `mixed` arrays of weight sets. At the best level, refined by as many maps, and the network learns. */
static inline __attribute__((always_inline)) int magnitude_mix_bit(magnitude_context *s, int index, int node,
                                                                   int output, int bit, int contexts, int mixed,
                                                                   int best)
{
    coefficients_state *p = s->p;
    const logistic_tables *t = &p->tables.logistic;
    const int vectors = (2 * contexts + MAGNITUDE_PRIORS + 2 + 7) / 8;
    counter *counters[MAGNITUDE_CONTEXTS];
    uint32_t pairs[COEFFICIENTS_INPUTS / 2] = {0};
    const int32_t told = magnitude_told(s, output, best);
    magnitude_find_inputs(s, index, told, contexts, counters, pairs);
    const magnitude_inputs m = magnitude_gather(pairs, vectors);
    int16_t *weights[COEFFICIENTS_MIXED];
    uint16_t *points[COEFFICIENTS_MIXED];
    int32_t stretched[COEFFICIENTS_MIXED], total = 0;
    for (int i = 0; i < mixed; i++) {
        weights[i] = p->weights[i] + (s->sets[i] + (size_t)node) * 8 * (size_t)vectors;
        stretched[i] = logistic_clamp(magnitude_dot(&m, weights[i], vectors) >> COEFFICIENTS_WEIGHT_BITS);
        total += stretched[i];
    }
    uint32_t probability = logistic_squash(t, total / mixed);
    if (best) {
        uint32_t sum = (uint32_t)mixed * probability;
        for (int i = 0; i < mixed; i++)
            sum += apm_refine(p->apms[i] + (s->sets[i] + (size_t)node) * APM_POINTS, total / mixed, &points[i]);
        probability = sum / (2 * (uint32_t)mixed);
    }
    bit = binary_coder_code(&p->coder, bit, probability < 1 ? 1 : probability);
    for (int i = 0; i < mixed; i++) {
        const int32_t error = (bit ? 65536 : 0) - (int32_t)logistic_squash(t, stretched[i]);
        magnitude_learn(&m, weights[i], (int16_t)(error * COEFFICIENTS_LEARNING_RATE >> 6), vectors);
        if (best) apm_update(points[i], bit);
    }
    if (best && output >= 0)
        coefficient_learning_decide(&s->learning, output, (bit ? 65536 : 0) - (int32_t)logistic_squash(t, told));
    for (int i = 0; i < contexts; i++) magnitude_count(&p->tables.rates, counters[i], bit);
    return bit;
}

static int magnitude_code_bit(magnitude_context *s, int index, int node, int output, int bit)
{
    if (s->p->shape.level == 9)
        return magnitude_mix_bit(s, index, node, output, bit, COEFFICIENTS_CONTEXTS, COEFFICIENTS_MIXED, 1);
    return magnitude_mix_bit(s, index, node, output, bit, COEFFICIENTS_CONTEXTS_5, COEFFICIENTS_MIXED_5, 0);
}

#endif
