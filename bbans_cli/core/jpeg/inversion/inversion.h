/* The transform of 8x8 blocks in floats, for recover_*.c: orthonormal, so that squares of samples and of
 * coefficients sum to the same. Sums are in the order written, hence the same on every machine. */
#ifndef BBC_RECOVER_H
#define BBC_RECOVER_H

#include <math.h>
#include <stdint.h>

/* wave[u][x]: what frequency u adds to sample x, and the same by sample. */
typedef struct {
    float wave[8][8], turned[8][8];
} waves;

static inline void make_waves(waves *w)
{
    /* cos(i pi / 16) / 2 for i = 0 to 7; frequency 0 has the one of i = 4. */
    static const float half[9] = {
        0.5f, 0.490392640f, 0.461939766f, 0.415734806f, 0.353553391f, 0.277785117f, 0.191341716f, 0.0975451610f, 0,
    };
    for (int u = 0; u < 8; u++)
        for (int x = 0; x < 8; x++) {
            int i = u ? (2 * x + 1) * u % 32 : 4;
            i = i > 16 ? 32 - i : i;
            w->wave[u][x] = w->turned[x][u] = i <= 8 ? half[i] : -half[16 - i];
        }
}

/* out[i][j]: sum over k of left[k][i] * in[k][j], then the same with the columns and `right`[k][j]. */
static inline void both_ways(const float (*left)[8], const float (*right)[8], const float *in, float *out)
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

/* In an order that takes whole vectors. */
static inline float sum_of_products(const float *a, const float *b)
{
    float sums[16];
    for (int i = 0; i < 16; i++)
        sums[i] = a[i] * b[i] + a[i + 16] * b[i + 16] + a[i + 32] * b[i + 32] + a[i + 48] * b[i + 48];
    for (int i = 0; i < 8; i++) sums[i] += sums[i + 8];
    for (int i = 0; i < 4; i++) sums[i] += sums[i + 4];
    return sums[0] + sums[1] + sums[2] + sums[3];
}

/* Samples to coefficients, and back. */
static inline void forward(const waves *w, const float *samples, float *coefficients)
{
    both_ways(w->turned, w->turned, samples, coefficients);
}

static inline void inverse(const waves *w, const float *coefficients, float *samples)
{
    both_ways(w->wave, w->wave, coefficients, samples);
}

/* basis[k][i]: what coefficient k adds to sample i. */
typedef struct {
    waves waves;
    float basis[64][64];
} transform;

static inline void make_transform(transform *t)
{
    make_waves(&t->waves);
    for (int k = 0; k < 64; k++)
        for (int i = 0; i < 64; i++) t->basis[k][i] = t->waves.wave[k / 8][i / 8] * t->waves.wave[k % 8][i % 8];
}

/* What 16 bits hold, and every decoder takes. */
static inline float limited(float x) { return x < -2047 ? -2047 : x > 2047 ? 2047 : x; }

/* The nearest integer, halves to even, for |x| < 2^22: one addition, which no machine rounds otherwise. */
static inline float nearest_integer(float x)
{
    const float big = 12582912.0f;
    return x + big - big;
}

/* How much samples beyond the border count, if known ones count 1: an encoder thought them like those at the border,
 * but quantised. With a weight much larger fewer blocks are found, with a smaller one their coefficients take more
 * bits. */
static inline float free_weight(const uint16_t *table)
{
    float squares = 0;
    for (int k = 0; k < 64; k++) squares += (float)table[k] * table[k];
    return 1 / (1 + 2.5f * sqrtf(squares / 64));
}

enum { RECOVER_PATHS = 64 };

/* inversion_lattice.c: the sets of steps of quantised coefficients, the nearest first, that change samples by about
 * `target`, of which each counts by its weight (Babai's nearest planes, with several paths). Returns how many. */
int bbc_recover_planes(const float basis[64][64], const uint16_t *table, const float *weights, const float *target,
                       int8_t steps[RECOVER_PATHS][64]);

#endif
