/* A binary arithmetic coder for speed: a range coder (G. N. N. Martin, 1979) whose state is the low end and the size of
 * an interval, of 64 bits each. Four bytes at a time move out, so that most bits take no branch but that. An encoder
 * carries into bytes that are out already. Integers only. */
#ifndef BBC_RANGE_CODER_H
#define BBC_RANGE_CODER_H

#include <stddef.h>
#include <stdint.h>

#include "code_length.h"

/* As in binary_coder.h */
enum { RANGE_CODER_ZEROS = 16, RANGE_CODER_AHEAD = 8 };

typedef struct {
    uint64_t low,
        range;         /* the range is above 2^32 - 1; low: when decoding, how far the payload lies above the low end */
    const uint8_t *in; /* NULL when encoding; beyond its end it reads as zeros */
    uint8_t *out;
    size_t size, at; /* of `in` or `out` */
    int full;        /* the output did not fit; the rest is lost */
} range_coder;

static inline uint32_t range_coder_next_word(range_coder *c)
{
    uint32_t word = 0;
    for (int i = 0; i < 4; i++, c->at++) word = word << 8 | (c->at < c->size ? c->in[c->at] : 0);
    return word;
}

/* Whether more was decoded than the payload can hold */
static inline int range_coder_spent(const range_coder *c)
{
    return c->in && c->at > c->size && c->at - c->size > RANGE_CODER_AHEAD + RANGE_CODER_ZEROS;
}

/* The highest `count` bytes */
static inline void range_coder_put(range_coder *c, uint64_t bytes, int count)
{
    for (int i = 0; i < count; i++, bytes <<= 8) {
        if (c->at < c->size) c->out[c->at++] = (uint8_t)(bytes >> 56);
        else c->full = 1;
    }
}

static inline void range_coder_carry(range_coder *c)
{
    for (size_t at = c->at; at > 0 && ++c->out[at - 1] == 0;) at--;
}

/* Encode into `out` if `in` is NULL, else decode from `in`; size: of either, in bytes. */
static inline void range_coder_begin(range_coder *c, const uint8_t *in, uint8_t *out, size_t size)
{
    *c = (range_coder){.range = UINT64_MAX, .in = in, .out = out, .size = size};
    if (in) {
        c->low = (uint64_t)range_coder_next_word(c) << 32;
        c->low |= range_coder_next_word(c);
    }
}

/* Code `bit`, or find it if `decoding`; the bit is returned. probability: of a 1, in 2^-16, 1 to 65535. */
static inline __attribute__((always_inline)) int range_coder_code(range_coder *c, const int decoding, int bit,
                                                                  uint32_t probability)
{
    const uint64_t ones = (c->range >> 16) * probability;
    if (decoding) { /* Without a branch, which could not be predicted. */
        bit = c->low < ones;
        const uint64_t mask = (uint64_t)0 - (uint64_t)bit;
        c->low -= ones & ~mask;
        c->range = (ones & mask) | ((c->range - ones) & ~mask);
    } else {
        const uint64_t mask = (uint64_t)0 - (uint64_t)bit, low = c->low + (ones & ~mask);
        if (low < c->low) range_coder_carry(c);
        c->low = low;
        c->range = (ones & mask) | ((c->range - ones) & ~mask);
    }
    if (c->range <= UINT32_MAX) {
        if (decoding) c->low = c->low << 32 | range_coder_next_word(c);
        else {
            range_coder_put(c, c->low, 4);
            c->low <<= 32;
        }
        c->range <<= 32;
    }
    return bit;
}

/* The code length of all bits since `*position`, which is moved on, as in code_length.h */
static inline int32_t range_coder_advance(const range_coder *c, int64_t *position)
{
    return code_length_advance(position, code_length((int64_t)c->at - (c->in ? 8 : 0), c->range));
}

/* Write the fewest bytes that, with zeros behind them, lie in the interval; returns the size of the output, less zeros at
 * its end, or SIZE_MAX if it did not fit. */
static inline size_t range_coder_end(range_coder *c)
{
    for (int count = 0; count <= 8; count++) {
        const uint64_t below = count == 8 ? 0 : UINT64_MAX >> (8 * count);
        const uint64_t kept = (c->low + below) & ~below;
        if (kept - c->low >= c->range) continue;
        if (kept < c->low) range_coder_carry(c);
        range_coder_put(c, kept, count);
        break;
    }
    for (int i = 0; i < RANGE_CODER_ZEROS && c->at && !c->full && c->out[c->at - 1] == 0; i++) c->at--;
    return c->full ? SIZE_MAX : c->at;
}

#endif
