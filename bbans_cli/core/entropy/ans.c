/* Arrays of symbols on a range-ANS stack: ans.h has one symbol and the method, ans.cdef.h what each function takes. */
#include "ans.h"

#if defined(__GNUC__)
#define ALWAYS_INLINE inline __attribute__((always_inline))
#else
#define ALWAYS_INLINE inline
#endif

/* Each loop is written once for any number of lanes and compiled twice: with the constant 1 the head stays in a
 * register from symbol to symbol, which is what a single-lane message's speed hangs on. */

static ALWAYS_INLINE int push_lanes(uint64_t *heads, size_t lanes, bbc_words *words, const uint32_t *starts,
                                    const uint32_t *freqs, const uint8_t *precisions, size_t precision_step, size_t n,
                                    size_t *done)
{
    bbc_words local = *words;
    size_t lane = n % lanes, i = n;
    int status = BBC_ANS_OK;
    while (i > 0) {
        lane = (lane == 0 ? lanes : lane) - 1;
        status =
            bbc_ans_push_one(&heads[lane], &local, starts[i - 1], freqs[i - 1], precisions[(i - 1) * precision_step]);
        if (status != BBC_ANS_OK) break;
        i--;
    }
    words->count = local.count;
    *done = n - i;
    return status;
}

static ALWAYS_INLINE int pop_intervals_lanes(uint64_t *heads, size_t lanes, bbc_words *words, const uint32_t *starts,
                                             const uint32_t *freqs, const uint8_t *precisions, size_t precision_step,
                                             size_t n, size_t *done)
{
    bbc_words local = *words;
    size_t lane = 0, i = 0;
    int status = BBC_ANS_OK;
    while (i < n) {
        status = bbc_ans_advance(&heads[lane], &local, starts[i], freqs[i], precisions[i * precision_step]);
        if (status != BBC_ANS_OK) break;
        lane = lane + 1 == lanes ? 0 : lane + 1;
        i++;
    }
    words->count = local.count;
    *done = i;
    return status;
}

static ALWAYS_INLINE int pop_bits_lanes(uint64_t *heads, size_t lanes, bbc_words *words, uint32_t *values,
                                        unsigned precision, size_t n, size_t *done)
{
    bbc_words local = *words;
    size_t lane = 0, i = 0;
    int status = BBC_ANS_OK;
    while (i < n) {
        uint32_t value = bbc_ans_peek(heads[lane], precision);
        status = bbc_ans_advance(&heads[lane], &local, value, 1, precision);
        if (status != BBC_ANS_OK) break;
        values[i] = value;
        lane = lane + 1 == lanes ? 0 : lane + 1;
        i++;
    }
    words->count = local.count;
    *done = i;
    return status;
}

int bbc_ans_push_symbol(uint64_t *head, bbc_words *words, uint32_t start, uint32_t freq, uint8_t precision)
{
    int status = bbc_ans_check(head, 1, words);
    return status == BBC_ANS_OK ? bbc_ans_push_one(head, words, start, freq, precision) : status;
}

int bbc_ans_advance_symbol(uint64_t *head, bbc_words *words, uint32_t start, uint32_t freq, uint8_t precision)
{
    int status = bbc_ans_check(head, 1, words);
    return status == BBC_ANS_OK ? bbc_ans_advance(head, words, start, freq, precision) : status;
}

int bbc_ans_push(uint64_t *heads, size_t lanes, bbc_words *words, const uint32_t *starts, const uint32_t *freqs,
                 const uint8_t *precisions, size_t precision_step, size_t n, size_t *done)
{
    int status = bbc_ans_check(heads, lanes, words);
    *done = 0;
    if (status != BBC_ANS_OK) return status;
    if (lanes == 1) return push_lanes(heads, 1, words, starts, freqs, precisions, precision_step, n, done);
    return push_lanes(heads, lanes, words, starts, freqs, precisions, precision_step, n, done);
}

int bbc_ans_pop_intervals(uint64_t *heads, size_t lanes, bbc_words *words, const uint32_t *starts,
                          const uint32_t *freqs, const uint8_t *precisions, size_t precision_step, size_t n,
                          size_t *done)
{
    int status = bbc_ans_check(heads, lanes, words);
    *done = 0;
    if (status != BBC_ANS_OK) return status;
    if (lanes == 1) return pop_intervals_lanes(heads, 1, words, starts, freqs, precisions, precision_step, n, done);
    return pop_intervals_lanes(heads, lanes, words, starts, freqs, precisions, precision_step, n, done);
}

int bbc_ans_pop_bits(uint64_t *heads, size_t lanes, bbc_words *words, uint32_t *values, unsigned precision, size_t n,
                     size_t *done)
{
    int status = bbc_ans_check(heads, lanes, words);
    *done = 0;
    if (status != BBC_ANS_OK) return status;
    if (precision < 1 || precision > BBC_ANS_MAX_PRECISION) return BBC_ANS_BAD_INTERVAL;
    if (lanes == 1) return pop_bits_lanes(heads, 1, words, values, precision, n, done);
    return pop_bits_lanes(heads, lanes, words, values, precision, n, done);
}
