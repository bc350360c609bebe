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

/* cum(i) for 0 < i < n, given F(i); NaN counts as 0. Rounds half to even, through the last place of 2^52. */
EX uint32_t bbc_cum_inside(const bbc_scale *scale, uint32_t i, double f)
{
    double share = (double)scale->rest * ex_clip64(f, 0.0, 1.0);
    return scale->floor_ * i + (uint32_t)ex_bits64(share + 0x1p52);
}

/* cum(i) for 0 <= i <= n; the ends are set and F is not asked. */
EX uint32_t bbc_cum(const bbc_scale *scale, uint32_t i, double f)
{
    uint32_t inside = bbc_cum_inside(scale, i, f);
    inside = i == 0 ? 0 : inside;
    return i == scale->n ? scale->total : inside;
}

/* The standard normal quantile within 5e-4 (Abramowitz and Stegun 26.2.23), for guesses. 0 < p < 1. */
EX double bbc_rough_quantile(double p)
{
    double t = __builtin_sqrt(-2.0 * ex_log64(p < 0.5 ? p : 1.0 - p));
    double x = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
    return p < 0.5 ? -x : x;
}

/* The search for the symbol whose interval holds value < 2^precision: from the interval of a guess outwards in doubling
 * steps, then inwards by interpolation and halving in turn. The symbol found does not depend on the guess, which may come
 * from anywhere. Evaluating cum is left to the caller, who may do so for many searches at once. */
typedef struct {
    uint32_t value, lo, hi, cum_lo, cum_hi; /* found when hi = lo + 1 and cum_lo <= value < cum_hi */
    uint32_t step;                          /* of the way outwards */
    int halve;                              /* the next step inwards halves */
} bbc_search;

/* Then set cum_lo and cum_hi to cum(lo) and cum(hi). */
EX void bbc_search_from(bbc_search *search, const bbc_scale *scale, uint32_t value, uint32_t guess, uint32_t step)
{
    search->value = value;
    search->lo = guess < scale->n ? guess : scale->n - 1;
    search->hi = search->lo + 1;
    search->step = step;
    search->halve = 0;
}

/* The next i to evaluate cum at, or UINT32_MAX when the symbol, lo, is found. */
EX uint32_t bbc_search_probe(const bbc_search *search, const bbc_scale *scale)
{
    uint32_t between = search->hi - search->lo - 1;
    if (search->cum_lo > search->value) return search->lo > search->step ? search->lo - search->step : 0;
    if (search->cum_hi <= search->value)
        return scale->n - search->hi > search->step ? search->hi + search->step : scale->n;
    if (between == 0) return UINT32_MAX;
    if (search->halve) return search->lo + 1 + between / 2;
    return search->lo + 1 +
           (uint32_t)((uint64_t)between * (search->value - search->cum_lo) / (search->cum_hi - search->cum_lo));
}

/* Take in cum(probe). */
EX void bbc_search_take(bbc_search *search, uint32_t probe, uint32_t cum)
{
    if (search->cum_lo > search->value) {
        search->hi = search->lo, search->cum_hi = search->cum_lo;
        search->lo = probe, search->cum_lo = cum;
        search->step *= 2;
    } else if (search->cum_hi <= search->value) {
        search->lo = search->hi, search->cum_lo = search->cum_hi;
        search->hi = probe, search->cum_hi = cum;
        search->step *= 2;
    } else {
        search->halve = !search->halve;
        if (cum <= search->value) {
            search->lo = probe, search->cum_lo = cum;
        } else {
            search->hi = probe, search->cum_hi = cum;
        }
    }
}

typedef double bbc_cdf_fn(const void *model, uint32_t i); /* F(i) for any 0 <= i <= n */

/* One search to its end; inlined with a constant f, the two edges of the guess are computed side by side. */
EX void bbc_search_all(bbc_search *search, const bbc_scale *scale, bbc_cdf_fn *f, const void *model)
{
    search->cum_lo = bbc_cum(scale, search->lo, f(model, search->lo));
    search->cum_hi = bbc_cum(scale, search->hi, f(model, search->hi));
    for (;;) {
        uint32_t probe = bbc_search_probe(search, scale);
        if (probe == UINT32_MAX) return;
        bbc_search_take(search, probe, bbc_cum(scale, probe, f(model, probe)));
    }
}

#endif
