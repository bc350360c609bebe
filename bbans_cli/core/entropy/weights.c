/* Categorical symbols, each with weights of its own: weights.h has the method, weights.cdef.h the arguments. */
#include "weights.h"

EX void weights_sum_rows(const weights_model *model, size_t i, size_t rows, double *sums)
{
    const double *weights = model->first + i * model->size;
    size_t width = (size_t)model->size + 1;
    double sum[BBC_WEIGHTS_ROWS] = {0.0};
    for (size_t row = 0; row < rows; row++) sums[row * width] = 0.0;
    if (rows == BBC_WEIGHTS_ROWS) {
        for (size_t k = 0; k < model->size; k++)
            for (size_t row = 0; row < BBC_WEIGHTS_ROWS; row++)
                sums[row * width + k + 1] = sum[row] = weights_sum(sum[row], weights[row * model->size + k]);
    } else {
        for (size_t row = 0; row < rows; row++)
            for (size_t k = 0; k < model->size; k++)
                sums[row * width + k + 1] = sum[row] = weights_sum(sum[row], weights[row * model->size + k]);
    }
}

int bbc_weights_intervals(const double *weights, const uint32_t *symbols, uint32_t *starts, uint32_t *freqs,
                          uint32_t size, unsigned precision, double *scratch, size_t n, size_t *done)
{
    weights_model model = {weights, NULL, size};
    return weights_rows_intervals(weights_sum_rows, &model, symbols, starts, freqs, precision, scratch, n, done);
}

int bbc_weights_pop(uint64_t *states, size_t lanes, bbc_ans_words *words, const double *weights, uint32_t *symbols,
                    uint32_t size, unsigned precision, double *scratch, size_t n, size_t *done)
{
    weights_model model = {weights, NULL, size};
    return weights_rows_pop(weights_sum_rows, states, lanes, words, &model, symbols, precision, scratch, n, done);
}
