/* Intervals from weights of any sum, for categorical.c, weights.c and beta_binomial.c.
 *
 * The weights of a symbol are summed from the left, S(i) = w(0) + ... + w(i - 1), and with T of cumulative.h
 *
 *     cum(i) = i + min(T, round(S(i) * rate)),    rate = T / S(size)
 *
 * Sums of non-negative numbers, times a positive number, rounded, never fall, so a floor of one is enough
 * (cumulative.h). Negative and NaN weights count as zero. */
#ifndef BBC_WEIGHTS_H
#define BBC_WEIGHTS_H

#include "cumulative.h"

#include "kernels.h"
#include "weights.cdef.h"

#define WEIGHTS_FLOOR 1
#define WEIGHTS_LIMIT 1e290 /* 2^31 of them still have a finite sum */

/* Up to this size, counting the sums below a value is faster than a binary search, whose comparisons depend on each
 * other. Tuned by hand, not recorded. */
#define WEIGHTS_COUNTED 64

EX double weights_sum(double sum, double weight) { return sum + ex_clip64(weight, 0.0, WEIGHTS_LIMIT); }

/* cum(i) from S(i), 0 <= i <= size. */
EX uint32_t weights_cum(const bbc_cumulative_scale *scale, double sum, double rate, uint32_t i)
{
    return bbc_cumulative_of_share(scale, i, ex_clip64(sum * rate, 0.0, scale->rest));
}

/* The symbol whose interval contains value, and its interval. A first search leaves out the rounding of cum (and for
 * few symbols their floors), which is faster and hardly ever wrong; then cum itself decides. */
EX uint32_t weights_search(const bbc_cumulative_scale *scale, const double *sums, double rate, uint32_t value,
                           uint32_t *start, uint32_t *end)
{
    uint32_t symbol = 0;
    double unit = 1.0 / rate, goal = (value + 0.5) * unit;
    if (scale->n <= WEIGHTS_COUNTED) {
        int64_t below = 0;
        for (uint32_t k = 1; k < scale->n; k++) below += sums[k] <= goal;
        symbol = (uint32_t)below;
    } else {
        for (uint32_t size = scale->n, half = size / 2; size > 1; size -= half, half = size / 2)
            symbol = sums[symbol + half] + (int32_t)(symbol + half) * unit <= goal ? symbol + half : symbol;
    }
    while ((*start = weights_cum(scale, sums[symbol], rate, symbol)) > value) symbol--;
    while ((*end = weights_cum(scale, sums[symbol + 1], rate, symbol + 1)) <= value) *start = *end, symbol++;
    return symbol;
}

/* One set of weights for each symbol, BBC_WEIGHTS_ROWS symbols at a time: a running sum is a chain of dependent
 * additions, and the chains of several symbols run side by side. */

typedef struct {
    const double *first, *second; /* weights, or alpha and beta */
    uint32_t size;
} weights_model;

typedef void weights_sum_rows_fn(const weights_model *model, size_t i, size_t rows, double *sums);

EX int weights_rows_intervals(weights_sum_rows_fn *sum_rows, const weights_model *model, const uint32_t *symbols,
                              uint32_t *starts, uint32_t *freqs, unsigned precision, double *scratch, size_t n,
                              size_t *done)
{
    bbc_cumulative_scale scale;
    *done = 0;
    int status = bbc_cumulative_scale_init(&scale, model->size, WEIGHTS_FLOOR, precision);
    if (status != BBC_ANS_OK) return status;
    bbc_fp_state saved = bbc_fp_enter();
    size_t i = 0, width = (size_t)model->size + 1;
    while (i < n && status == BBC_ANS_OK) {
        size_t rows = n - i < BBC_WEIGHTS_ROWS ? n - i : BBC_WEIGHTS_ROWS;
        sum_rows(model, i, rows, scratch);
        for (const double *sums = scratch; sums < scratch + rows * width; sums += width, i++) {
            uint32_t symbol = symbols[i];
            if (symbol >= model->size) {
                status = BBC_ANS_BAD_SYMBOL;
                break;
            }
            double rate = scale.rest / sums[model->size];
            starts[i] = weights_cum(&scale, sums[symbol], rate, symbol);
            freqs[i] = weights_cum(&scale, sums[symbol + 1], rate, symbol + 1) - starts[i];
        }
    }
    bbc_fp_leave(saved);
    *done = i;
    return status;
}

EX int weights_rows_pop(weights_sum_rows_fn *sum_rows, uint64_t *states, size_t lanes, bbc_ans_words *words,
                        const weights_model *model, uint32_t *symbols, unsigned precision, double *scratch, size_t n,
                        size_t *done)
{
    bbc_cumulative_scale scale;
    *done = 0;
    int status = bbc_ans_check(states, lanes, words);
    if (status == BBC_ANS_OK) status = bbc_cumulative_scale_init(&scale, model->size, WEIGHTS_FLOOR, precision);
    if (status != BBC_ANS_OK) return status;
    bbc_fp_state saved = bbc_fp_enter();
    size_t i = 0, lane = 0, width = (size_t)model->size + 1;
    while (i < n && status == BBC_ANS_OK) {
        size_t rows = n - i < BBC_WEIGHTS_ROWS ? n - i : BBC_WEIGHTS_ROWS;
        sum_rows(model, i, rows, scratch);
        for (const double *sums = scratch; sums < scratch + rows * width; sums += width, i++) {
            double rate = scale.rest / sums[model->size];
            uint32_t start, end, value = bbc_ans_peek(states[lane], precision);
            uint32_t symbol = weights_search(&scale, sums, rate, value, &start, &end);
            status = bbc_ans_advance(&states[lane], words, start, end - start, precision);
            if (status != BBC_ANS_OK) break;
            symbols[i] = symbol;
            lane = lane + 1 == lanes ? 0 : lane + 1;
        }
    }
    bbc_fp_leave(saved);
    *done = i;
    return status;
}

#endif
