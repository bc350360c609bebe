/* The coder of JPEG coefficients: networks that were trained beforehand. For each coefficient of luma and of chroma,
 * and for the place of the last one, there is one with a hidden layer. From what is known it computes, for each binary
 * decision by which the number is coded, a stretched probability, which is an input of the mixer (magnitudes-inl.h). scripts/training/
 * train_jpeg_start.py trains them.
 *
 * Integers only. Features are logarithms of magnitudes, in 1/16; some have the sign of the number, relative to the sign
 * that is expected of the coefficient. */
#ifndef BBC_COEFFICIENT_NETWORK_INL_H
#define BBC_COEFFICIENT_NETWORK_INL_H

#include "coefficient_neighbourhood-inl.h"

/* Sums of 32 bits, side by side, to which products of a pair of features with pairs of weights are added */
#if defined(TARGET_AVX512)
typedef __m512i coefficient_network_sums;
#define COEFFICIENT_NETWORK_SUMS(name) _mm512_##name
static inline coefficient_network_sums coefficient_network_load(const void *p) { return _mm512_loadu_si512(p); }
static inline void coefficient_network_store(void *p, coefficient_network_sums x) { _mm512_storeu_si512(p, x); }
#elif defined(TARGET_AVX2)
typedef __m256i coefficient_network_sums;
#define COEFFICIENT_NETWORK_SUMS(name) _mm256_##name
static inline coefficient_network_sums coefficient_network_load(const void *p) { return _mm256_loadu_si256(p); }
static inline void coefficient_network_store(void *p, coefficient_network_sums x) { _mm256_storeu_si256(p, x); }
#elif defined(__SSE2__)
#include <emmintrin.h>
typedef __m128i coefficient_network_sums;
#define COEFFICIENT_NETWORK_SUMS(name) _mm_##name
static inline coefficient_network_sums coefficient_network_load(const void *p) { return _mm_loadu_si128(p); }
static inline void coefficient_network_store(void *p, coefficient_network_sums x) { _mm_storeu_si128(p, x); }
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

/* The hidden layer's outputs for `features`. Its weights go by pairs of features: those of a hidden unit lie
 * side by side. Many pairs are zero; to find these takes longer than their products. */
static inline void coefficient_network_hidden(const int16_t *hidden, const int16_t *features, int16_t *active)
{
    int32_t sums[COEFFICIENTS_HIDDEN], pairs[COEFFICIENTS_FEATURES / 2];
    memcpy(pairs, features, sizeof pairs);
#if defined(COEFFICIENT_NETWORK_SUMS)
    enum { LANES = sizeof(coefficient_network_sums) / sizeof *sums, VECTORS = COEFFICIENTS_HIDDEN / LANES };
    coefficient_network_sums total[VECTORS];
    for (int q = 0; q < VECTORS; q++) total[q] = COEFFICIENT_NETWORK_SUMS(set1_epi32)(0);
#pragma GCC unroll 13
    for (int i = 0; i < COEFFICIENTS_FEATURES / 2; i++) {
        const coefficient_network_sums both = COEFFICIENT_NETWORK_SUMS(set1_epi32)(pairs[i]);
        const int16_t *weights = hidden + 2 * COEFFICIENTS_HIDDEN * i;
        for (int q = 0; q < VECTORS; q++, weights += 2 * LANES)
            total[q] = COEFFICIENT_NETWORK_SUMS(
                add_epi32)(total[q], COEFFICIENT_NETWORK_SUMS(madd_epi16)(both, coefficient_network_load(weights)));
    }
    for (int q = 0; q < VECTORS; q++) coefficient_network_store(sums + LANES * q, total[q]);
#else
    memset(sums, 0, sizeof sums);
    for (int i = 0; i < COEFFICIENTS_FEATURES / 2; i++) {
        if (!pairs[i]) continue;
        const int16_t *x = features + 2 * i, *weights = hidden + 2 * COEFFICIENTS_HIDDEN * i;
        for (int j = 0; j < COEFFICIENTS_HIDDEN; j++, weights += 2)
            sums[j] = (int32_t)((uint32_t)sums[j] + (uint32_t)(x[0] * weights[0] + x[1] * weights[1]));
    }
#endif
    for (int j = 0; j < COEFFICIENTS_HIDDEN; j++) {
        const int32_t x = sums[j] >> COEFFICIENT_HIDDEN_SHIFT;
        active[j] = (int16_t)(x < 0 ? 0 : x < INT16_MAX ? x : INT16_MAX);
    }
}

/* Modulo 2^32 */
static inline int32_t coefficient_network_dot(const int16_t *active, const int16_t *weights)
{
#if defined(TARGET_AVX512) || defined(TARGET_AVX2)
    /* By eight lanes with AVX-512 too: sixteen take a step more to add up. */
    __m256i sums = _mm256_setzero_si256();
    for (int j = 0; j < COEFFICIENTS_HIDDEN; j += 16) {
        const __m256i a = _mm256_loadu_si256((const void *)(active + j));
        sums = _mm256_add_epi32(sums, _mm256_madd_epi16(a, _mm256_loadu_si256((const void *)(weights + j))));
    }
    __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4E));
    return _mm_cvtsi128_si32(_mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xB1)));
#else
    uint32_t sum = 0;
    for (int j = 0; j < COEFFICIENTS_HIDDEN; j++) sum += (uint32_t)(active[j] * weights[j]);
    return (int32_t)sum;
#endif
}

/* The stretched probability, in 1/256, that one output tells */
static inline int32_t coefficient_network_output(const int16_t *weights, int bias, const int16_t *active)
{
    const int32_t x = (coefficient_network_dot(active, weights) >> COEFFICIENT_OUTPUT_SHIFT) + bias;
    return x < -2047 ? -2047 : x < 2047 ? x : 2047;
}

#endif
