/* What contexts are made of: sizes quantised in logarithmic steps, and four numbers packed into 64 bits. */
#ifndef BBC_CONTEXTS_H
#define BBC_CONTEXTS_H

#include <stdint.h>

/* The lowest 16 bits of each */
#define CONTEXT_PACK(a, b, c, d) \
    ((uint64_t)(uint16_t)(a) << 48 | (uint64_t)(uint16_t)(b) << 32 | (uint64_t)(uint16_t)(c) << 16 | (uint16_t)(d))

/* Sign and magnitude in octaves: 0, 1, 2, 3-4, 5-8, ... */
static inline int context_octaves(int32_t x)
{
    uint32_t magnitude = (uint32_t)(x < 0 ? -x : x);
    int octaves = magnitude < 3 ? (int)magnitude : 34 - __builtin_clz(magnitude - 1);
    return x < 0 ? -octaves : octaves;
}

/* Magnitude in half octaves: 0, 1, 2, 3, then steps of about 1.4 */
static inline int context_half_octaves(uint32_t magnitude)
{
    if (magnitude < 4) return (int)magnitude;
    int top = 31 - __builtin_clz(magnitude);
    return 2 * top + (int)(magnitude >> (top - 1) & 1);
}

#endif
