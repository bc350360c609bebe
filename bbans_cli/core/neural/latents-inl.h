/* The inputs of the latents' posterior for a block of pixels: statistics of learned features of its 4x4 patches. */
#ifndef BBC_LATENTS_H
#define BBC_LATENTS_H

#include "channel_order.h"
#include "exact.h"
#include "gemm-inl.h"
#include "latents_types.h"
#include "leaky_relu.h"

/* One patch: differences from the means by channel, then the means, channels in coding order: LATENTS_INPUTS. */
static void latents_patch(const uint8_t *at, ptrdiff_t stride, int channels, float *input)
{
    for (int c = 0; c < 3; c++) {
        int sum = 0, value[16];
        const uint8_t *p = at + channel_order_sample(channels, c);
        for (int i = 0; i < 16; i++) sum += value[i] = p[(i / 4) * stride + (i % 4) * channels];
        float mean = (float)sum * 0.0625f;
        for (int i = 0; i < 16; i++) input[c * 16 + i] = ex_clip(((float)value[i] - mean) * 0.125f, -8.0f, 8.0f);
        input[48 + c] = mean * 0.015625f - 2.0f;
    }
}

/* Means and standard deviations (2, LATENTS_WIDTH) of the features over the patches that lie whole in the block at (x0,
 * y0), which ends at `width` and `rows`. A sum is a chain over the patches in raster order. Without a patch the means
 * are 0, the deviations 1/1000. */
static void latents_statistics(const latents_encoder *e, const uint8_t *pixels, int width, int rows, int channels,
                               int x0, int y0, int side, float *restrict out)
{
    float input[LATENTS_ROW * LATENTS_INPUTS], first[LATENTS_ROW * LATENTS_WIDTH];
    float feature[LATENTS_ROW * LATENTS_ROW * LATENTS_WIDTH];
    int right = x0 + side < width ? x0 + side : width, bottom = y0 + side < rows ? y0 + side : rows;
    int across = (right - x0) / 4, down = (bottom - y0) / 4, n = across * down;
    for (int row = 0; row < down; row++) {
        float *f = feature + row * across * LATENTS_WIDTH;
        for (int i = 0; i < across; i++)
            latents_patch(pixels + ((ptrdiff_t)(y0 + row * 4) * width + x0 + i * 4) * channels,
                          (ptrdiff_t)width * channels, channels, input + i * LATENTS_INPUTS);
        gemm(across, LATENTS_WIDTH, LATENTS_INPUTS, input, LATENTS_INPUTS, 1, e->embed, LATENTS_WIDTH, e->embed_bias,
             first, LATENTS_WIDTH);
        for (int i = 0; i < across * LATENTS_WIDTH; i++) first[i] = leaky_relu(first[i]);
        gemm(across, LATENTS_WIDTH, LATENTS_WIDTH, first, LATENTS_WIDTH, 1, e->mix, LATENTS_WIDTH, e->mix_bias, f,
             LATENTS_WIDTH);
        for (int i = 0; i < across * LATENTS_WIDTH; i++) f[i] = leaky_relu(f[i]);
    }
    float count = (float)(n > 0 ? n : 1), *restrict mean = out, *restrict deviation = out + LATENTS_WIDTH;
    for (int j = 0; j < 2 * LATENTS_WIDTH; j++) out[j] = 0.0f;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < LATENTS_WIDTH; j++) mean[j] = mean[j] + feature[i * LATENTS_WIDTH + j];
    for (int j = 0; j < LATENTS_WIDTH; j++) mean[j] = mean[j] / count;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < LATENTS_WIDTH; j++) {
            float d = feature[i * LATENTS_WIDTH + j] - mean[j];
            deviation[j] = deviation[j] + d * d;
        }
    for (int j = 0; j < LATENTS_WIDTH; j++) deviation[j] = __builtin_sqrtf(deviation[j] / count + 1e-6f);
}

/* (m, k) inputs through a layer (k, n) with bias (n); leaky: and through the leaky ReLU. n a multiple of 16. */
static void latents_dense(int m, int n, int k, const float *in, const float *weight, const float *bias, int leaky,
                          float *restrict out)
{
    gemm(m, n, k, in, k, 1, weight, n, bias, out, n);
    for (ptrdiff_t i = 0; leaky && i < (ptrdiff_t)m * n; i++) out[i] = leaky_relu(out[i]);
}

#endif
