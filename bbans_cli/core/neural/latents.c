/* Entry points of latents-inl.h. */
#include "kernels.h"
#include "exact.h"
#include "latents_types.h"
#include "latents.cdef.h"

/* Statistics (blocks, 64) of all blocks of side `side` (4 to 64, a multiple of 4) of the first `rows` rows of pixels
 * (rows, width, channels), blocks in raster order. Weights as in latents_encoder. Returns 0, or -1 for a bad shape. */
int bbc_latents_statistics(const float *embed, const float *embed_bias, const float *mix, const float *mix_bias,
                           const uint8_t *pixels, int width, int rows, int channels, int side, float *out)
{
    const latents_encoder encoder = {embed, embed_bias, mix, mix_bias};
    if (width < 1 || rows < 0 || (channels != 1 && channels != 3) || side < 4 || side > 4 * LATENTS_ROW || side % 4)
        return -1;
    bbc_fp_state saved = bbc_fp_enter();
    for (int y = 0; y < rows; y += side)
        for (int x = 0; x < width; x += side, out += 2 * LATENTS_WIDTH)
            bbc_kernels_now()->latents_statistics(&encoder, pixels, width, rows, channels, x, y, side, out);
    bbc_fp_leave(saved);
    return 0;
}

/* One dense layer: in (m, k), weight (k, n), bias (n), out (m, n); n a multiple of 16. Returns 0 or -1. */
int bbc_latents_dense(int m, int n, int k, const float *in, const float *weight, const float *bias, int leaky,
                      float *out)
{
    if (m < 0 || k < 0 || n < 16 || n % 16) return -1;
    bbc_fp_state saved = bbc_fp_enter();
    bbc_kernels_now()->latents_dense(m, n, k, in, weight, bias, leaky, out);
    bbc_fp_leave(saved);
    return 0;
}

/* Outputs (m, 2, n), means and log deviations, to means (m, n) and deviations (m, n), logs clipped to low..high. */
int bbc_latents_gaussian(int m, int n, const float *in, double low, double high, double *mean, double *deviation)
{
    if (m < 0 || n < 1) return -1;
    bbc_fp_state saved = bbc_fp_enter();
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            mean[i * n + j] = in[i * 2 * n + j];
            deviation[i * n + j] = ex_exp64(ex_clip64(in[i * 2 * n + n + j], low, high));
        }
    bbc_fp_leave(saved);
    return 0;
}
