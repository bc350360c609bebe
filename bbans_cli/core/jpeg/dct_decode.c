/* The decoder of JPEG files, from quantised coefficients on, as libjpeg computes it: the accurate integer inverse DCT
 * (jidctint.c; Loeffler, Ligtenberg and Moschytz 1989) and the triangle filter that upsamples chroma (jdsample.c,
 * "fancy upsampling"). */
#include <stddef.h>
#include <stdint.h>

#include "dct_decode.cdef.h"

/* A constant with 13 fractional bits. Unsigned numbers wrap around: coefficients that no picture has give some samples,
 * the same on every machine. */
#define DCT_FIXED(x) ((uint32_t)((x) * 8192 + 0.5))

static int32_t dct_rounded(uint32_t x, int shift) { return (int32_t)(x + (1u << (shift - 1))) >> shift; }

/* The inverse DCT of 8 numbers, `step` apart. */
static void dct_inverse(const int32_t *in, int32_t *out, int step, int shift)
{
    uint32_t c[8];
    for (int k = 0; k < 8; k++) c[k] = (uint32_t)in[k * step];
    uint32_t turn = (c[2] + c[6]) * DCT_FIXED(0.541196100);
    uint32_t low = turn - c[6] * DCT_FIXED(1.847759065), high = turn + c[2] * DCT_FIXED(0.765366865);
    uint32_t sum = (c[0] + c[4]) << 13, difference = (c[0] - c[4]) << 13;
    uint32_t even[4] = {sum + high, difference + low, difference - low, sum - high};
    uint32_t all = (c[7] + c[3] + c[5] + c[1]) * DCT_FIXED(1.175875602);
    uint32_t p71 = (c[7] + c[1]) * DCT_FIXED(0.899976223), p53 = (c[5] + c[3]) * DCT_FIXED(2.562915447);
    uint32_t p73 = all - (c[7] + c[3]) * DCT_FIXED(1.961570560), p51 = all - (c[5] + c[1]) * DCT_FIXED(0.390180644);
    uint32_t odd[4] = {
        c[1] * DCT_FIXED(1.501321110) - p71 + p51,
        c[3] * DCT_FIXED(3.072711026) - p53 + p73,
        c[5] * DCT_FIXED(2.053119869) - p53 + p51,
        c[7] * DCT_FIXED(0.298631336) - p71 + p73,
    };
    for (int i = 0; i < 4; i++) {
        out[i * step] = dct_rounded(even[i] + odd[i], shift);
        out[(7 - i) * step] = dct_rounded(even[i] - odd[i], shift);
    }
}

void bbc_jpeg_samples(const int16_t *coefficients, const uint16_t *table, int32_t columns, int32_t rows,
                      uint8_t *samples)
{
    int32_t block[64], half[64];
    for (int32_t row = 0; row < rows; row++)
        for (int32_t column = 0; column < columns; column++, coefficients += 64) {
            for (int k = 0; k < 64; k++) block[k] = coefficients[k] * table[k];
            for (int x = 0; x < 8; x++) dct_inverse(block + x, half + x, 8, 11);
            for (int y = 0; y < 8; y++) dct_inverse(half + 8 * y, block + 8 * y, 1, 18);
            uint8_t *to = samples + ((int64_t)row * 8 * columns + column) * 8;
            for (int i = 0; i < 64; i++) {
                int64_t v = (int64_t)block[i] + 128;
                to[i / 8 * 8 * (int64_t)columns + i % 8] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
            }
        }
}

void bbc_jpeg_upsample(const uint8_t *small, int64_t stride, int32_t width, int32_t height, int vertical, int32_t *work,
                       uint8_t *plane)
{
    const int32_t columns = (width + 1) / 2, rows = vertical ? (height + 1) / 2 : height;
    /* What is added before the shift: libjpeg rounds half up and half down in turn. */
    const int shift = vertical ? 4 : 2, left = vertical ? 8 : 1, right = vertical ? 7 : 2;
    for (int32_t y = 0; y < height; y++) {
        int32_t near = vertical ? y / 2 : y, far = y % 2 ? near + 1 : near - 1;
        far = far < 0 ? 0 : far >= rows ? rows - 1 : far;
        for (int32_t x = 0; x < columns; x++)
            work[x] = vertical ? 3 * small[near * stride + x] + small[far * stride + x] : small[near * stride + x];
        for (int32_t x = 0; x < width; x++, plane++) {
            int32_t beside = x % 2 ? x / 2 + 1 : x / 2 - 1;
            beside = beside < 0 ? 0 : beside >= columns ? columns - 1 : beside;
            *plane = (uint8_t)((3 * work[x / 2] + work[beside] + (x % 2 ? right : left)) >> shift);
        }
    }
}
