/* The DCT of 8x8 blocks in binary32, for inversion_*.c: orthonormal, so that the squares of samples and those of
 * coefficients have equal sums. Every sum is in the order written, hence the same on every machine. */
#ifndef INVERSION_DCT_H
#define INVERSION_DCT_H

#include <math.h>
#include <stdint.h>

/* The transform along one axis: wave[u][x] is what frequency u adds to sample x; transposed[x][u] is the same number.
 */
typedef struct {
    float wave[8][8], transposed[8][8];
} inversion_waves;

static inline void inversion_waves_fill(inversion_waves *w)
{
    /* cos(i pi / 16) / 2 for i = 0 to 8; frequency 0 uses that of i = 4. */
    static const float half_cosine[9] = {
        0.5f, 0.490392640f, 0.461939766f, 0.415734806f, 0.353553391f, 0.277785117f, 0.191341716f, 0.0975451610f, 0,
    };
    for (int u = 0; u < 8; u++)
        for (int x = 0; x < 8; x++) {
            int i = u ? (2 * x + 1) * u % 32 : 4;
            i = i > 16 ? 32 - i : i;
            w->wave[u][x] = w->transposed[x][u] = i <= 8 ? half_cosine[i] : -half_cosine[16 - i];
        }
}

/* out = transpose(left) in right, all 8x8. */
static inline void inversion_separable(const float (*left)[8], const float (*right)[8], const float *in, float *out)
{
    float middle[64] = {0};
    for (int k = 0; k < 8; k++)
        for (int i = 0; i < 8; i++)
            for (int j = 0; j < 8; j++) middle[8 * i + j] += left[k][i] * in[8 * k + j];
    for (int i = 0; i < 8; i++) {
        float row[8] = {0};
        for (int k = 0; k < 8; k++)
            for (int j = 0; j < 8; j++) row[j] += middle[8 * i + k] * right[k][j];
        for (int j = 0; j < 8; j++) out[8 * i + j] = row[j];
    }
}

/* Samples to coefficients. */
static inline void inversion_forward_dct(const inversion_waves *w, const float *samples, float *coefficients)
{
    inversion_separable(w->transposed, w->transposed, samples, coefficients);
}

/* Coefficients to samples. */
static inline void inversion_inverse_dct(const inversion_waves *w, const float *coefficients, float *samples)
{
    inversion_separable(w->wave, w->wave, coefficients, samples);
}

/* The dot product of 64 numbers, in an order that fills vectors. */
static inline float inversion_dot(const float *a, const float *b)
{
    float sums[16];
    for (int i = 0; i < 16; i++)
        sums[i] = a[i] * b[i] + a[i + 16] * b[i + 16] + a[i + 32] * b[i + 32] + a[i + 48] * b[i + 48];
    for (int i = 0; i < 8; i++) sums[i] += sums[i + 8];
    for (int i = 0; i < 4; i++) sums[i] += sums[i + 4];
    return sums[0] + sums[1] + sums[2] + sums[3];
}

/* The transform, and its basis: basis[k][i] is what coefficient k adds to sample i. */
typedef struct {
    inversion_waves waves;
    float basis[64][64];
} inversion_dct;

static inline void inversion_dct_fill(inversion_dct *t)
{
    inversion_waves_fill(&t->waves);
    for (int k = 0; k < 64; k++)
        for (int i = 0; i < 64; i++) t->basis[k][i] = t->waves.wave[k / 8][i / 8] * t->waves.wave[k % 8][i % 8];
}

/* Quantised coefficients beyond this do not occur in files of 8-bit samples (T.81, F.1.2). */
enum { INVERSION_COEFFICIENT_LIMIT = 2047 };

static inline int16_t inversion_limited(float x)
{
    const float limit = INVERSION_COEFFICIENT_LIMIT;
    return (int16_t)(x < -limit ? -limit : x > limit ? limit : x);
}

/* The nearest integer, halves to even, for |x| < 2^22: by one addition, which every machine rounds alike. */
static inline float inversion_nearest(float x)
{
    const float big = 12582912.0f; /* 1.5 * 2^23 */
    return x + big - big;
}

/* Weight in least squares of a sample beyond the picture's border, where a known sample has weight 1. An encoder filled
 * the block up with samples like those at the border, and quantised it. 2.5 is tuned by hand, not recorded: with a
 * much larger weight fewer blocks are found, with a smaller one their coefficients take more bits. */
static inline float inversion_border_weight(const uint16_t *table)
{
    float squares = 0;
    for (int k = 0; k < 64; k++) squares += (float)table[k] * table[k];
    return 1 / (1 + 2.5f * sqrtf(squares / 64));
}

#endif
