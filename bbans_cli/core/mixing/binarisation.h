/* Integers as binary decisions, in the manner of an Elias gamma code: zero or not; sign; the number of bits of the
 * magnitude in unary; the bits below the leading one, from the top. A user says by four functions how each decision is
 * coded. They and the table of them must be constant, so that compilers inline them. */
#ifndef BBC_BINARISATION_H
#define BBC_BINARISATION_H

#include <stdint.h>

/* Each codes its bit, or finds it when decoding, and returns it. */
typedef struct {
    int (*zero)(void *coder, int is_zero);
    int (*negative)(void *coder, int is_negative);
    /* Has the magnitude more than `length` bits? length: from 1 */
    int (*longer)(void *coder, int length, int is_longer);
    /* A bit of a magnitude of `length` bits, 2 or more; prefix: those above it, from the leading one; place: 0 for the
     * bit below the leading one, 1 for the next, ... */
    int (*mantissa)(void *coder, int length, int place, uint32_t prefix, int bit);
    int length_max;
} binarisation;

static inline __attribute__((always_inline)) uint32_t binarisation_code_magnitude(const binarisation *b, void *coder,
                                                                                  uint32_t magnitude)
{
    const int target = magnitude ? 32 - __builtin_clz(magnitude) : 1;
    int length = 1;
    while (length < b->length_max && b->longer(coder, length, target > length)) length++;
    uint32_t prefix = 1;
    for (int place = 0; place < length - 1; place++) {
        const int bit = (int)(magnitude >> (length - 2 - place) & 1);
        prefix = prefix << 1 | (uint32_t)b->mantissa(coder, length, place, prefix, bit);
    }
    return prefix;
}

/* Code a value, or find it when decoding; the value is returned. */
static inline __attribute__((always_inline)) int32_t binarisation_code(const binarisation *b, void *coder,
                                                                       int32_t value)
{
    if (b->zero(coder, value == 0)) return 0;
    const int negative = b->negative(coder, value < 0);
    const int32_t magnitude = (int32_t)binarisation_code_magnitude(b, coder, (uint32_t)(value < 0 ? -value : value));
    return negative ? -magnitude : magnitude;
}

#endif
