/* Arrays of Gaussian latents over bins of equal prior mass: bins.h has the method, bins.cdef.h the arguments. */
#include "bins.h"

#include "kernels.h"

int bbc_bins_tables(unsigned bits, double *edges, double *centres)
{
    if (bits < 1 || bits > BBC_BINS_MAX_BITS) return BBC_ANS_BAD_SYMBOL;
    bbc_fp_state saved = bbc_fp_enter();
    uint32_t n = (uint32_t)1 << bits;
    for (uint32_t i = 0; i <= n; i++) edges[i] = ex_normal_quantile64((double)i / n);
    for (uint32_t i = 0; i < n; i++) centres[i] = ex_normal_quantile64((i + 0.5) / n);
    bbc_fp_leave(saved);
    return BBC_ANS_OK;
}

int bbc_bins_intervals(const double *prior_mean, const double *prior_deviation, const double *mean,
                       const double *deviation, const uint32_t *symbols, uint32_t *starts, uint32_t *freqs,
                       const double *edges, unsigned bits, unsigned precision, size_t n, size_t *done)
{
    bbc_cumulative_scale scale;
    *done = 0;
    if (bits > BBC_BINS_MAX_BITS) return BBC_ANS_BAD_SYMBOL;
    int status = bbc_cumulative_scale_init(&scale, (uint32_t)1 << bits, BBC_CUMULATIVE_FLOOR, precision);
    if (status != BBC_ANS_OK) return status;
    bbc_fp_state saved = bbc_fp_enter();
    size_t i;
    for (i = 0; i < n && symbols[i] < scale.n; i++) {
        bbc_bins_model model = bbc_bins_of(prior_mean[i], prior_deviation[i], mean[i], deviation[i], edges);
        starts[i] = bbc_cumulative(&scale, symbols[i], bbc_bins_cdf(&model, symbols[i]));
        freqs[i] = bbc_cumulative(&scale, symbols[i] + 1, bbc_bins_cdf(&model, symbols[i] + 1)) - starts[i];
    }
    bbc_fp_leave(saved);
    *done = i;
    return i == n ? BBC_ANS_OK : BBC_ANS_BAD_SYMBOL;
}

int bbc_bins_pop(uint64_t *states, size_t lanes, bbc_ans_words *words, const double *prior_mean,
                 const double *prior_deviation, const double *mean, const double *deviation, uint32_t *symbols,
                 const double *edges, unsigned bits, unsigned precision, size_t n, size_t *done)
{
    bbc_cumulative_scale scale;
    int status = bbc_ans_check(states, lanes, words);
    *done = 0;
    if (status != BBC_ANS_OK) return status;
    if (bits > BBC_BINS_MAX_BITS) return BBC_ANS_BAD_SYMBOL;
    status = bbc_cumulative_scale_init(&scale, (uint32_t)1 << bits, BBC_CUMULATIVE_FLOOR, precision);
    if (status != BBC_ANS_OK) return status;
    bbc_fp_state saved = bbc_fp_enter();
    size_t i;
    for (i = 0; i < n; i++) {
        bbc_bins_model model = bbc_bins_of(prior_mean[i], prior_deviation[i], mean[i], deviation[i], edges);
        status = bbc_bins_pop_one(&states[i % lanes], words, &model, &scale, precision, &symbols[i]);
        if (status != BBC_ANS_OK) break;
    }
    bbc_fp_leave(saved);
    *done = i;
    return status;
}

int bbc_bins_values(const double *mean, const double *deviation, const uint32_t *symbols, double *values,
                    const double *centres, unsigned bits, size_t n, size_t *done)
{
    size_t i;
    *done = 0;
    if (bits < 1 || bits > BBC_BINS_MAX_BITS) return BBC_ANS_BAD_SYMBOL;
    bbc_fp_state saved = bbc_fp_enter();
    for (i = 0; i < n && symbols[i] >> bits == 0; i++) values[i] = mean[i] + deviation[i] * centres[symbols[i]];
    bbc_fp_leave(saved);
    *done = i;
    return i == n ? BBC_ANS_OK : BBC_ANS_BAD_SYMBOL;
}
