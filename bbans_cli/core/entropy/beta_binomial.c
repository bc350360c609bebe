/* Beta-binomial symbols: beta_binomial.cdef.h says what the functions take, weights.h how weights become intervals. */
#include "weights.h"

#include "beta_binomial.cdef.h"

#define BETA_BINOMIAL_MAX 1e6 /* closer to a binomial than the precision of the coder tells apart */
#define BETA_BINOMIAL_MIN 1e-6

/* p(k + 1) / p(k) = (n - k) (k + alpha) / ((k + 1) (n - k - 1 + beta)) for n = size - 1. The weights start with 1 at a
 * mode and follow this ratio in both directions, so that none overflows. One that underflows gets the least
 * frequency. */
EX void beta_binomial_sum_rows(const weights_model *model, size_t i, size_t rows, double *sums)
{
    double n = (double)model->size - 1.0;
    for (size_t row = 0; row < rows; row++, sums += (size_t)model->size + 1) {
        double alpha = ex_clip64(model->first[i + row], BETA_BINOMIAL_MIN, BETA_BINOMIAL_MAX);
        double beta = ex_clip64(model->second[i + row], BETA_BINOMIAL_MIN, BETA_BINOMIAL_MAX);
        double inner = n * ((alpha - 1.0) / ex_max64(alpha + beta - 2.0, 1e-9)), end = alpha < beta ? 0.0 : n;
        uint32_t mode = (uint32_t)ex_clip64(alpha > 1.0 && beta > 1.0 ? inner : end, 0.0, n);
        double *weights = sums + 1, sum = 0.0;
        weights[mode] = 1.0;
        for (uint32_t k = mode; k + 1 < model->size; k++)
            weights[k + 1] = weights[k] * ((n - k) * (k + alpha) / ((k + 1.0) * (n - k - 1.0 + beta)));
        for (uint32_t k = mode; k > 0; k--)
            weights[k - 1] = weights[k] * (k * (n - k + beta) / ((n - k + 1.0) * (k - 1.0 + alpha)));
        sums[0] = 0.0;
        for (uint32_t k = 0; k < model->size; k++) weights[k] = sum = weights_sum(sum, weights[k]);
    }
}

int bbc_beta_binomial_intervals(const double *alpha, const double *beta, const uint32_t *symbols, uint32_t *starts,
                                uint32_t *freqs, uint32_t size, unsigned precision, double *scratch, size_t n,
                                size_t *done)
{
    weights_model model = {alpha, beta, size};
    return weights_rows_intervals(beta_binomial_sum_rows, &model, symbols, starts, freqs, precision, scratch, n, done);
}

int bbc_beta_binomial_pop(uint64_t *states, size_t lanes, bbc_ans_words *words, const double *alpha, const double *beta,
                          uint32_t *symbols, uint32_t size, unsigned precision, double *scratch, size_t n, size_t *done)
{
    weights_model model = {alpha, beta, size};
    return weights_rows_pop(beta_binomial_sum_rows, states, lanes, words, &model, symbols, precision, scratch, n, done);
}
