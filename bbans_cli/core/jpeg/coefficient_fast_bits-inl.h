/* The fast coder of JPEG coefficients: how a binary decision is coded. The stretched probability of a 1 is a sum of
 * cells, one in each of a few contexts, and all of them move by the same step against the error: logistic regression on
 * indicators of contexts, learned by stochastic gradient descent. Integers only. */
#ifndef BBC_COEFFICIENT_FAST_BITS_INL_H
#define BBC_COEFFICIENT_FAST_BITS_INL_H

#include "coefficients_types.h"

#define FAST_INLINE static inline __attribute__((always_inline))

/* Decisions of a value: cells of a context */
enum { FAST_ZERO, FAST_NEGATIVE, FAST_LONGER, FAST_MANTISSA = 10, FAST_SECOND = 14, FAST_LENGTH_MAX = 17 };

/* The context that is the most general */
enum { FAST_WIDEST = COEFFICIENTS_FAST_CONTEXTS - 1 };

/* Steps in 2^-12 for an error of 1: from the first down to the least as the blocks of luma or of chroma become
 * more; half of the first step is left after so many blocks. docs/experiments.md, The fast coder of coefficients */
enum { FAST_FIRST_STEP = 500, FAST_LEAST_STEP = 80, FAST_HALF_BLOCKS = 1000 };

/* What a value is coded with. It is local to a block, so that the coder stays in registers. */
typedef struct {
    range_coder coder;
    const uint16_t *squash;
    coefficients_cell *contexts[COEFFICIENTS_FAST_CONTEXTS];
    int32_t step;
    int decoding;
} fast_value;

static inline int32_t fast_step(int64_t blocks)
{
    const int32_t step = (int32_t)((int64_t)FAST_FIRST_STEP * FAST_HALF_BLOCKS / (FAST_HALF_BLOCKS + blocks));
    return step > FAST_LEAST_STEP ? step : FAST_LEAST_STEP;
}

FAST_INLINE uint32_t fast_probability(const fast_value *s, int32_t sum)
{
    const int32_t limited = sum > INT16_MAX ? INT16_MAX : sum < INT16_MIN ? INT16_MIN : sum;
    return s->squash[(limited + (1 << 15)) >> (16 - COEFFICIENTS_FAST_SQUASH_BITS)];
}

/* The step of all cells after a bit */
FAST_INLINE int32_t fast_change(const fast_value *s, int bit, uint32_t probability)
{
    return (((bit << 16) - (int32_t)probability) * s->step + (1 << 15)) >> 16;
}

/* One decision: by the cells `node` of all contexts */
FAST_INLINE int fast_code_bit(fast_value *s, int node, int bit)
{
    int32_t sum = 0;
    for (int i = 0; i < COEFFICIENTS_FAST_CONTEXTS; i++) sum += s->contexts[i][node];
    const uint32_t probability = fast_probability(s, sum);
    bit = range_coder_code(&s->coder, s->decoding, bit, probability);
    const int32_t change = fast_change(s, bit, probability);
    for (int i = 0; i < COEFFICIENTS_FAST_CONTEXTS; i++)
        s->contexts[i][node] = (coefficients_cell)(s->contexts[i][node] + change);
    return bit;
}

/* One decision by one cell, whose steps are twice as large */
FAST_INLINE int fast_code_alone(fast_value *s, coefficients_cell *cell, int bit)
{
    const uint32_t probability = fast_probability(s, *cell);
    bit = range_coder_code(&s->coder, s->decoding, bit, probability);
    *cell = (coefficients_cell)(*cell + 2 * fast_change(s, bit, probability));
    return bit;
}

/* A bit of which nothing is known */
FAST_INLINE int fast_code_plain(fast_value *s, int bit)
{
    return range_coder_code(&s->coder, s->decoding, bit, 1 << 15);
}

/* The magnitude of a value that is not zero */
FAST_INLINE int fast_code_magnitude(fast_value *s, uint32_t magnitude)
{
    const int target = magnitude ? 32 - __builtin_clz(magnitude) : 1;
    int length = 1;
    while (length < FAST_LENGTH_MAX) {
        const int node = FAST_LONGER + (length < 8 ? length - 1 : 7);
        if (!fast_code_bit(s, node, target > length)) break;
        length++;
    }
    uint32_t prefix = 1;
    for (int place = 0; place < length - 1; place++) {
        int bit = (int)(magnitude >> (length - 2 - place) & 1);
        if (place == 0) bit = fast_code_bit(s, FAST_MANTISSA + (length < 5 ? length - 2 : 3), bit);
        else if (place == 1) bit = fast_code_alone(s, s->contexts[FAST_WIDEST] + FAST_SECOND + (length > 3), bit);
        else bit = fast_code_plain(s, bit);
        prefix = prefix << 1 | (uint32_t)bit;
    }
    return (int)prefix;
}

#endif
