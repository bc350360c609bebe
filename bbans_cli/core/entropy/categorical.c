/* Categorical symbols that share one table: categorical.cdef.h says what the functions take. */
#include "weights.h"

#include "categorical.cdef.h"

/* The last i of first, ..., first + size - 1 with cum[i] <= value, without branches that depend on it. */
EX uint32_t categorical_search(const uint32_t *cum, uint32_t first, uint32_t size, uint32_t value)
{
    while (size > 1) {
        uint32_t half = size / 2;
        first = cum[first + half] <= value ? first + half : first;
        size -= half;
    }
    return first;
}

/* What a push needs of a symbol: the state from which on it moves a word, and state / freq as a multiplication. With
 * 2^(shift - 1) < freq <= 2^shift and the reciprocal 2^(63 + shift) / freq, rounded up,
 *
 *     state * reciprocal / 2^(63 + shift)
 *
 * is too large by less than state / 2^63 / freq < 1 / freq, too little to reach the next integer. The new state,
 * (state / freq) 2^precision + state % freq + start, equals state + start + (state / freq) * complement, where
 * complement = 2^precision - freq. */
static bbc_categorical_entry categorical_entry(uint32_t start, uint32_t freq, unsigned precision)
{
    uint32_t shift = 0;
    while ((uint64_t)1 << shift < freq) shift++;
    unsigned __int128 numerator = ((unsigned __int128)1 << (63 + shift)) + (freq - 1);
    bbc_categorical_entry entry = {(uint64_t)(numerator / freq),
                                   (uint64_t)freq << (63 - precision),
                                   start,
                                   ((uint32_t)1 << precision) - freq,
                                   shift,
                                   0};
    return entry;
}

int bbc_categorical_build(const double *weights, uint32_t size, unsigned precision, uint32_t *cum,
                          bbc_categorical_entry *entries, unsigned lookup_bits, uint32_t *lookup)
{
    bbc_cumulative_scale scale;
    int status = bbc_cumulative_scale_init(&scale, size, WEIGHTS_FLOOR, precision);
    if (status != BBC_ANS_OK || lookup_bits > precision) return BBC_ANS_BAD_SYMBOL;
    bbc_fp_state saved = bbc_fp_enter();
    double total = 0.0, sum = 0.0;
    for (uint32_t i = 0; i < size; i++) total = weights_sum(total, weights[i]);
    double rate = scale.rest / total;
    for (uint32_t i = 0; i < size; i++) {
        cum[i] = weights_cum(&scale, sum, rate, i);
        sum = weights_sum(sum, weights[i]);
    }
    bbc_fp_leave(saved);
    cum[size] = scale.total;
    for (uint32_t i = 0; i < size; i++) entries[i] = categorical_entry(cum[i], cum[i + 1] - cum[i], precision);
    uint32_t symbol = 0;
    for (uint32_t i = 0; i < (uint32_t)1 << lookup_bits; i++) {
        while (cum[symbol + 1] <= i << (precision - lookup_bits)) symbol++;
        lookup[i] = symbol;
    }
    return BBC_ANS_OK;
}

/* A word is stored whether it is kept or not: a branch on that would be mispredicted too often. */
EX int categorical_push(uint64_t *states, size_t lanes, bbc_ans_words *words, const uint32_t *symbols,
                        const bbc_categorical_entry *entries, uint32_t size, size_t n, size_t *done)
{
    uint32_t *data = words->data;
    size_t count = words->count, lane = n % lanes, i = n;
    while (i > 0 && symbols[i - 1] < size) {
        const bbc_categorical_entry *entry = &entries[symbols[--i]];
        lane = (lane == 0 ? lanes : lane) - 1;
        uint64_t state = states[lane], shorter = state >> 32;
        int full = state >= entry->limit;
        data[count] = (uint32_t)state;
        count += (size_t)full;
        state = full ? shorter : state;
        uint64_t quotient = (uint64_t)((unsigned __int128)state * entry->reciprocal >> 63) >> entry->shift;
        states[lane] = state + entry->start + quotient * entry->complement;
    }
    words->count = count;
    *done = n - i;
    return i == 0 ? BBC_ANS_OK : BBC_ANS_BAD_SYMBOL;
}

int bbc_categorical_push(uint64_t *states, size_t lanes, bbc_ans_words *words, const uint32_t *symbols,
                         const bbc_categorical_entry *entries, uint32_t size, unsigned precision, size_t n,
                         size_t *done)
{
    int status = bbc_ans_check(states, lanes, words);
    *done = 0;
    if (status != BBC_ANS_OK) return status;
    if (precision - 1 >= BBC_ANS_MAX_PRECISION) return BBC_ANS_BAD_INTERVAL;
    if (words->capacity - words->count < n) return BBC_ANS_FULL;
    if (lanes == 1) return categorical_push(states, 1, words, symbols, entries, size, n, done);
    return categorical_push(states, lanes, words, symbols, entries, size, n, done);
}

EX int categorical_pop(uint64_t *states, size_t lanes, bbc_ans_words *words, uint32_t *symbols, const uint32_t *cum,
                       uint32_t size, unsigned precision, const uint32_t *lookup, unsigned lookup_bits, size_t n,
                       size_t *done)
{
    bbc_ans_words local = *words;
    size_t lane = 0, i = 0;
    int status = BBC_ANS_OK;
    unsigned shift = precision - lookup_bits;
    uint32_t last = ((uint32_t)1 << lookup_bits) - 1;
    while (i < n) {
        uint32_t value = bbc_ans_peek(states[lane], precision), at = value >> shift, symbol = lookup[at];
        uint32_t end = at < last ? lookup[at + 1] + 1 : size;
        symbol = categorical_search(cum, symbol, end - symbol, value);
        status = bbc_ans_advance(&states[lane], &local, cum[symbol], cum[symbol + 1] - cum[symbol], precision);
        if (status != BBC_ANS_OK) break;
        symbols[i] = symbol;
        lane = lane + 1 == lanes ? 0 : lane + 1;
        i++;
    }
    words->count = local.count;
    *done = i;
    return status;
}

int bbc_categorical_pop(uint64_t *states, size_t lanes, bbc_ans_words *words, uint32_t *symbols, const uint32_t *cum,
                        uint32_t size, unsigned precision, const uint32_t *lookup, unsigned lookup_bits, size_t n,
                        size_t *done)
{
    int status = bbc_ans_check(states, lanes, words);
    *done = 0;
    if (status != BBC_ANS_OK) return status;
    if (precision - 1 >= BBC_ANS_MAX_PRECISION || lookup_bits > precision) return BBC_ANS_BAD_INTERVAL;
    if (lanes == 1)
        return categorical_pop(states, 1, words, symbols, cum, size, precision, lookup, lookup_bits, n, done);
    return categorical_pop(states, lanes, words, symbols, cum, size, precision, lookup, lookup_bits, n, done);
}
