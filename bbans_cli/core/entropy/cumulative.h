/* From a distribution function to intervals of integers, and from a value back to its symbol.
 *
 * n symbols share 2^precision values. Each gets at least `floor_` values; the rest, T = 2^precision - n * floor_, is
 * divided by the distribution function F:
 *
 *     cum(i) = floor_ * i + min(T, round(T * F(i)))  for 0 < i < n,      cum(0) = 0,      cum(n) = 2^precision
 *
 * Symbol i owns [cum(i), cum(i + 1)). If F as computed never falls by more than 2^-33 from one edge to the next,
 * T * F falls by less than 1/2 and its rounding by at most 1, so cum is strictly increasing for floor_ = 2. The
 * functions of exact.h have errors below 2^-49. Where the computed F cannot fall (sums of non-negative numbers),
 * floor_ = 1 is enough. */
#ifndef BBC_CUMULATIVE_H
#define BBC_CUMULATIVE_H

#include "ans.h"
#include "exact.h"

#define BBC_CUMULATIVE_FLOOR 2

typedef struct {
    uint32_t n, floor_, rest; /* symbols, least frequency, T */
    uint32_t total;           /* 2^precision */
} bbc_cumulative_scale;

/* 0, or BBC_ANS_BAD_SYMBOL where n symbols do not fit: at least half of 2^precision must be left for the model. */
static inline int bbc_cumulative_scale_init(bbc_cumulative_scale *scale, uint32_t n, uint32_t floor_,
                                            unsigned precision)
{
    if (precision - 1 >= BBC_ANS_MAX_PRECISION || n < 1) return BBC_ANS_BAD_SYMBOL;
    scale->total = (uint32_t)1 << precision;
    if ((uint64_t)n * floor_ > scale->total / 2) return BBC_ANS_BAD_SYMBOL;
    scale->n = n;
    scale->floor_ = floor_;
    scale->rest = scale->total - n * floor_;
    return BBC_ANS_OK;
}

/* cum(i) from the share T * F(i), which is in 0..T, for 0 <= i <= n. At both ends the share is ignored. Adding 2^52
 * rounds to an integer, half to even, and leaves it in the low bits. */
EX uint32_t bbc_cumulative_of_share(const bbc_cumulative_scale *scale, uint32_t i, double share)
{
    uint32_t inside = scale->floor_ * i + (uint32_t)ex_bits64(share + 0x1p52);
    inside = i == 0 ? 0 : inside;
    return i == scale->n ? scale->total : inside;
}

/* cum(i) from F(i); NaN counts as 0. */
EX uint32_t bbc_cumulative(const bbc_cumulative_scale *scale, uint32_t i, double f)
{
    return bbc_cumulative_of_share(scale, i, (double)scale->rest * ex_clip64(f, 0.0, 1.0));
}

enum { BBC_CUMULATIVE_WINDOW = 8 };

/* For a loop over a window: GCC would unroll a short inner loop before it vectorises, and then not vectorise. */
#if defined(__clang__)
#define BBC_CUMULATIVE_KEEP_LOOP
#else
#define BBC_CUMULATIVE_KEEP_LOOP _Pragma("GCC unroll 1")
#endif

/* The same for BBC_CUMULATIVE_WINDOW edges, in loops that vectorise. */
EX void bbc_cumulative_window(const bbc_cumulative_scale *scale, const uint32_t *edge, const double *f, uint32_t *cum)
{
    const uint32_t n = scale->n, floor_ = scale->floor_, total = scale->total;
    const double rest = (double)scale->rest;
    double share[BBC_CUMULATIVE_WINDOW];
    uint32_t words[2 * BBC_CUMULATIVE_WINDOW];
    BBC_CUMULATIVE_KEEP_LOOP
    for (int j = 0; j < BBC_CUMULATIVE_WINDOW; j++) share[j] = rest * ex_clip64(f[j], 0.0, 1.0) + 0x1p52;
    memcpy(words, share, sizeof words); /* little-endian, as kernels.h makes sure: the low word comes first */
    BBC_CUMULATIVE_KEEP_LOOP
    for (int j = 0; j < BBC_CUMULATIVE_WINDOW; j++) {
        uint32_t inside = edge[j] == 0 ? 0 : floor_ * edge[j] + words[2 * j];
        cum[j] = edge[j] == n ? total : inside;
    }
}

/* The standard normal quantile, error below 5e-4 (Abramowitz and Stegun 26.2.23), for first guesses. 0 < p < 1. */
EX double bbc_cumulative_rough_quantile(double p)
{
    double t = __builtin_sqrt(-2.0 * ex_log64(p < 0.5 ? p : 1.0 - p));
    double x = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
    return p < 0.5 ? -x : x;
}

/* Fills cum at BBC_CUMULATIVE_WINDOW edges. */
typedef void bbc_cumulative_edges_fn(const void *model, const uint32_t *edge, uint32_t *cum);

/* A search for the symbol whose interval contains value < 2^precision. Eight edges side by side take hardly longer than
 * one, whose arithmetic is one long chain of dependent operations. The first eight are those around a guess; if the
 * guess was wrong, each further eight divide the remaining range into nine. The result does not depend on the guess. */
typedef struct {
    uint32_t value, lo, hi, cum_lo, cum_hi;
} bbc_cumulative_search;

/* Narrow [lo, hi] with the edges at, at + stride, ... */
EX void bbc_cumulative_narrow(bbc_cumulative_search *search, bbc_cumulative_edges_fn *edges, const void *model,
                              uint32_t at, uint32_t stride)
{
    const uint32_t value = search->value, most = search->hi;
    uint32_t edge[BBC_CUMULATIVE_WINDOW], cum[BBC_CUMULATIVE_WINDOW], below = 0;
    BBC_CUMULATIVE_KEEP_LOOP
    for (uint32_t j = 0; j < BBC_CUMULATIVE_WINDOW; j++) edge[j] = at + j * stride < most ? at + j * stride : most;
    edges(model, edge, cum);
    BBC_CUMULATIVE_KEEP_LOOP
    for (uint32_t j = 0; j < BBC_CUMULATIVE_WINDOW; j++) below += cum[j] <= value;
    if (below > 0) search->lo = edge[below - 1], search->cum_lo = cum[below - 1];
    if (below < BBC_CUMULATIVE_WINDOW) search->hi = edge[below], search->cum_hi = cum[below];
}

static __attribute__((noinline, unused)) void bbc_cumulative_search_on(bbc_cumulative_search *search,
                                                                       bbc_cumulative_edges_fn *edges,
                                                                       const void *model)
{
    while (search->hi - search->lo > 1) {
        uint32_t stride = (search->hi - search->lo) / (BBC_CUMULATIVE_WINDOW + 1) + 1;
        bbc_cumulative_narrow(search, edges, model, search->lo + stride, stride);
    }
}

EX bbc_cumulative_search bbc_cumulative_find(const bbc_cumulative_scale *scale, bbc_cumulative_edges_fn *edges,
                                             const void *model, uint32_t value, uint32_t guess)
{
    bbc_cumulative_search search = {value, 0, scale->n, 0, scale->total};
    bbc_cumulative_narrow(&search, edges, model,
                          guess < BBC_CUMULATIVE_WINDOW / 2 ? 0 : guess - (BBC_CUMULATIVE_WINDOW / 2 - 1), 1);
    if (search.hi - search.lo > 1) bbc_cumulative_search_on(&search, edges, model);
    return search;
}

#endif
