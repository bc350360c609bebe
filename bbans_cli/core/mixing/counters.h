/* Adaptive bit counters (the StateMap of PAQ): each estimates the probability of a 1 in one context, as the share of
 * ones among the bits that it has seen. */
#ifndef BBC_COUNTERS_H
#define BBC_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

/* The probability in 22 bits above a count of 10. A counter that has never been updated is 0. */
typedef uint32_t counter;

#define COUNTERS_MAX 32 /* in one decision; a multiple of COUNTERS_LANES */
#define COUNTERS_LANES 8
#define COUNTERS_PADDED(count) (((count) + COUNTERS_LANES - 1) / COUNTERS_LANES * COUNTERS_LANES)

/* The count ends here: from then on the counter forgets slowly. Tuned by hand, not recorded. */
#define COUNTER_LIMIT 255

/* By a counter's count n, how far one bit moves its probability: 2^16 / (n + 1.5) */
typedef struct {
    uint16_t rate[1024];
} counter_rates;

static inline void counter_rates_fill(counter_rates *r)
{
    for (int n = 0; n < 1024; n++) r->rate[n] = (uint16_t)(131072 / (2 * n + 3));
}

/* In 2^-22 */
static inline uint32_t counter_probability(counter c) { return c ? c >> 10 : 1u << 21; }

/* Move the probability towards the bit by rate / 2^16; rate: below 2^16. */
static inline counter counter_updated(counter c, int32_t rate, int bit)
{
    const int32_t probability = (int32_t)counter_probability(c), count = (int32_t)(c & 1023);
    /* distance * rate / 2^16, rounded down, without its 38 bits: vectors have products of 32 bits alone */
    const int32_t distance = (bit ? (1 << 22) - 1 : 0) - probability;
    const int32_t change = ((distance >> 8) * rate + ((distance & 255) * rate >> 8)) >> 8;
    return (uint32_t)(probability + change) << 10 | (uint32_t)(count < COUNTER_LIMIT ? count + 1 : COUNTER_LIMIT);
}

/* Update counters one after the other: one that occurs twice moves twice. */
static inline void counter_update(const counter_rates *r, counter *const *counters, int count, int bit)
{
    for (int i = 0; i < count; i++) *counters[i] = counter_updated(*counters[i], r->rate[*counters[i] & 1023], bit);
}

/* The same for counters that all differ. The work is in several loops, since compilers vectorise only those that do
 * not go through pointers; the loop over numbers goes on to a multiple of COUNTERS_LANES, and so has no remainder. */
static inline void counter_update_distinct(const counter_rates *r, counter *const *counters, int count, int bit)
{
    counter values[COUNTERS_MAX];
    int32_t rates[COUNTERS_MAX];
    const int padded = COUNTERS_PADDED(count);
    for (int i = count; i < padded; i++) values[i] = 0, rates[i] = 0;
    for (int i = 0; i < count; i++) {
        values[i] = *counters[i];
        rates[i] = r->rate[values[i] & 1023];
    }
    for (int i = 0; i < padded; i++) values[i] = counter_updated(values[i], rates[i], bit);
    for (int i = 0; i < count; i++) *counters[i] = values[i];
}

#endif
