/* A Gaussian latent over bins of equal mass under its prior.
 *
 * Under the prior N(m, s) the real line is cut at m + s * q(i / n), q the standard normal quantile and n = 2^bits, so
 * that every bin has mass 1/n and the prior is coded with `bits` bits, whatever m and s are. The posterior N(mu, sigma)
 * gives bin i the mass between its edges,
 *
 *     F(i) = Phi((m + s q(i / n) - mu) / sigma) = Phi(shift + scale * q(i / n)),   shift = (m - mu) / sigma,
 *                                                                                scale = s / sigma
 *
 * A bin stands for its median under the prior, m + s * q((i + 1/2) / n). The caller brackets its work with
 * bbc_fp_enter and bbc_fp_leave. */
#ifndef BBC_BINS_H
#define BBC_BINS_H

#include "cumulative.h"

#include "bins.cdef.h"

#define BBC_BINS_MAX_BITS 20 /* tables of 2^20 doubles; latents need about 10 */

typedef struct {
    double shift, scale;
    const double *edges; /* quantiles of i / n; the two ends are never used */
} bbc_bins_model;

/* Whatever the parameters are, NaN and zero deviations included, the model is one that can be coded: scale is not
 * negative, both are finite, and so F rises from edge to edge. */
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
    const bbc_scale *scale;
} bbc_bins_search;

static inline void bbc_bins_edges(const void *context, const uint32_t *edge, uint32_t *cum)
{
    const bbc_bins_search *search = context;
    double f[BBC_WINDOW];
    for (int j = 0; j < BBC_WINDOW; j++) f[j] = bbc_bins_cdf(search->model, edge[j]);
    bbc_cum_window(search->scale, edge, f, cum);
}

/* Where to start looking for the bin of a value: the edge at the posterior's quantile, by halving the table. */
EX uint32_t bbc_bins_guess(const bbc_bins_model *model, uint32_t n, double probability)
{
    double edge = (bbc_rough_quantile(probability) - model->shift) / ex_max64(model->scale, 1e-12);
    uint32_t at = 0;
    for (uint32_t half = n / 2; half > 0; half /= 2) at = model->edges[at + half] <= edge ? at + half : at;
    return at;
}

/* Push symbol < 2^bits (scale from bbc_scale_init with n = 2^bits and BBC_FLOOR). */
static inline int bbc_bins_push_one(uint64_t *head, bbc_words *words, const bbc_bins_model *model,
                                    const bbc_scale *scale, unsigned precision, uint32_t symbol)
{
    uint32_t start, end;
    if (symbol >= scale->n) return BBC_ANS_BAD_SYMBOL;
    start = bbc_cum(scale, symbol, bbc_bins_cdf(model, symbol));
    end = bbc_cum(scale, symbol + 1, bbc_bins_cdf(model, symbol + 1));
    return bbc_ans_push_one(head, words, start, end - start, precision);
}

static inline int bbc_bins_pop_one(uint64_t *head, bbc_words *words, const bbc_bins_model *model,
                                   const bbc_scale *scale, unsigned precision, uint32_t *symbol)
{
    uint32_t value = bbc_ans_peek(*head, precision);
    double probability = ((double)value + 0.5) / (double)scale->total;
    bbc_bins_search bins = {model, scale};
    bbc_search found = bbc_find(scale, bbc_bins_edges, &bins, value, bbc_bins_guess(model, scale->n, probability));
    *symbol = found.lo;
    return bbc_ans_advance(head, words, found.cum_lo, found.cum_hi - found.cum_lo, precision);
}

#endif
