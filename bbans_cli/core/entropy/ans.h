/* The range-ANS stack, one symbol at a time.
 *
 * A message is a state s, an integer in [2^31, 2^63), on top of a stack of 32-bit words. A symbol owns the interval
 * [start, start + freq) of the 2^precision values of the low bits of s:
 *
 *     0        start      start + freq      2^precision
 *     |----------|=============|----------------|          1 <= freq, start + freq <= 2^precision
 *
 *     push   s -> (s / freq) * 2^precision + s % freq + start       grows by precision - log2(freq) bits
 *     pop    the exact inverse; the symbol is the one whose interval contains s % 2^precision
 *
 * A push first moves 32 bits to the words when s would reach 2^63; a pop afterwards takes 32 bits back when s has
 * fallen below 2^31. docs/rans.md shows that one word is always enough, and that each undoes the other from every
 * state. The empty message is s = 2^31 and no words: nothing can be popped from it.
 *
 * All functions work on the caller's buffers and check every access. One that does not return BBC_ANS_OK has changed
 * nothing.
 */
#ifndef BBC_ANS_H
#define BBC_ANS_H

#include <stddef.h>
#include <stdint.h>

#include "ans.cdef.h"

#define BBC_ANS_EMPTY ((uint64_t)1 << 31)
#define BBC_ANS_LIMIT ((uint64_t)1 << 63)
#define BBC_ANS_MAX_PRECISION 31

static inline int bbc_ans_interval_ok(uint32_t start, uint32_t freq, unsigned precision)
{
    return precision - 1 < BBC_ANS_MAX_PRECISION && freq >= 1 && (uint64_t)start + freq <= (uint64_t)1 << precision;
}

/* Push a symbol. UNDERFLOW and MISMATCH cannot happen. */
static inline int bbc_ans_push_one(uint64_t *state, bbc_ans_words *words, uint32_t start, uint32_t freq,
                                   unsigned precision)
{
    uint64_t s = *state;
    if (!bbc_ans_interval_ok(start, freq, precision)) return BBC_ANS_BAD_INTERVAL;
    if (s >= (uint64_t)freq << (63 - precision)) {
        if (words->count >= words->capacity) return BBC_ANS_FULL;
        words->data[words->count++] = (uint32_t)s;
        s >>= 32;
    }
    *state = ((s / freq) << precision) + s % freq + start;
    return BBC_ANS_OK;
}

/* The value in [0, 2^precision) whose interval identifies the symbol on top. precision: 1..31. */
static inline uint32_t bbc_ans_peek(uint64_t state, unsigned precision)
{
    return (uint32_t)state & (((uint32_t)1 << precision) - 1);
}

/* Pop the symbol on top, whose interval the caller has found with bbc_ans_peek. FULL cannot happen. */
static inline int bbc_ans_advance(uint64_t *state, bbc_ans_words *words, uint32_t start, uint32_t freq,
                                  unsigned precision)
{
    uint64_t s = *state;
    uint32_t offset;
    if (!bbc_ans_interval_ok(start, freq, precision)) return BBC_ANS_BAD_INTERVAL;
    offset = bbc_ans_peek(s, precision) - start; /* wraps to a large value below start */
    if (offset >= freq) return BBC_ANS_MISMATCH;
    s = freq * (s >> precision) + offset;
    if (s < BBC_ANS_EMPTY) {
        if (words->count == 0) return BBC_ANS_UNDERFLOW;
        s = s << 32 | words->data[--words->count];
    }
    *state = s;
    return BBC_ANS_OK;
}

/* The check of a message that every entry point makes once, before it touches the message. */
static inline int bbc_ans_check(const uint64_t *states, size_t lanes, const bbc_ans_words *words)
{
    size_t lane;
    if (lanes == 0 || words->count > words->capacity) return BBC_ANS_BAD_STATE;
    for (lane = 0; lane < lanes; lane++) {
        if (states[lane] < BBC_ANS_EMPTY || states[lane] >= BBC_ANS_LIMIT) return BBC_ANS_BAD_STATE;
    }
    return BBC_ANS_OK;
}

#endif
