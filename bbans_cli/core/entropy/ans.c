/* Arrays of symbols on a range-ANS stack: ans.h has the method for one symbol, ans.cdef.h the arguments. */
#include "ans.h"

#if defined(__GNUC__)
#define ANS_INLINE inline __attribute__((always_inline))
#else
#define ANS_INLINE inline
#endif

/* Each loop is written once for any number of lanes and compiled twice: with the constant 1 the state stays in a
 * register from symbol to symbol, on which the speed of a message with one lane depends. */

static ANS_INLINE int ans_push_lanes(uint64_t *states, size_t lanes, bbc_ans_words *words, const uint32_t *starts,
                                     const uint32_t *freqs, const uint8_t *precisions, size_t precision_step, size_t n,
                                     size_t *done)
{
    bbc_ans_words local = *words;
    size_t lane = n % lanes, i = n;
    int status = BBC_ANS_OK;
    while (i > 0) {
        lane = (lane == 0 ? lanes : lane) - 1;
        status =
            bbc_ans_push_one(&states[lane], &local, starts[i - 1], freqs[i - 1], precisions[(i - 1) * precision_step]);
        if (status != BBC_ANS_OK) break;
        i--;
    }
    words->count = local.count;
    *done = n - i;
    return status;
}

static ANS_INLINE int ans_pop_intervals_lanes(uint64_t *states, size_t lanes, bbc_ans_words *words,
                                              const uint32_t *starts, const uint32_t *freqs, const uint8_t *precisions,
                                              size_t precision_step, size_t n, size_t *done)
{
    bbc_ans_words local = *words;
    size_t lane = 0, i = 0;
    int status = BBC_ANS_OK;
    while (i < n) {
        status = bbc_ans_advance(&states[lane], &local, starts[i], freqs[i], precisions[i * precision_step]);
        if (status != BBC_ANS_OK) break;
        lane = lane + 1 == lanes ? 0 : lane + 1;
        i++;
    }
    words->count = local.count;
    *done = i;
    return status;
}

static ANS_INLINE int ans_pop_bits_lanes(uint64_t *states, size_t lanes, bbc_ans_words *words, uint32_t *values,
                                         unsigned precision, size_t n, size_t *done)
{
    bbc_ans_words local = *words;
    size_t lane = 0, i = 0;
    int status = BBC_ANS_OK;
    while (i < n) {
        uint32_t value = bbc_ans_peek(states[lane], precision);
        status = bbc_ans_advance(&states[lane], &local, value, 1, precision);
        if (status != BBC_ANS_OK) break;
        values[i] = value;
        lane = lane + 1 == lanes ? 0 : lane + 1;
        i++;
    }
    words->count = local.count;
    *done = i;
    return status;
}

int bbc_ans_push_symbol(uint64_t *state, bbc_ans_words *words, uint32_t start, uint32_t freq, uint8_t precision)
{
    int status = bbc_ans_check(state, 1, words);
    return status == BBC_ANS_OK ? bbc_ans_push_one(state, words, start, freq, precision) : status;
}

int bbc_ans_advance_symbol(uint64_t *state, bbc_ans_words *words, uint32_t start, uint32_t freq, uint8_t precision)
{
    int status = bbc_ans_check(state, 1, words);
    return status == BBC_ANS_OK ? bbc_ans_advance(state, words, start, freq, precision) : status;
}

int bbc_ans_push(uint64_t *states, size_t lanes, bbc_ans_words *words, const uint32_t *starts, const uint32_t *freqs,
                 const uint8_t *precisions, size_t precision_step, size_t n, size_t *done)
{
    int status = bbc_ans_check(states, lanes, words);
    *done = 0;
    if (status != BBC_ANS_OK) return status;
    if (lanes == 1) return ans_push_lanes(states, 1, words, starts, freqs, precisions, precision_step, n, done);
    return ans_push_lanes(states, lanes, words, starts, freqs, precisions, precision_step, n, done);
}

int bbc_ans_pop_intervals(uint64_t *states, size_t lanes, bbc_ans_words *words, const uint32_t *starts,
                          const uint32_t *freqs, const uint8_t *precisions, size_t precision_step, size_t n,
                          size_t *done)
{
    int status = bbc_ans_check(states, lanes, words);
    *done = 0;
    if (status != BBC_ANS_OK) return status;
    if (lanes == 1)
        return ans_pop_intervals_lanes(states, 1, words, starts, freqs, precisions, precision_step, n, done);
    return ans_pop_intervals_lanes(states, lanes, words, starts, freqs, precisions, precision_step, n, done);
}

int bbc_ans_pop_bits(uint64_t *states, size_t lanes, bbc_ans_words *words, uint32_t *values, unsigned precision,
                     size_t n, size_t *done)
{
    int status = bbc_ans_check(states, lanes, words);
    *done = 0;
    if (status != BBC_ANS_OK) return status;
    if (precision < 1 || precision > BBC_ANS_MAX_PRECISION) return BBC_ANS_BAD_INTERVAL;
    if (lanes == 1) return ans_pop_bits_lanes(states, 1, words, values, precision, n, done);
    return ans_pop_bits_lanes(states, lanes, words, values, precision, n, done);
}
