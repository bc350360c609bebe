/* The code length of what an arithmetic coder has coded so far, for those who want to know where bits go. Decides no
 * byte. */
#ifndef BBC_CODE_LENGTH_H
#define BBC_CODE_LENGTH_H

#include <stdint.h>

/* In 2^-CODE_LENGTH_FRACTION bits, rounded down: the bytes that were moved out, and by how much the interval, of 64 bits
 * at first, has narrowed to `range` beyond them. The logarithm is found by squaring. */
enum { CODE_LENGTH_FRACTION = 12 };
static inline int64_t code_length(int64_t bytes, uint64_t range)
{
    const int zeros = __builtin_clzll(range | 1);
    uint64_t mantissa = (range | 1) << zeros >> 32; /* of the range, 1 to 2 in 2^-31 */
    int64_t log = 0;
    for (int i = 0; i < CODE_LENGTH_FRACTION; i++) {
        mantissa = mantissa * mantissa >> 31;
        log = log << 1 | (int64_t)(mantissa >> 32);
        mantissa >>= mantissa >> 32;
    }
    return ((8 * bytes + zeros + 1) << CODE_LENGTH_FRACTION) - log;
}

/* How far a position has moved on from `*before`, which it then is. */
static inline int32_t code_length_advance(int64_t *before, int64_t position)
{
    const int64_t from = *before;
    *before = position;
    return (int32_t)(position - from);
}

#endif
