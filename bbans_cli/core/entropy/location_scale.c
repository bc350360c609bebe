/* Logistic and Gaussian symbols with the selected kernels: location_scale-inl.h has the method, location_scale.cdef.h
 * the arguments. */
#include "location_scale_types.h"

#include "kernels.h"

_Static_assert(BBC_LOCATION_SCALE_QUANTILES == 1 << BBC_LOCATION_SCALE_QUANTILE_BITS, "");

static int location_scale_init(bbc_location_scale *model, int32_t low, uint32_t size)
{
    if (model->family != BBC_LOCATION_SCALE_LOGISTIC && model->family != BBC_LOCATION_SCALE_GAUSSIAN)
        return BBC_ANS_BAD_SYMBOL;
    if (model->components - 1 >= BBC_LOCATION_SCALE_MAX_COMPONENTS) return BBC_ANS_BAD_SYMBOL;
    if ((int64_t)low + size - 1 > INT32_MAX) return BBC_ANS_BAD_SYMBOL;
    model->first = (double)low - 0.5;
    model->quantile_shift =
        model->precision > BBC_LOCATION_SCALE_QUANTILE_BITS ? model->precision - BBC_LOCATION_SCALE_QUANTILE_BITS : 0;
    model->quantile_mask = ((uint32_t)1 << model->quantile_shift) - 1;
    model->quantile_step = 1.0 / (double)(model->quantile_mask + 1);
    return bbc_cumulative_scale_init(&model->scale, size, BBC_CUMULATIVE_FLOOR, model->precision);
}

int bbc_location_scale_quantiles(int family, double *quantiles)
{
    bbc_fp_state saved = bbc_fp_enter();
    for (int i = 0; i <= BBC_LOCATION_SCALE_QUANTILES; i++) {
        double p = ex_clip64(i, 0.1, BBC_LOCATION_SCALE_QUANTILES - 0.1) / BBC_LOCATION_SCALE_QUANTILES;
        quantiles[i] = family == BBC_LOCATION_SCALE_GAUSSIAN ? ex_normal_quantile64(p) : ex_log64(p / (1.0 - p));
    }
    bbc_fp_leave(saved);
    return BBC_ANS_OK;
}

int bbc_location_scale_intervals(const double *weights, const double *means, const double *deviations,
                                 const uint32_t *symbols, uint32_t *starts, uint32_t *freqs, size_t components,
                                 int family, int32_t low, uint32_t size, unsigned precision, size_t n, size_t *done)
{
    bbc_location_scale model = {.family = family,
                                .precision = precision,
                                .components = components,
                                .weights = weights,
                                .means = means,
                                .deviations = deviations};
    int status = location_scale_init(&model, low, size);
    *done = 0;
    if (status != BBC_ANS_OK) return status;
    bbc_fp_state saved = bbc_fp_enter();
    status = bbc_kernels_now()->location_scale_intervals(&model, symbols, starts, freqs, n, done);
    bbc_fp_leave(saved);
    return status;
}

int bbc_location_scale_pop(uint64_t *states, size_t lanes, bbc_ans_words *words, const double *weights,
                           const double *means, const double *deviations, uint32_t *symbols, size_t components,
                           int family, int32_t low, uint32_t size, unsigned precision, const double *quantiles,
                           size_t n, size_t *done)
{
    bbc_location_scale model = {.family = family,
                                .precision = precision,
                                .components = components,
                                .weights = weights,
                                .means = means,
                                .deviations = deviations,
                                .quantiles = quantiles};
    int status = bbc_ans_check(states, lanes, words);
    if (status == BBC_ANS_OK) status = location_scale_init(&model, low, size);
    *done = 0;
    if (status != BBC_ANS_OK) return status;
    bbc_fp_state saved = bbc_fp_enter();
    status = bbc_kernels_now()->location_scale_pop(&model, states, lanes, words, symbols, n, done);
    bbc_fp_leave(saved);
    return status;
}
