/* Categorical, beta-binomial and uniform symbols: categorical.cdef.h says what the functions take.
 *
 * A symbol's weights are summed from the left, S(i) = w(0) + ... + w(i - 1), and cum(i) = i + min(T, round(S(i) * r)) with
 * r = T / S(size): sums of what is not negative, times a positive number, rounded, never fall, so that a floor of one
 * is enough (cumulative.h). Negative and NaN weights count as zero. */
#include "cumulative.h"

#include "kernels.h"
#include "categorical.cdef.h"

#define WEIGHT_FLOOR 1
#define COUNTED 64 /* up to so many sums, counting those below a value beats halving: no step waits for another */
#define WEIGHT_LIMIT 1e290 /* 2^31 of them still have a finite sum */
#define MAX_PARAMETER 1e6  /* of a beta-binomial: closer to a binomial than the coder's precision tells apart */
#define MIN_PARAMETER 1e-6

EX double running_sum(double sum, double weight) { return sum + ex_clip64(weight, 0.0, WEIGHT_LIMIT); }

/* cum(i) from S(i), 0 <= i <= size. */
EX uint32_t cum_of(const bbc_scale *scale, double sum, double rate, uint32_t i)
{
    return bbc_cum_of_share(scale, i, ex_clip64(sum * rate, 0.0, scale->rest));
}

/* The last i of first, ..., first + size - 1 with cum[i] <= value, without branches that depend on it. */
EX uint32_t search_table(const uint32_t *cum, uint32_t first, uint32_t size, uint32_t value)
{
    while (size > 1) {
        uint32_t half = size / 2;
        first = cum[first + half] <= value ? first + half : first;
        size -= half;
    }
    return first;
}

/* The symbol whose interval holds value, and its interval: first without rounding (and for few symbols without their
 * floors), which is faster and hardly ever wrong, then by what cum really is. */
EX uint32_t search_sums(const bbc_scale *scale, const double *sums, double rate, uint32_t value, uint32_t *start,
                        uint32_t *end)
{
    uint32_t symbol = 0;
    double step = 1.0 / rate, goal = (value + 0.5) * step;
    if (scale->n <= COUNTED) {
        int64_t below = 0;
        for (uint32_t k = 1; k < scale->n; k++) below += sums[k] <= goal;
        symbol = (uint32_t)below;
    } else {
        for (uint32_t size = scale->n, half = size / 2; size > 1; size -= half, half = size / 2)
            symbol = sums[symbol + half] + (int32_t)(symbol + half) * step <= goal ? symbol + half : symbol;
    }
    while ((*start = cum_of(scale, sums[symbol], rate, symbol)) > value) symbol--;
    while ((*end = cum_of(scale, sums[symbol + 1], rate, symbol + 1)) <= value) *start = *end, symbol++;
    return symbol;
}

/* -- one table for all symbols */

/* What a push needs: the head from which on it moves a word, and head / freq as a multiplication. With 2^(shift - 1) < freq
 * <= 2^shift and the reciprocal 2^(63 + shift) / freq, rounded up, head * reciprocal / 2^(63 + shift) is too large by
 * less than head / 2^63 / freq < 1 / freq, too little to reach the next integer. The new head, (head / freq) 2^precision +
 * head % freq + start, is head + start + (head / freq) * complement, complement = 2^precision - freq. */
static bbc_table_entry entry_of(uint32_t start, uint32_t freq, unsigned precision)
{
    uint32_t shift = 0;
    while ((uint64_t)1 << shift < freq) shift++;
    unsigned __int128 numerator = ((unsigned __int128)1 << (63 + shift)) + (freq - 1);
    bbc_table_entry entry = {(uint64_t)(numerator / freq),
                             (uint64_t)freq << (63 - precision),
                             start,
                             ((uint32_t)1 << precision) - freq,
                             shift,
                             0};
    return entry;
}

int bbc_table_build(const double *weights, uint32_t size, unsigned precision, uint32_t *cum, bbc_table_entry *entries,
                    unsigned lookup_bits, uint32_t *lookup)
{
    bbc_scale scale;
    int status = bbc_scale_init(&scale, size, WEIGHT_FLOOR, precision);
    if (status != BBC_ANS_OK || lookup_bits > precision) return BBC_ANS_BAD_SYMBOL;
    bbc_fp_state saved = bbc_fp_enter();
    double total = 0.0, sum = 0.0;
    for (uint32_t i = 0; i < size; i++) total = running_sum(total, weights[i]);
    double rate = scale.rest / total;
    for (uint32_t i = 0; i < size; i++) {
        cum[i] = cum_of(&scale, sum, rate, i);
        sum = running_sum(sum, weights[i]);
    }
    bbc_fp_leave(saved);
    cum[size] = scale.total;
    for (uint32_t i = 0; i < size; i++) entries[i] = entry_of(cum[i], cum[i + 1] - cum[i], precision);
    uint32_t symbol = 0;
    for (uint32_t i = 0; i < (uint32_t)1 << lookup_bits; i++) {
        while (cum[symbol + 1] <= i << (precision - lookup_bits)) symbol++;
        lookup[i] = symbol;
    }
    return BBC_ANS_OK;
}

/* The words are stored whether they move or not, since a guess which of the two it will be goes wrong too often. */
EX int table_push(uint64_t *heads, size_t lanes, bbc_words *words, const uint32_t *symbols,
                  const bbc_table_entry *entries, uint32_t size, size_t n, size_t *done)
{
    uint32_t *data = words->data;
    size_t count = words->count, lane = n % lanes, i = n;
    while (i > 0 && symbols[i - 1] < size) {
        const bbc_table_entry *entry = &entries[symbols[--i]];
        lane = (lane == 0 ? lanes : lane) - 1;
        uint64_t head = heads[lane], shorter = head >> 32;
        int full = head >= entry->limit;
        data[count] = (uint32_t)head;
        count += (size_t)full;
        head = full ? shorter : head;
        uint64_t quotient = (uint64_t)((unsigned __int128)head * entry->reciprocal >> 63) >> entry->shift;
        heads[lane] = head + entry->start + quotient * entry->complement;
    }
    words->count = count;
    *done = n - i;
    return i == 0 ? BBC_ANS_OK : BBC_ANS_BAD_SYMBOL;
}

int bbc_table_push(uint64_t *heads, size_t lanes, bbc_words *words, const uint32_t *symbols,
                   const bbc_table_entry *entries, uint32_t size, unsigned precision, size_t n, size_t *done)
{
    int status = bbc_ans_check(heads, lanes, words);
    *done = 0;
    if (status != BBC_ANS_OK) return status;
    if (precision - 1 >= BBC_ANS_MAX_PRECISION) return BBC_ANS_BAD_INTERVAL;
    if (words->capacity - words->count < n) return BBC_ANS_FULL;
    if (lanes == 1) return table_push(heads, 1, words, symbols, entries, size, n, done);
    return table_push(heads, lanes, words, symbols, entries, size, n, done);
}

EX int table_pop(uint64_t *heads, size_t lanes, bbc_words *words, uint32_t *symbols, const uint32_t *cum, uint32_t size,
                 unsigned precision, const uint32_t *lookup, unsigned lookup_bits, size_t n, size_t *done)
{
    bbc_words local = *words;
    size_t lane = 0, i = 0;
    int status = BBC_ANS_OK;
    unsigned shift = precision - lookup_bits;
    uint32_t last = ((uint32_t)1 << lookup_bits) - 1;
    while (i < n) {
        uint32_t value = bbc_ans_peek(heads[lane], precision), at = value >> shift, symbol = lookup[at];
        uint32_t end = at < last ? lookup[at + 1] + 1 : size;
        symbol = search_table(cum, symbol, end - symbol, value);
        status = bbc_ans_advance(&heads[lane], &local, cum[symbol], cum[symbol + 1] - cum[symbol], precision);
        if (status != BBC_ANS_OK) break;
        symbols[i] = symbol;
        lane = lane + 1 == lanes ? 0 : lane + 1;
        i++;
    }
    words->count = local.count;
    *done = i;
    return status;
}

int bbc_table_pop(uint64_t *heads, size_t lanes, bbc_words *words, uint32_t *symbols, const uint32_t *cum,
                  uint32_t size, unsigned precision, const uint32_t *lookup, unsigned lookup_bits, size_t n,
                  size_t *done)
{
    int status = bbc_ans_check(heads, lanes, words);
    *done = 0;
    if (status != BBC_ANS_OK) return status;
    if (precision - 1 >= BBC_ANS_MAX_PRECISION || lookup_bits > precision) return BBC_ANS_BAD_INTERVAL;
    if (lanes == 1) return table_pop(heads, 1, words, symbols, cum, size, precision, lookup, lookup_bits, n, done);
    return table_pop(heads, lanes, words, symbols, cum, size, precision, lookup, lookup_bits, n, done);
}

/* -- weights of its own for each symbol, BBC_ROWS symbols at a time: their sums are chains that run side by side */

typedef struct {
    const double *first, *second; /* weights, or alpha and beta */
    uint32_t size;
} rows_model;

typedef void rows_fn(const rows_model *model, size_t i, size_t rows, double *sums);

EX void sum_weights(const rows_model *model, size_t i, size_t rows, double *sums)
{
    const double *weights = model->first + i * model->size;
    size_t width = (size_t)model->size + 1;
    double sum[BBC_ROWS] = {0.0};
    for (size_t row = 0; row < rows; row++) sums[row * width] = 0.0;
    if (rows == BBC_ROWS) {
        for (size_t k = 0; k < model->size; k++)
            for (size_t row = 0; row < BBC_ROWS; row++)
                sums[row * width + k + 1] = sum[row] = running_sum(sum[row], weights[row * model->size + k]);
    } else {
        for (size_t row = 0; row < rows; row++)
            for (size_t k = 0; k < model->size; k++)
                sums[row * width + k + 1] = sum[row] = running_sum(sum[row], weights[row * model->size + k]);
    }
}

/* p(k + 1) / p(k) = (n - k) (k + alpha) / ((k + 1) (n - k - 1 + beta)) for k of n = size - 1. Weights start with one at
 * a mode and follow the ratio both ways, so that none overflows; those that underflow are left to the floor. */
EX void sum_beta_binomial(const rows_model *model, size_t i, size_t rows, double *sums)
{
    double n = (double)model->size - 1.0;
    for (size_t row = 0; row < rows; row++, sums += (size_t)model->size + 1) {
        double alpha = ex_clip64(model->first[i + row], MIN_PARAMETER, MAX_PARAMETER);
        double beta = ex_clip64(model->second[i + row], MIN_PARAMETER, MAX_PARAMETER);
        double inner = n * ((alpha - 1.0) / ex_max64(alpha + beta - 2.0, 1e-9)), end = alpha < beta ? 0.0 : n;
        uint32_t mode = (uint32_t)ex_clip64(alpha > 1.0 && beta > 1.0 ? inner : end, 0.0, n);
        double *weights = sums + 1, sum = 0.0;
        weights[mode] = 1.0;
        for (uint32_t k = mode; k + 1 < model->size; k++)
            weights[k + 1] = weights[k] * ((n - k) * (k + alpha) / ((k + 1.0) * (n - k - 1.0 + beta)));
        for (uint32_t k = mode; k > 0; k--)
            weights[k - 1] = weights[k] * (k * (n - k + beta) / ((n - k + 1.0) * (k - 1.0 + alpha)));
        sums[0] = 0.0;
        for (uint32_t k = 0; k < model->size; k++) weights[k] = sum = running_sum(sum, weights[k]);
    }
}

EX int rows_intervals(rows_fn *sum_rows, const rows_model *model, const uint32_t *symbols, uint32_t *starts,
                      uint32_t *freqs, unsigned precision, double *scratch, size_t n, size_t *done)
{
    bbc_scale scale;
    *done = 0;
    int status = bbc_scale_init(&scale, model->size, WEIGHT_FLOOR, precision);
    if (status != BBC_ANS_OK) return status;
    bbc_fp_state saved = bbc_fp_enter();
    size_t i = 0, width = (size_t)model->size + 1;
    while (i < n && status == BBC_ANS_OK) {
        size_t rows = n - i < BBC_ROWS ? n - i : BBC_ROWS;
        sum_rows(model, i, rows, scratch);
        for (const double *sums = scratch; sums < scratch + rows * width; sums += width, i++) {
            uint32_t symbol = symbols[i];
            if (symbol >= model->size) {
                status = BBC_ANS_BAD_SYMBOL;
                break;
            }
            double rate = scale.rest / sums[model->size];
            starts[i] = cum_of(&scale, sums[symbol], rate, symbol);
            freqs[i] = cum_of(&scale, sums[symbol + 1], rate, symbol + 1) - starts[i];
        }
    }
    bbc_fp_leave(saved);
    *done = i;
    return status;
}

EX int rows_pop(rows_fn *sum_rows, uint64_t *heads, size_t lanes, bbc_words *words, const rows_model *model,
                uint32_t *symbols, unsigned precision, double *scratch, size_t n, size_t *done)
{
    bbc_scale scale;
    *done = 0;
    int status = bbc_ans_check(heads, lanes, words);
    if (status == BBC_ANS_OK) status = bbc_scale_init(&scale, model->size, WEIGHT_FLOOR, precision);
    if (status != BBC_ANS_OK) return status;
    bbc_fp_state saved = bbc_fp_enter();
    size_t i = 0, lane = 0, width = (size_t)model->size + 1;
    while (i < n && status == BBC_ANS_OK) {
        size_t rows = n - i < BBC_ROWS ? n - i : BBC_ROWS;
        sum_rows(model, i, rows, scratch);
        for (const double *sums = scratch; sums < scratch + rows * width; sums += width, i++) {
            double rate = scale.rest / sums[model->size];
            uint32_t start, end, value = bbc_ans_peek(heads[lane], precision);
            uint32_t symbol = search_sums(&scale, sums, rate, value, &start, &end);
            status = bbc_ans_advance(&heads[lane], words, start, end - start, precision);
            if (status != BBC_ANS_OK) break;
            symbols[i] = symbol;
            lane = lane + 1 == lanes ? 0 : lane + 1;
        }
    }
    bbc_fp_leave(saved);
    *done = i;
    return status;
}

int bbc_weights_intervals(const double *weights, const uint32_t *symbols, uint32_t *starts, uint32_t *freqs,
                          uint32_t size, unsigned precision, double *scratch, size_t n, size_t *done)
{
    rows_model model = {weights, NULL, size};
    return rows_intervals(sum_weights, &model, symbols, starts, freqs, precision, scratch, n, done);
}

int bbc_weights_pop(uint64_t *heads, size_t lanes, bbc_words *words, const double *weights, uint32_t *symbols,
                    uint32_t size, unsigned precision, double *scratch, size_t n, size_t *done)
{
    rows_model model = {weights, NULL, size};
    return rows_pop(sum_weights, heads, lanes, words, &model, symbols, precision, scratch, n, done);
}

int bbc_beta_binomial_intervals(const double *alpha, const double *beta, const uint32_t *symbols, uint32_t *starts,
                                uint32_t *freqs, uint32_t size, unsigned precision, double *scratch, size_t n,
                                size_t *done)
{
    rows_model model = {alpha, beta, size};
    return rows_intervals(sum_beta_binomial, &model, symbols, starts, freqs, precision, scratch, n, done);
}

int bbc_beta_binomial_pop(uint64_t *heads, size_t lanes, bbc_words *words, const double *alpha, const double *beta,
                          uint32_t *symbols, uint32_t size, unsigned precision, double *scratch, size_t n, size_t *done)
{
    rows_model model = {alpha, beta, size};
    return rows_pop(sum_beta_binomial, heads, lanes, words, &model, symbols, precision, scratch, n, done);
}

/* -- uniform: cum(i) = floor(i 2^precision / size), in integers */

int bbc_uniform_pop(uint64_t *heads, size_t lanes, bbc_words *words, const uint32_t *sizes, uint32_t *symbols,
                    unsigned precision, size_t n, size_t *done)
{
    int status = bbc_ans_check(heads, lanes, words);
    *done = 0;
    if (status != BBC_ANS_OK) return status;
    if (precision - 1 >= BBC_ANS_MAX_PRECISION) return BBC_ANS_BAD_INTERVAL;
    size_t i, lane = 0;
    for (i = 0; i < n; i++) {
        uint64_t size = sizes[i], value = bbc_ans_peek(heads[lane], precision);
        if (size < 1 || size > (uint64_t)1 << precision) {
            status = BBC_ANS_BAD_SYMBOL;
            break;
        }
        uint64_t symbol = ((value + 1) * size - 1) >> precision; /* the last one with cum(symbol) <= value */
        uint32_t start = (uint32_t)((symbol << precision) / size), end = (uint32_t)(((symbol + 1) << precision) / size);
        status = bbc_ans_advance(&heads[lane], words, start, end - start, precision);
        if (status != BBC_ANS_OK) break;
        symbols[i] = (uint32_t)symbol;
        lane = lane + 1 == lanes ? 0 : lane + 1;
    }
    *done = i;
    return status;
}
