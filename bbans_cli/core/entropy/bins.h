/* A Gaussian latent over bins of equal mass under its prior (Townsend, Bird and Barber, 2019).
 *
 * Under the prior N(m, s^2) the real line is cut at m + s * q(i / n), where q is the standard normal quantile and
 * n = 2^bits. So every bin has prior mass 1/n, and a bin is coded with `bits` bits under the prior, for all m and s.
 * The posterior N(mu, sigma^2) has the distribution function, at edge i,
 *
 *     F(i) = Phi((m + s q(i / n) - mu) / sigma) = Phi(shift + scale * q(i / n)),   shift = (m - mu) / sigma,
 *                                                                                scale = s / sigma
 *
 * The value of a bin is its median under the prior, m + s * q((i + 1/2) / n). The caller brackets its work with
 * bbc_fp_enter and bbc_fp_leave. */
#ifndef BBC_BINS_H
#define BBC_BINS_H

#include "cumulative.h"

#include "bins.cdef.h"

#define BBC_BINS_MAX_BITS 20 /* tables of 2^20 doubles; latents need about 10 */

typedef struct {
    double shift, scale;
    const double *edges; /* quantiles of i / n; the values of the two ends do not matter */
} bbc_bins_model;

/* For all parameters, NaN and zero deviations included, the result can be coded: shift and scale are finite and scale
 * is not negative, so F does not fall from edge to edge. */
EX bbc_bins_model bbc_bins_of(double prior_mean, double prior_deviation, double mean, double deviation,
                              const double *edges)
{
    bbc_bins_model model;
    model.shift = ex_clip64((prior_mean - mean) / deviation, -1e12, 1e12);
    model.scale = ex_clip64(prior_deviation / deviation, 0.0, 1e12);
    model.edges = edges;
    return model;
}

EX double bbc_bins_cdf(const bbc_bins_model *model, uint32_t i)
{
    return ex_normal_cdf64(model->shift + model->scale * model->edges[i]);
}

typedef struct {
    const bbc_bins_model *model;
    const bbc_cumulative_scale *scale;
} bbc_bins_search;

static inline void bbc_bins_edges(const void *context, const uint32_t *edge, uint32_t *cum)
{
    const bbc_bins_search *search = context;
    double f[BBC_CUMULATIVE_WINDOW];
    for (int j = 0; j < BBC_CUMULATIVE_WINDOW; j++) f[j] = bbc_bins_cdf(search->model, edge[j]);
    bbc_cumulative_window(search->scale, edge, f, cum);
}

/* A first guess of the bin of a value: the last edge up to the posterior's quantile, by binary search. */
EX uint32_t bbc_bins_guess(const bbc_bins_model *model, uint32_t n, double probability)
{
    double edge = (bbc_cumulative_rough_quantile(probability) - model->shift) / ex_max64(model->scale, 1e-12);
    uint32_t at = 0;
    for (uint32_t half = n / 2; half > 0; half /= 2) at = model->edges[at + half] <= edge ? at + half : at;
    return at;
}

static inline int bbc_bins_pop_one(uint64_t *state, bbc_ans_words *words, const bbc_bins_model *model,
                                   const bbc_cumulative_scale *scale, unsigned precision, uint32_t *symbol)
{
    uint32_t value = bbc_ans_peek(*state, precision);
    double probability = ((double)value + 0.5) / (double)scale->total;
    bbc_bins_search bins = {model, scale};
    bbc_cumulative_search found =
        bbc_cumulative_find(scale, bbc_bins_edges, &bins, value, bbc_bins_guess(model, scale->n, probability));
    *symbol = found.lo;
    return bbc_ans_advance(state, words, found.cum_lo, found.cum_hi - found.cum_lo, precision);
}

#endif
