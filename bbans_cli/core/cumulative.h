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

typedef double bbc_cdf_fn(const void *model, uint32_t i); /* F(i) for any 0 <= i <= n */

/* The symbol whose interval holds value < 2^precision. guess only changes how long it takes, hence may come from
 * anywhere. Inlined with a constant f, so that the two edges of a good guess are computed side by side. */
EX uint32_t bbc_find(const bbc_scale *scale, bbc_cdf_fn *f, const void *model, uint32_t value, uint32_t guess,
                     uint32_t *start, uint32_t *freq)
{
    uint32_t lo = guess < scale->n ? guess : scale->n - 1, hi = lo + 1, step = 1;
    uint32_t cum_lo = bbc_cum(scale, lo, f(model, lo)), cum_hi = bbc_cum(scale, hi, f(model, hi));
    while (cum_lo > value) { /* ends at cum(0) = 0 */
        hi = lo, cum_hi = cum_lo;
        lo = lo > step ? lo - step : 0, step *= 2;
        cum_lo = bbc_cum(scale, lo, f(model, lo));
    }
    while (cum_hi <= value) { /* ends at cum(n) = 2^precision */
        lo = hi, cum_lo = cum_hi;
        hi = scale->n - hi > step ? hi + step : scale->n, step *= 2;
        cum_hi = bbc_cum(scale, hi, f(model, hi));
    }
    while (hi - lo > 1) {
        uint32_t middle = lo + (hi - lo) / 2, cum = bbc_cum(scale, middle, f(model, middle));
        if (cum <= value) {
            lo = middle, cum_lo = cum;
        } else {
            hi = middle, cum_hi = cum;
        }
    }
    *start = cum_lo;
    *freq = cum_hi - cum_lo;
    return lo;
}

#endif
