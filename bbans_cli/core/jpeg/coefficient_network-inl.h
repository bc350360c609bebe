/* The coder of JPEG coefficients: networks that were trained beforehand. For each AC coefficient of luma and of chroma
 * there is one with a hidden layer. From what is known it computes, for each binary decision by which the value is
 * coded, a stretched probability, which is an input of the mixer (magnitudes-inl.h). scripts/training/
 * train_jpeg_start.py trains them.
 *
 * Integers only. Features are logarithms of magnitudes, in 1/16; some have the sign of the number, relative to the sign
 * that is expected of the coefficient. */
#ifndef BBC_COEFFICIENT_NETWORK_INL_H
#define BBC_COEFFICIENT_NETWORK_INL_H

#include "coefficient_neighbourhood-inl.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* 16 log2(x) of a number x >= 1, linear between powers of two */
static inline int coefficient_log_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    const int64_t log = (int64_t)(bits >> 48) - (1023 << 4);
    return log < 127 ? (int)log : 127;
}

/* 16 log2(1 + |x|), with the sign of x */
static inline int coefficient_signed_log(double x)
{
    const int log = coefficient_log_of(1 + fabs(x));
    return x < 0 ? -log : log;
}

static inline int coefficient_log(int magnitude) { return coefficient_log_of(1 + magnitude); }

/* Of a hidden layer's sum the lowest bits are dropped, of an output's as well. */
enum { COEFFICIENT_HIDDEN_SHIFT = 6, COEFFICIENT_OUTPUT_SHIFT = 12 };

/* sums[j] += the product of x[0..pairs * 2) and the j-th column of weights, for j < 4 * quads. Weights go by pairs of
 * rows: those of a column lie side by side. */
static inline void coefficient_network_multiply(const int16_t *x, int pairs, const int16_t *weights, int quads,
                                                int32_t *sums)
{
#if defined(__SSE2__)
    __m128i total[COEFFICIENTS_HIDDEN / 4];
    for (int q = 0; q < quads; q++) total[q] = _mm_loadu_si128((const __m128i *)(sums + 4 * q));
    for (int i = 0; i < pairs; i++) {
        int32_t pair;
        memcpy(&pair, x + 2 * i, sizeof pair);
        const __m128i both = _mm_set1_epi32(pair);
        for (int q = 0; q < quads; q++, weights += 8)
            total[q] = _mm_add_epi32(total[q], _mm_madd_epi16(both, _mm_loadu_si128((const __m128i *)weights)));
    }
    for (int q = 0; q < quads; q++) _mm_storeu_si128((__m128i *)(sums + 4 * q), total[q]);
#else
    for (int i = 0; i < pairs; i++)
        for (int j = 0; j < 4 * quads; j++, weights += 2)
            sums[j] = (int32_t)((uint32_t)sums[j] + (uint32_t)(x[2 * i] * weights[0] + x[2 * i + 1] * weights[1]));
#endif
}

/* The stretched probabilities, in 1/256, by the network w */
static inline void coefficient_network_run(const coefficients_network *w, const int16_t *features, int16_t *out)
{
    int32_t hidden[COEFFICIENTS_HIDDEN], sums[COEFFICIENTS_OUTPUTS];
    int16_t active[COEFFICIENTS_HIDDEN];
    memset(hidden, 0, sizeof hidden);
    memset(sums, 0, sizeof sums);
    coefficient_network_multiply(features, COEFFICIENTS_FEATURES / 2, w->hidden, COEFFICIENTS_HIDDEN / 4, hidden);
    for (int j = 0; j < COEFFICIENTS_HIDDEN; j++) {
        const int32_t x = hidden[j] >> COEFFICIENT_HIDDEN_SHIFT;
        active[j] = (int16_t)(x < 0 ? 0 : x < INT16_MAX ? x : INT16_MAX);
    }
    coefficient_network_multiply(active, COEFFICIENTS_HIDDEN / 2, w->output, COEFFICIENTS_OUTPUTS / 4, sums);
    for (int o = 0; o < COEFFICIENTS_OUTPUTS; o++) {
        const int32_t x = (sums[o] >> COEFFICIENT_OUTPUT_SHIFT) + w->bias[o];
        out[o] = (int16_t)(x < -2047 ? -2047 : x < 2047 ? x : 2047);
    }
}

#endif
