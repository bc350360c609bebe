/* Logistic mixing (M. Mahoney, "Adaptive weighing of context models for lossless data compression", 2005, and PAQ8). A
 * decision (one bit) is seen in several contexts at once, each of which has a counter. The stretched probabilities of
 * the counters are summed with weights, and the weights follow the gradient of the coding cost. Several weight sets,
 * each selected by its own small context, mix the same inputs; their results are averaged in the stretched domain. An
 * APM refines the mixed probability, and a binary arithmetic coder codes the bit. Everything is integer arithmetic:
 * encoder and decoder agree on every machine, whatever instructions the compiler chooses. */
#ifndef BBC_MIXER_H
#define BBC_MIXER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "apm.h"
#include "binary_coder.h"
#include "counters.h"
#include "logistic.h"

#define MIXER_INPUTS_MAX 64
#define MIXER_SETS_MAX 3
/* Weights are in 2^-16 and stay within 8, so that sums of 64 products with 10 of those bits fit 32 bits. */
#define MIXER_WEIGHT_LIMIT ((8 << 16) - 1)
/* Weight sets are padded to a multiple of this, so that the loops over them need no remainder. */
#define MIXER_LANES 8
#define MIXER_PADDED(inputs) (((inputs) + MIXER_LANES - 1) / MIXER_LANES * MIXER_LANES)

typedef struct {
    logistic_tables logistic;
    counter_rates rates;
} mixer_tables;

typedef struct {
    int16_t inputs[MIXER_INPUTS_MAX]; /* stretched probabilities */
    counter *counters[COUNTERS_MAX];
    int input_count, counter_count, set_count;
    int distinct;                      /* are the counters known to differ? */
    int32_t *weights[MIXER_SETS_MAX];  /* the weight sets in use */
    int32_t stretched[MIXER_SETS_MAX]; /* the mixed, stretched probability of each */
} mixer;

static inline void mixer_tables_fill(mixer_tables *t)
{
    logistic_tables_fill(&t->logistic);
    counter_rates_fill(&t->rates);
}

/* Begin a decision without inputs; the caller sets `weights`. */
static inline void mixer_begin(mixer *m, int set_count)
{
    m->input_count = m->counter_count = m->distinct = 0;
    m->set_count = set_count;
}

/* Two inputs for a counter: stretch(p) and the centred probability (p - 1/2) scaled to +-1024; both 0 if it was never
 * updated. */
static inline void mixer_add(const mixer_tables *t, mixer *m, counter *c)
{
    const counter value = *c;
    m->inputs[m->input_count++] = value ? t->logistic.stretch[value >> 18] : 0;
    m->inputs[m->input_count++] = (int16_t)(value ? (int32_t)(value >> 21) - 1024 : 0);
    m->counters[m->counter_count++] = c;
}

/* The first inputs of a decision: those of the counter `index` of each bucket. In several loops, for the reason that
 * counter_update_distinct gives. */
static inline void mixer_add_buckets(const mixer_tables *t, mixer *m, counter *const *buckets, int index, int count)
{
    counter values[COUNTERS_MAX];
    int32_t stretched[COUNTERS_MAX];
    uint32_t pairs[COUNTERS_MAX];
    for (int i = 0; i < count; i++) {
        m->counters[i] = buckets[i] + index;
        values[i] = *m->counters[i];
        stretched[i] = t->logistic.stretch[values[i] >> 18];
    }
    const int padded = COUNTERS_PADDED(count);
    for (int i = count; i < padded; i++) values[i] = 0, stretched[i] = 0;
    for (int i = 0; i < padded; i++)
        pairs[i] = values[i] ? ((values[i] >> 21) - 1024) << 16 | (uint16_t)stretched[i] : 0;
    memcpy(m->inputs, pairs, (size_t)count * sizeof *pairs);
    m->counter_count = count;
    m->input_count = 2 * count;
}

/* The mixed, stretched probability of each weight set, and their mean, which is returned. padded: the size of a weight
 * set, a multiple of MIXER_LANES. */
static inline int32_t mixer_mix(mixer *m, int padded)
{
    int32_t total = 0;
    for (int s = 0; s < m->set_count; s++) {
        const int32_t *weights = m->weights[s];
        int32_t sum = 0;
        for (int i = 0; i < padded; i++) sum += m->inputs[i] * (int16_t)(weights[i] >> 6);
        m->stretched[s] = logistic_clamp(sum >> 10);
        total += m->stretched[s];
    }
    return total / m->set_count;
}

/* Each weight set learns from its own error, and each counter counts the bit. rate: weight change in 2^-20 of error
 * times input, up to 32, so that errors fit 16 bits as inputs do: compilers have an instruction for pairs of such
 * products. */
static inline void mixer_update(const mixer_tables *t, mixer *m, int bit, int32_t rate, int padded)
{
    for (int s = 0; s < m->set_count; s++) {
        const int32_t probability = (int32_t)logistic_squash(&t->logistic, m->stretched[s]);
        const int16_t error = (int16_t)(((bit ? 65536 : 0) - probability) * rate >> 6);
        int32_t *weights = m->weights[s];
        for (int i = 0; i < padded; i++) {
            int32_t weight = weights[i] + ((m->inputs[i] * error + (1 << 13)) >> 14);
            weight = weight > MIXER_WEIGHT_LIMIT ? MIXER_WEIGHT_LIMIT : weight;
            weights[i] = weight < -MIXER_WEIGHT_LIMIT ? -MIXER_WEIGHT_LIMIT : weight;
        }
    }
    if (m->distinct) counter_update_distinct(&t->rates, m->counters, m->counter_count, bit);
    else counter_update(&t->rates, m->counters, m->counter_count, bit);
}

/* Mix the inputs, refine the probability by the map `apm`, code the bit (found when decoding, and returned), and let
 * weights, counters and map learn from it. padded: the size of a weight set, more than the inputs so far. */
static inline __attribute__((always_inline)) int mixer_code(binary_coder *c, const mixer_tables *t, mixer *m, int bit,
                                                            uint16_t *apm, int32_t rate, int padded)
{
    uint16_t *point;
    m->inputs[m->input_count++] = 256; /* a constant, whose weight is a bias */
    for (int i = m->input_count; i < padded; i++) m->inputs[i] = 0;
    const int32_t stretched = mixer_mix(m, padded);
    const uint32_t mixed = logistic_squash(&t->logistic, stretched);
    const uint32_t probability = (mixed + apm_refine(apm, stretched, &point)) / 2;
    bit = binary_coder_code(c, bit, probability < 1 ? 1 : probability);
    mixer_update(t, m, bit, rate, padded);
    apm_update(point, bit);
    return bit;
}

#endif
