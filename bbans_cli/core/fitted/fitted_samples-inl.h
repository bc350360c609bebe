/* Chunks as the encoder keeps them between collecting and fitting: 76 bytes a pixel. Taps are kept as they are, so that
 * most inputs are those of the coder; predictions, gains and errors are rounded, which only a fit sees. */
#ifndef BBC_FITTED_SAMPLES_H
#define BBC_FITTED_SAMPLES_H

#include "fitted_network-inl.h"

/* Steps of the fixed point in 1. */
#define FITTED_PREDICTION_STEPS 64.0f
#define FITTED_GAIN_STEPS 4096.0f
#define FITTED_SIGMA_STEPS 2048.0f
#define FITTED_ERROR_STEPS 2048.0f

static void fitted_to_fixed(const float *restrict from, float steps, int16_t *restrict to)
{
    for (int l = 0; l < FITTED_LANES; l++) {
        const float x = ex_clip(from[l] * steps, -32767.0f, 32767.0f);
        to[l] = (int16_t)(x + (x < 0.0f ? -0.5f : 0.5f));
    }
}

static void fitted_from_fixed(const int16_t *restrict from, float steps, float *restrict to)
{
    const float step = 1.0f / steps;
    for (int l = 0; l < FITTED_LANES; l++) to[l] = (float)from[l] * step;
}

/* A chunk of m pixels from column q on, whose values are known. */
static void fitted_pack(const fitted_state *s, int q, int m, const fitted_chunk *restrict chunk,
                        fitted_sample *restrict sample)
{
    enum { L = FITTED_LANES };
    for (int c = 0; c < 3; c++) {
        for (int k = 0; k < FITTED_TAPS; k++) {
            const float *row = fitted_neighbour(s, s->ring, fitted_taps[k][0], fitted_taps[k][1], c) + q;
            for (int l = 0; l < L; l++) sample->tap[c][k][l] = (uint8_t)row[l];
        }
        for (int l = 0; l < L; l++) sample->value[c][l] = (uint8_t)chunk->value[c][l];
        fitted_to_fixed(chunk->prediction[c], FITTED_PREDICTION_STEPS, sample->prediction[c]);
        fitted_to_fixed(chunk->gain[c], FITTED_GAIN_STEPS, sample->gain[c]);
        fitted_to_fixed(chunk->input[FITTED_INPUT_HALF_LOG_SIGMA + c], FITTED_SIGMA_STEPS, sample->half_log_sigma[c]);
    }
    for (int k = 0; k < 9; k++)
        fitted_to_fixed(chunk->input[FITTED_INPUT_ERROR_SIZE + k], FITTED_ERROR_STEPS, sample->error[k]);
    for (int l = 0; l < L; l++)
        sample->flags[l] = (uint8_t)((l < m) + (chunk->input[FITTED_INPUT_PHASE][l] > 0.0f ? 2 : 0) +
                                     (chunk->input[FITTED_INPUT_PHASE + 1][l] > 0.0f ? 4 : 0));
}

/* The chunk of a sample, but for its conditional predictions. */
static void fitted_restore(const fitted_sample *restrict sample, fitted_chunk *restrict chunk)
{
    enum { L = FITTED_LANES };
    for (int c = 0; c < 3; c++) {
        float tap[FITTED_TAPS][L];
        const float *row[FITTED_TAPS];
        for (int k = 0; k < FITTED_TAPS; k++) {
            for (int l = 0; l < L; l++) tap[k][l] = (float)sample->tap[c][k][l];
            row[k] = tap[k];
        }
        fitted_taps_to(c, row, chunk);
        for (int l = 0; l < L; l++) {
            chunk->value[c][l] = (float)sample->value[c][l];
            chunk->residual[c][l] = chunk->value[c][l] - chunk->base[c][l];
        }
        fitted_from_fixed(sample->prediction[c], FITTED_PREDICTION_STEPS, chunk->prediction[c]);
        fitted_from_fixed(sample->gain[c], FITTED_GAIN_STEPS, chunk->gain[c]);
        fitted_from_fixed(sample->half_log_sigma[c], FITTED_SIGMA_STEPS, chunk->input[FITTED_INPUT_HALF_LOG_SIGMA + c]);
    }
    for (int k = 0; k < 9; k++)
        fitted_from_fixed(sample->error[k], FITTED_ERROR_STEPS, chunk->input[FITTED_INPUT_ERROR_SIZE + k]);
    fitted_predictions(chunk);
    for (int l = 0; l < L; l++) fitted_phase(l, sample->flags[l] & 2, sample->flags[l] & 4, chunk);
}

/* bbc_fitted_unpack. */
static void fitted_unpack(int64_t chunks, const fitted_sample *samples, float *rows)
{
    enum { L = FITTED_LANES };
    fitted_chunk chunk;
    float extra[11][L];
    for (; chunks > 0; chunks--, samples++) {
        fitted_restore(samples, &chunk);
        fitted_conditional(0, &chunk);
        fitted_extras(1, &chunk, extra);
        fitted_extras(2, &chunk, extra + fitted_extra_count[1]);
        for (int l = 0; l < L; l++, rows += FITTED_ROW) {
            float *row = rows;
            for (int k = 0; k < FITTED_INPUTS; k++) *row++ = chunk.input[k][l];
            for (int c = 0; c < 3; c++) *row++ = chunk.base[c][l];
            for (int c = 0; c < 3; c++) *row++ = chunk.activity[c][l];
            for (int c = 0; c < 3; c++) *row++ = chunk.value[c][l];
            for (int c = 0; c < 3; c++) *row++ = chunk.conditional[c][l];
            for (int k = 0; k < 11; k++) *row++ = extra[k][l];
            *row = samples->flags[l] & 1 ? 1.0f : 0.0f;
        }
    }
}

#endif
