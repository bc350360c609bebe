/* Uniform symbols, in integers alone: cum(i) = floor(i 2^precision / size). */
#include "ans.h"

#include "uniform.cdef.h"

int bbc_uniform_pop(uint64_t *states, size_t lanes, bbc_ans_words *words, const uint32_t *sizes, uint32_t *symbols,
                    unsigned precision, size_t n, size_t *done)
{
    int status = bbc_ans_check(states, lanes, words);
    *done = 0;
    if (status != BBC_ANS_OK) return status;
    if (precision - 1 >= BBC_ANS_MAX_PRECISION) return BBC_ANS_BAD_INTERVAL;
    size_t i, lane = 0;
    for (i = 0; i < n; i++) {
        uint64_t size = sizes[i], value = bbc_ans_peek(states[lane], precision);
        if (size < 1 || size > (uint64_t)1 << precision) {
            status = BBC_ANS_BAD_SYMBOL;
            break;
        }
        uint64_t symbol = ((value + 1) * size - 1) >> precision; /* the last one with cum(symbol) <= value */
        uint32_t start = (uint32_t)((symbol << precision) / size), end = (uint32_t)(((symbol + 1) << precision) / size);
        status = bbc_ans_advance(&states[lane], words, start, end - start, precision);
        if (status != BBC_ANS_OK) break;
        symbols[i] = (uint32_t)symbol;
        lane = lane + 1 == lanes ? 0 : lane + 1;
    }
    *done = i;
    return status;
}
