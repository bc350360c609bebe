/* The network of the fitted coder, forward: 64 inputs, 32 units, and one layer of 12 outputs for each channel, which
 * also sees what the channels before tell. */
#ifndef BBC_FITTED_NETWORK_H
#define BBC_FITTED_NETWORK_H

#include "fitted_features-inl.h"
#include "fitted_mixture-inl.h"
#include "leaky_relu.h"

/* What a head sees: 1, the units, the extras. */
typedef struct {
    _Alignas(FITTED_ALIGN) float seen[FITTED_SEEN][FITTED_LANES];
} fitted_hidden;

/* m rows of a product over k: out (m, 16) = the sum of weights[j][i] * in[j][lane], weights having rows of `stride`. */
EX void fitted_product(int m, int k, const float *weights, ptrdiff_t stride, const float *in, float *out)
{
    static const float zero[FITTED_LANES];
    gemm(m, FITTED_LANES, k, weights, 1, stride, in, FITTED_LANES, zero, out, FITTED_LANES);
}

static void fitted_trunk(const float *weights, const fitted_chunk *restrict chunk, fitted_hidden *restrict hidden)
{
    fitted_product(FITTED_UNITS, FITTED_INPUTS, weights, FITTED_UNITS, chunk->input[0], hidden->seen[1]);
    for (int l = 0; l < FITTED_LANES; l++) hidden->seen[0][l] = 1.0f;
    for (int j = 1; j <= FITTED_UNITS - FITTED_LINEAR; j++)
        for (int l = 0; l < FITTED_LANES; l++) hidden->seen[j][l] = leaky_relu(hidden->seen[j][l]);
}

/* What earlier channels tell of channel c > 0. */
static void fitted_extras(int c, fitted_chunk *restrict chunk, float extra[][FITTED_LANES])
{
    fitted_conditional(c, chunk);
    for (int l = 0; l < FITTED_LANES; l++) {
        for (int e = 0; e < c; e++) {
            const float wrong = chunk->residual[e][l] - chunk->conditional[e][l];
            const float scaled = fitted_clip(wrong * chunk->inverse[e][l]);
            extra[3 * e][l] = fitted_clip(chunk->residual[e][l] * chunk->inverse[e][l]);
            extra[3 * e + 1][l] = scaled;
            extra[3 * e + 2][l] = __builtin_fabsf(scaled);
        }
        extra[3 * c][l] = fitted_clip(chunk->conditional[c][l] * chunk->inverse[c][l]);
    }
}

/* The outputs of the head of channel c, those before being known, and what they are applied to. */
static void fitted_head(const float *weights, int c, fitted_chunk *restrict chunk, fitted_hidden *restrict hidden,
                        fitted_terms *restrict in, float output[][FITTED_LANES])
{
    const float *own = weights + FITTED_TRUNK_WEIGHTS + c * FITTED_HEAD_WEIGHTS;
    if (c) fitted_extras(c, chunk, hidden->seen + 1 + FITTED_UNITS);
    else fitted_conditional(0, chunk);
    fitted_product(FITTED_OUTPUTS, 1 + FITTED_UNITS + fitted_extra_count[c], own, FITTED_OUTPUT_STRIDE, hidden->seen[0],
                   output[0]);
    for (int l = 0; l < FITTED_LANES; l++) {
        in->base[l] = chunk->base[c][l];
        in->activity[l] = chunk->activity[c][l];
        in->scale[l] = chunk->inverse[c][l];
        in->term[0][l] = c > 0 ? chunk->residual[0][l] : 0.0f;
        in->term[1][l] = c > 1 ? chunk->residual[1][l] : 0.0f;
        in->term[2][l] = chunk->conditional[c][l];
    }
}

/* The mixtures of channel c. */
static void fitted_mixtures(const float *weights, int c, fitted_chunk *restrict chunk, fitted_hidden *restrict hidden,
                            fitted_mixture *restrict mix)
{
    _Alignas(FITTED_ALIGN) float output[FITTED_OUTPUTS][FITTED_LANES];
    fitted_terms in;
    fitted_head(weights, c, chunk, hidden, &in, output);
    fitted_prepare(&in, output, mix);
}

#endif
