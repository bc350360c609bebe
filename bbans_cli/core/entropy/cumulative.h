/* From a distribution function to intervals, and from a value back to its symbol.
 *
 * n symbols share 2^precision values. Each gets `floor_` values whatever the model says; the rest, T = 2^precision -
 * n * floor_, goes by the distribution function F:
 *
 *     cum(i) = floor_ * i + min(T, round(T * F(i)))  for 0 < i < n,      cum(0) = 0,      cum(n) = 2^precision
 *
 * Symbol i owns [cum(i), cum(i + 1)). If F as computed never falls by more than 2^-33 where it should rise, T * F falls
 * by less than 1/2, its rounding by at most 1, and cum is strictly increasing for floor_ = 2. The functions of exact.h
 * stay within 2^-49. Where F is monotone by construction (sums of what is not negative), floor_ = 1 does. */
#ifndef BBC_CUMULATIVE_H
#define BBC_CUMULATIVE_H

#include "ans.h"
#include "exact.h"

#define BBC_FLOOR 2

typedef struct {
    uint32_t n, floor_, rest; /* symbols, least frequency, T */
    uint32_t total;           /* 2^precision */
} bbc_scale;

/* 0, or BBC_ANS_BAD_SYMBOL where n symbols do not fit: at least half of 2^precision must be left for the model. */
static inline int bbc_scale_init(bbc_scale *scale, uint32_t n, uint32_t floor_, unsigned precision)
{
    if (precision - 1 >= BBC_ANS_MAX_PRECISION || n < 1) return BBC_ANS_BAD_SYMBOL;
    scale->total = (uint32_t)1 << precision;
    if ((uint64_t)n * floor_ > scale->total / 2) return BBC_ANS_BAD_SYMBOL;
    scale->n = n;
    scale->floor_ = floor_;
    scale->rest = scale->total - n * floor_;
    return BBC_ANS_OK;
}

/* cum(i) from T * F(i), clipped to 0..T, for 0 <= i <= n; the ends are set and the share is not looked at. Adding 2^52
 * rounds to an integer, half to even, and leaves it in the low bits. */
EX uint32_t bbc_cum_of_share(const bbc_scale *scale, uint32_t i, double share)
{
    uint32_t inside = scale->floor_ * i + (uint32_t)ex_bits64(share + 0x1p52);
    inside = i == 0 ? 0 : inside;
    return i == scale->n ? scale->total : inside;
}

/* cum(i) from F(i); NaN counts as 0. */
EX uint32_t bbc_cum(const bbc_scale *scale, uint32_t i, double f)
{
    return bbc_cum_of_share(scale, i, (double)scale->rest * ex_clip64(f, 0.0, 1.0));
}

enum { BBC_WINDOW = 8 };

/* Before a loop over a window: GCC unrolls short loops within loops before it looks for vectors, and then finds none. */
#if defined(__clang__)
#define BBC_KEEP_LOOP
#else
#define BBC_KEEP_LOOP _Pragma("GCC unroll 1")
#endif

/* The same for BBC_WINDOW edges, in loops that become vectors. */
EX void bbc_cum_window(const bbc_scale *scale, const uint32_t *edge, const double *f, uint32_t *cum)
{
    const uint32_t n = scale->n, floor_ = scale->floor_, total = scale->total;
    const double rest = (double)scale->rest;
    double share[BBC_WINDOW];
    uint32_t words[2 * BBC_WINDOW];
    BBC_KEEP_LOOP
    for (int j = 0; j < BBC_WINDOW; j++) share[j] = rest * ex_clip64(f[j], 0.0, 1.0) + 0x1p52;
    memcpy(words, share, sizeof words); /* little-endian, as kernels.h makes sure: the low word comes first */
    BBC_KEEP_LOOP
    for (int j = 0; j < BBC_WINDOW; j++) {
        uint32_t inside = edge[j] == 0 ? 0 : floor_ * edge[j] + words[2 * j];
        cum[j] = edge[j] == n ? total : inside;
    }
}

/* The standard normal quantile within 5e-4 (Abramowitz and Stegun 26.2.23), for guesses. 0 < p < 1. */
EX double bbc_rough_quantile(double p)
{
    double t = __builtin_sqrt(-2.0 * ex_log64(p < 0.5 ? p : 1.0 - p));
    double x = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
    return p < 0.5 ? -x : x;
}

typedef void bbc_edges_fn(const void *model, const uint32_t *edge, uint32_t *cum); /* cum at BBC_WINDOW edges */

/* A search for the symbol whose interval holds value < 2^precision. Eight edges side by side take hardly longer than one,
 * whose arithmetic is one long chain: they are those around a guess, and if that was wrong, they cut what is left into
 * nine. The result does not depend on the guess, which may come from anywhere. */
typedef struct {
    uint32_t value, lo, hi, cum_lo, cum_hi;
} bbc_search;

/* Narrow [lo, hi] with the edges at, at + stride, ... */
EX void bbc_narrow(bbc_search *search, bbc_edges_fn *edges, const void *model, uint32_t at, uint32_t stride)
{
    const uint32_t value = search->value, most = search->hi;
    uint32_t edge[BBC_WINDOW], cum[BBC_WINDOW], below = 0;
    BBC_KEEP_LOOP
    for (uint32_t j = 0; j < BBC_WINDOW; j++) edge[j] = at + j * stride < most ? at + j * stride : most;
    edges(model, edge, cum);
    BBC_KEEP_LOOP
    for (uint32_t j = 0; j < BBC_WINDOW; j++) below += cum[j] <= value;
    if (below > 0) search->lo = edge[below - 1], search->cum_lo = cum[below - 1];
    if (below < BBC_WINDOW) search->hi = edge[below], search->cum_hi = cum[below];
}

static __attribute__((noinline, unused)) void bbc_search_on(bbc_search *search, bbc_edges_fn *edges, const void *model)
{
    while (search->hi - search->lo > 1) {
        uint32_t stride = (search->hi - search->lo) / (BBC_WINDOW + 1) + 1;
        bbc_narrow(search, edges, model, search->lo + stride, stride);
    }
}

EX bbc_search bbc_find(const bbc_scale *scale, bbc_edges_fn *edges, const void *model, uint32_t value, uint32_t guess)
{
    bbc_search search = {value, 0, scale->n, 0, scale->total};
    bbc_narrow(&search, edges, model, guess < BBC_WINDOW / 2 ? 0 : guess - (BBC_WINDOW / 2 - 1), 1);
    if (search.hi - search.lo > 1) bbc_search_on(&search, edges, model);
    return search;
}

#endif
