/* Elementary functions with equal bits on every machine.
 *
 * Built from + - * / fma, comparisons, conversions between binary32 and binary64 and bit casts alone, in an order
 * that the source fixes. There is no branch, so that loops over arrays become SIMD. Every argument, NaN and
 * infinities included, has a defined result; only NaN results of ex_fma may differ in sign and payload.
 *
 * Errors below are the largest found against a wider type on random arguments, in units of the last place (ulp).
 * Polynomials are minimax or Chebyshev fits of scripts/experiments/fit_elementary.py. bbans_cli/reference/arithmetic.py
 * mirrors each function operation by operation: change both together. */
#ifndef BBC_EXACT_H
#define BBC_EXACT_H

#include <stdint.h>
#include <string.h>

#define EX static inline __attribute__((always_inline, unused))

EX uint32_t ex_bits(float x)
{
    uint32_t u;
    memcpy(&u, &x, 4);
    return u;
}
EX float ex_float(uint32_t u)
{
    float x;
    memcpy(&x, &u, 4);
    return x;
}
EX uint64_t ex_bits64(double x)
{
    uint64_t u;
    memcpy(&u, &x, 8);
    return u;
}
EX double ex_double(uint64_t u)
{
    double x;
    memcpy(&x, &u, 8);
    return x;
}

/* In this form NaN becomes `lo`, and x86's max and min instructions agree with everybody else's. */
EX float ex_max(float x, float lo) { return x > lo ? x : lo; }
EX float ex_min(float x, float hi) { return x < hi ? x : hi; }
EX float ex_clip(float x, float lo, float hi) { return ex_min(ex_max(x, lo), hi); }
EX double ex_max64(double x, double lo) { return x > lo ? x : lo; }
EX double ex_min64(double x, double hi) { return x < hi ? x : hi; }
EX double ex_clip64(double x, double lo, double hi) { return ex_min64(ex_max64(x, lo), hi); }

/* a*b + c rounded once, without the instruction. The product of two floats is exact in binary64; the sum is
 * rounded to odd there (TwoSum gives the error's sign), after which rounding to binary32 cannot go wrong: binary64
 * has more than two digits to spare, subnormal results included. Shifts stand for comparisons of 64-bit numbers,
 * which SSE2 lacks. */
EX float ex_soft_fma(float a, float b, float c)
{
    double p = (double)a * (double)b, z = (double)c, s = p + z;
    double t = s - p, e = (p - (s - t)) + (z - t);
    uint64_t u = ex_bits64(s), side = ex_bits64(e * s); /* its sign: is the exact sum nearer to zero than s? */
    uint64_t inexact = ((side << 1) | (0 - (side << 1))) >> 63;
    uint64_t infinite = (((u >> 52) & 0x7ff) + 1) >> 11; /* or NaN */
    u += (1 - 2 * (side >> 63)) & (0 - (~u & inexact & ~infinite & 1));
    return (float)ex_double(u);
}

#if defined(TARGET_HAS_FMA)
EX float ex_fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
#else
EX float ex_fma(float a, float b, float c) { return ex_soft_fma(a, b, c); }
#endif

/* exp(x) for x clipped to [-87, 88], so the result is always positive, normal and finite; NaN gives exp(-87).
 * Error below 1 ulp. */
EX float ex_exp(float x)
{
    const float magic = 0x1.8p23f;
    x = ex_clip(x, -87.0f, 88.0f);
    float t = ex_fma(x, 0x1.715476p+0f, magic), n = t - magic;
    float r = ex_fma(n, -0x1.62e4p-1f, x);
    r = ex_fma(n, -0x1.7f7d1cp-20f, r);
    float p = 0x1.6a2434p-10f;
    p = ex_fma(p, r, 0x1.1239e2p-7f);
    p = ex_fma(p, r, 0x1.5558f2p-5f);
    p = ex_fma(p, r, 0x1.555492p-3f);
    p = ex_fma(p, r, 0x1.fffffcp-2f);
    p = ex_fma(p, r * r, r) + 1.0f;
    return p * ex_float((ex_bits(t) << 23) + 0x3f800000u);
}

/* 2 atanh(z) + tail for |z| <= 1/3. */
EX float ex_two_atanh(float z, float tail)
{
    float s = z * z, p = 0x1.1ef87p-2f;
    p = ex_fma(p, s, 0x1.1eb612p-2f);
    p = ex_fma(p, s, 0x1.99d27cp-2f);
    p = ex_fma(p, s, 0x1.5555p-1f);
    return ex_fma(2.0f, z, ex_fma(p * s, z, tail));
}

/* log(x) for x clipped to [2^-126, FLT_MAX]; NaN gives log(2^-126). Error below 2.1 ulp, near 1 too. */
EX float ex_log(float x)
{
    x = ex_clip(x, 0x1p-126f, 0x1.fffffep127f);
    uint32_t u = ex_bits(x),
             e = (u + (0x3f800000u - 0x3f3504f3u)) >> 23; /* x = 2^(e-127) m, m in [sqrt(1/2), sqrt(2)) */
    float m = ex_float(u - (e << 23) + 0x3f800000u);
    float n = ex_float(e | 0x4b000000u) - (0x1p23f + 127.0f);
    float z = (m - 1.0f) / (m + 1.0f);
    return ex_fma(n, 0x1.62e4p-1f, ex_two_atanh(z, n * 0x1.7f7d1cp-20f));
}

/* 1 / (1 + exp(-x)), exactly 1 from about 17 up, falling to 6.1e-39 at -88 and below; NaN gives 1.
 * Error below 2.5 ulp down to -87, and below 2^-23 absolute everywhere. */
EX float ex_sigmoid(float x) { return 1.0f / (1.0f + ex_exp(-x)); }

/* log(1 + exp(x)), at most FLT_MAX, at least exp(-87) as for NaN. Error below 3 ulp. */
EX float ex_softplus(float x)
{
    float y = ex_exp(x > 0.0f ? -x : x);
    return ex_two_atanh(y / (2.0f + y), ex_clip(x, 0.0f, 0x1.fffffep127f));
}

/* exp(x) for x clipped to [-708, 709]; NaN gives exp(-708). Error below 1 ulp. */
EX double ex_exp64(double x)
{
    const double magic = 0x1.8p52;
    x = ex_clip64(x, -708.0, 709.0);
    double t = x * 0x1.71547652b82fep+0 + magic, n = t - magic;
    double r = (x - n * 0x1.62e42fee00000p-1) - n * 0x1.a39ef35793c76p-33;
    double p = 0x1.1f7340dbc337ep-29;
    p = p * r + 0x1.af4e554377204p-26;
    p = p * r + 0x1.27e4db46cddd1p-22;
    p = p * r + 0x1.71de01fdbf9cap-19;
    p = p * r + 0x1.a01a01a6e1e2ap-16;
    p = p * r + 0x1.a01a01abf85abp-13;
    p = p * r + 0x1.6c16c16c162c3p-10;
    p = p * r + 0x1.11111111100bep-7;
    p = p * r + 0x1.5555555555556p-5;
    p = p * r + 0x1.5555555555557p-3;
    p = p * r + 0x1.0000000000000p-1;
    p = p * (r * r) + r;
    return (p + 1.0) * ex_double((ex_bits64(t) << 52) + 0x3ff0000000000000u);
}

/* log(x) for x clipped to [2^-1022, DBL_MAX]; NaN gives log(2^-1022). Error below 2.1 ulp. */
EX double ex_log64(double x)
{
    x = ex_clip64(x, 0x1p-1022, 0x1.fffffffffffffp1023);
    uint64_t u = ex_bits64(x), e = (u + (0x3ff0000000000000u - 0x3fe6a09e667f3bcdu)) >> 52;
    double m = ex_double(u - (e << 52) + 0x3ff0000000000000u);
    double n = ex_double(e | 0x4330000000000000u) - (0x1p52 + 1023.0);
    double z = (m - 1.0) / (m + 1.0), s = z * z;
    double p = 0x1.0c0aff044a970p-3;
    p = p * s + 0x1.0fbde0f4ad17bp-3;
    p = p * s + 0x1.3b1c3c1c81c8fp-3;
    p = p * s + 0x1.745cf8e4bba1bp-3;
    p = p * s + 0x1.c71c7201a55d7p-3;
    p = p * s + 0x1.2492492476a1ap-2;
    p = p * s + 0x1.9999999999a39p-2;
    p = p * s + 0x1.5555555555555p-1;
    return n * 0x1.62e42fee00000p-1 + (2.0 * z + (p * s * z + n * 0x1.a39ef35793c76p-33));
}

/* erfc(u) for u >= 0, clipped to u <= 26.5 (below 1e-306); NaN gives erfc(0) = 1 within an ulp.
 * (1 + 2u) exp(u^2) erfc(u) is smooth in (u - 4) / (u + 4), after Shepherd and Laframboise (1981).
 * The relative error grows with u^2, that of the exponential's argument; absolute error below 4e-16. */
EX double ex_erfc_right64(double u)
{
    u = ex_clip64(u, 0.0, 26.5);
    double t = (u - 4.0) / (u + 4.0);
    double p = -0x1.98d895a2fd3ebp-31;
    p = p * t - 0x1.6cc37f740cd0ep-27;
    p = p * t - 0x1.187a85cfac87ep-27;
    p = p * t + 0x1.cbbd51f9f63dfp-24;
    p = p * t + 0x1.f86f21f52b008p-25;
    p = p * t - 0x1.bb559d3ea8102p-21;
    p = p * t + 0x1.4b409fbe260dbp-22;
    p = p * t + 0x1.7f575dcec5685p-18;
    p = p * t - 0x1.78d5310a7b8d5p-17;
    p = p * t - 0x1.99628c7d8455ap-16;
    p = p * t + 0x1.3be216763d68dp-13;
    p = p * t - 0x1.a1deac4f3c8c8p-13;
    p = p * t - 0x1.8d4ab604639e6p-11;
    p = p * t + 0x1.49c671a1bcd5ep-8;
    p = p * t - 0x1.096238636a04fp-6;
    p = p * t + 0x1.3079edfa6418dp-5;
    p = p * t - 0x1.0fb06dff07bcdp-4;
    p = p * t + 0x1.7fee004dee2f3p-4;
    p = p * t - 0x1.9ddb23c3e0496p-4;
    p = p * t + 0x1.16ecefcfa6682p-4;
    p = p * t + 0x1.f7f5df66fc342p-7;
    p = p * t - 0x1.1df1ad154a2a5p-3;
    p = p * t + 0x1.3ba5916e9fd7fp+0;
    return p / (1.0 + 2.0 * u) * ex_exp64(-(u * u));
}

/* erf(x), absolute error below 4e-16; odd; NaN gives 0 within an ulp. */
EX double ex_erf64(double x)
{
    double r = 1.0 - ex_erfc_right64(x > 0.0 ? x : -x);
    return x > 0.0 ? r : -r;
}

/* Standard normal distribution function, absolute error below 3e-16; in the lower tail the relative error stays
 * below 1e-13. Clipped to about +-37.4, where it is 1 and about 1e-307. NaN gives 1/2 within an ulp. */
EX double ex_normal_cdf64(double x)
{
    double q = 0.5 * ex_erfc_right64((x > 0.0 ? x : -x) * 0x1.6a09e667f3bcdp-1);
    return x > 0.0 ? 1.0 - q : q;
}

/* Its inverse, for p clipped to [1e-300, 1 - 2^-53]; odd about 1/2, where it is 0. A start within 4.5e-4 (Abramowitz
 * and Stegun 26.2.23), then three steps of Halley's method. Meant for tables: it costs seven exponentials. */
EX double ex_normal_quantile64(double p)
{
    p = ex_clip64(p, 1e-300, 0x1.fffffffffffffp-1);
    double q = p < 0.5 ? p : 1.0 - p;
    double t = __builtin_sqrt(-2.0 * ex_log64(q));
    double x = (2.515517 + t * (0.802853 + t * 0.010328)) / (1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t;
    for (int step = 0; step < 3; step++) {
        double w = (ex_normal_cdf64(x) - q) * 0x1.40d931ff62706p+1 * ex_exp64(0.5 * x * x);
        x = x - w / (1.0 + 0.5 * x * w);
    }
    x = q < 0.5 ? x : 0.0;
    return p < 0.5 ? x : 0.0 - x;
}

#endif
