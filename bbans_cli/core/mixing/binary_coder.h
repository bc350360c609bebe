/* A binary arithmetic coder: the interval [low, high] of 64-bit integers narrows with each bit, and leading bytes that
 * both ends share are moved out. The method is that of the coder in M. Mahoney's lpaq, with 64 bits in place of 32: no
 * carry can occur, since bytes leave only when they can no longer change. Integers only. */
#ifndef BBC_BINARY_CODER_H
#define BBC_BINARY_CODER_H

#include <stddef.h>
#include <stdint.h>

#include "code_length.h"

/* Zero bytes at its end that a payload lacks at most. A decoder has read 8 bytes more than the encoder had put out, so
 * that one which is further behind the end has a damaged payload: it stops there, and not after all that the header
 * promises. */
enum { BINARY_CODER_ZEROS = 16, BINARY_CODER_AHEAD = 8 };

typedef struct {
    uint64_t low, high, value; /* value: the next 64 bits of the payload, when decoding */
    const uint8_t *in;         /* NULL when encoding; beyond its end it reads as zeros */
    uint8_t *out;
    size_t size, at; /* of `in` or `out` */
    int full;        /* the output did not fit; the rest is lost */
} binary_coder;

static inline uint8_t binary_coder_next_byte(binary_coder *c)
{
    size_t at = c->at++;
    return at < c->size ? c->in[at] : 0;
}

/* Whether more was decoded than the payload can hold */
static inline int binary_coder_spent(const binary_coder *c)
{
    return c->in && c->at > c->size && c->at - c->size > BINARY_CODER_AHEAD + BINARY_CODER_ZEROS;
}

static inline void binary_coder_put_byte(binary_coder *c, uint8_t byte)
{
    if (c->at < c->size) c->out[c->at++] = byte;
    else c->full = 1;
}

/* Encode into `out` if `in` is NULL, else decode from `in`; size: of either, in bytes. */
static inline void binary_coder_begin(binary_coder *c, const uint8_t *in, uint8_t *out, size_t size)
{
    *c = (binary_coder){.high = UINT64_MAX, .in = in, .out = out, .size = size};
    if (in)
        for (int i = 0; i < 8; i++) c->value = c->value << 8 | binary_coder_next_byte(c);
}

/* Code `bit`, or find it when decoding; the bit is returned. probability: of a 1, in 2^-16, 1 to 65535. */
static inline int binary_coder_code(binary_coder *c, int bit, uint32_t probability)
{
    uint64_t middle = c->low + ((c->high - c->low) >> 16) * probability;
    if (c->in) { /* Without a branch, which could not be predicted. */
        bit = c->value <= middle;
        const uint64_t mask = (uint64_t)0 - (uint64_t)bit;
        c->high = (middle & mask) | (c->high & ~mask);
        c->low = (c->low & mask) | ((middle + 1) & ~mask);
    } else if (bit) c->high = middle;
    else c->low = middle + 1;
    while ((c->low ^ c->high) >> 56 == 0) {
        if (c->in) c->value = c->value << 8 | binary_coder_next_byte(c);
        else binary_coder_put_byte(c, (uint8_t)(c->high >> 56));
        c->low <<= 8;
        c->high = c->high << 8 | 255;
    }
    return bit;
}

/* The code length of all bits since `*position`, which is moved on, as in code_length.h */
static inline int32_t binary_coder_advance(const binary_coder *c, int64_t *position)
{
    return code_length_advance(position, code_length((int64_t)c->at - (c->in ? 8 : 0), c->high - c->low));
}

/* Write the fewest bytes that, with zeros behind them, lie in [low, high]; returns the size of the output, less zeros at
 * its end, or SIZE_MAX if it did not fit. */
static inline size_t binary_coder_end(binary_coder *c)
{
    for (int count = 0; count <= 8; count++) {
        uint64_t kept = count == 8 ? c->high : c->high & ~(UINT64_MAX >> (8 * count));
        if (kept < c->low) continue;
        for (int i = 0; i < count; i++) binary_coder_put_byte(c, (uint8_t)(kept >> (56 - 8 * i)));
        break;
    }
    for (int i = 0; i < BINARY_CODER_ZEROS && c->at && !c->full && c->out[c->at - 1] == 0; i++) c->at--;
    return c->full ? SIZE_MAX : c->at;
}

#endif
