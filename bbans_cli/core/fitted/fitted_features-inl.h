/* What the network sees of a chunk: taps, activity, least squares and their errors nearby, place in the picture. */
#ifndef BBC_FITTED_FEATURES_H
#define BBC_FITTED_FEATURES_H

#include "fitted_forecasts-inl.h"

/* (dx, dy) of the taps, those of the least squares first. All lie on earlier diagonals. */
static const int fitted_taps[FITTED_TAPS][2] = {{-1, 0}, {0, -1},  {-1, -1}, {1, -1},  {0, -2}, {-2, 0},
                                                {2, -1}, {-2, -1}, {1, -2},  {-1, -2}, {2, -2}, {-2, -2}};

/* The row of `plane` (ring or error) at diagonal d, channel c, whose element q belongs to cell column q. */
EX float *fitted_row(const fitted_state *s, float *plane, int d, int c)
{
    return plane + ((ptrdiff_t)(d & (FITTED_RING - 1)) * 3 + c) * s->stride + FITTED_PAD;
}

/* The row of what lies (dx, dy) from the pixels of the present diagonal. */
EX const float *fitted_neighbour(const fitted_state *s, float *plane, int dx, int dy, int c)
{
    const int place = (s->diagonal & (FITTED_CELL - 1)) + dx;
    return fitted_row(s, plane, s->diagonal + dx + FITTED_CELL * dy, c) + (place >= FITTED_CELL) - (place < 0);
}

EX float fitted_clip(float x) { return ex_clip(x, -6.0f, 6.0f); }

/* A prediction less the base, so that the predicted value is one that a pixel can have. */
EX float fitted_valid(float base, float prediction) { return ex_clip(prediction + base, 0.0f, 255.0f) - base; }

/* What the taps of channel c say of 16 pixels: row[k][l] is tap k of pixel l. */
static void fitted_taps_to(int c, const float *const *row, fitted_chunk *restrict chunk)
{
    enum { L = FITTED_LANES };
    float activity[L];
    for (int l = 0; l < L; l += VF_LANES) {
        const vf west = vf_load(row[0] + l), north = vf_load(row[1] + l), corner = vf_load(row[2] + l);
        const vf low = vf_min(west, north), high = vf_max(west, north);
        const vf base = vf_select(high, corner, low, vf_select(corner, low, high, vf_sub(vf_add(west, north), corner)));
        vf tap[FITTED_TAPS], sum = vf_all(0.0f);
    GEMM_UNROLL for (int k = 0; k < FITTED_TAPS; k++) {
            tap[k] = vf_sub(vf_load(row[k] + l), base);
            sum = vf_add(sum, vf_abs(tap[k]));
        }
        sum = vf_fma(sum, vf_all(1.0f / 12.0f), vf_all(0.7f));
        const vf inverse = vf_div(vf_all(1.0f), sum);
        GEMM_UNROLL for (int k = 0; k < FITTED_TAPS; k++)
            vf_store(chunk->input[FITTED_INPUT_TAPS + c * FITTED_TAPS + k] + l,
                     vf_clip(vf_mul(tap[k], inverse), -6.0f, 6.0f));
        GEMM_UNROLL for (int k = 0; k < FITTED_NEIGHBOURS; k++)
            vf_store(chunk->vector[c * FITTED_NEIGHBOURS + k] + l, tap[k]);
        vf_store(chunk->base[c] + l, base);
        vf_store(chunk->activity[c] + l, sum);
        vf_store(chunk->inverse[c] + l, inverse);
        vf_store(chunk->input[FITTED_INPUT_BASE + c] + l, vf_fma(base, vf_all(0.0078125f), vf_all(-1.0f)));
    }
    memcpy(activity, chunk->activity[c], sizeof activity);
    for (int l = 0; l < L; l++)
        chunk->input[FITTED_INPUT_LOG_ACTIVITY + c][l] = ex_log(activity[l]) * 0x1.715476p-1f - 1.0f;
}

/* Channel c of the pixels in the 16 cells from column q on. */
static void fitted_gather(const fitted_state *s, int q, int c, fitted_chunk *restrict chunk)
{
    const float *row[FITTED_TAPS];
    for (int k = 0; k < FITTED_TAPS; k++)
        row[k] = fitted_neighbour(s, s->ring, fitted_taps[k][0], fitted_taps[k][1], c) + q;
    fitted_taps_to(c, row, chunk);
}

/* How wrong the conditional predictions of channel c were around the pixels. */
static void fitted_errors(const fitted_state *s, int q, int c, fitted_chunk *restrict chunk)
{
    static const int at[4][2] = {{-1, 0}, {0, -1}, {-1, -1}, {1, -1}};
    float error[4][FITTED_LANES];
    for (int k = 0; k < 4; k++)
        memcpy(error[k], fitted_neighbour(s, s->error, at[k][0], at[k][1], c) + q, sizeof error[k]);
    for (int l = 0; l < FITTED_LANES; l++) {
        const float sum = (__builtin_fabsf(error[0][l]) + __builtin_fabsf(error[1][l])) +
                          (__builtin_fabsf(error[2][l]) + __builtin_fabsf(error[3][l]));
        chunk->input[FITTED_INPUT_ERROR_SIZE + c][l] = ex_log((sum * 0.25f + 0.25f) * chunk->inverse[c][l]) * 0.5f;
        chunk->input[FITTED_INPUT_ERROR_WEST + c][l] = fitted_clip(error[0][l] * chunk->inverse[c][l]);
        chunk->input[FITTED_INPUT_ERROR_NORTH + c][l] = fitted_clip(error[1][l] * chunk->inverse[c][l]);
    }
}

/* Inputs from predictions and gains. */
static void fitted_predictions(fitted_chunk *restrict chunk)
{
    for (int c = 0; c < 3; c++)
        for (int l = 0; l < FITTED_LANES; l++) {
            const float valid = fitted_valid(chunk->base[c][l], chunk->prediction[c][l]);
            chunk->input[FITTED_INPUT_PREDICTION + c][l] = fitted_clip(valid * chunk->inverse[c][l]);
            chunk->input[FITTED_INPUT_GAIN + c][l] = chunk->gain[c][l];
        }
}

/* Inputs from the column and the row of a pixel, 1 where they are odd. */
EX void fitted_phase(int l, int column, int row, fitted_chunk *restrict chunk)
{
    const float x = column ? 1.0f : -1.0f, y = row ? 1.0f : -1.0f;
    chunk->input[0][l] = 1.0f;
    chunk->input[FITTED_INPUT_PHASE][l] = x;
    chunk->input[FITTED_INPUT_PHASE + 1][l] = y;
    chunk->input[FITTED_INPUT_PHASE + 2][l] = x * y;
}

/* All inputs of the pixels of the present diagonal in the 16 cells from column q on. */
static void fitted_features(fitted_state *s, int task, int q, fitted_chunk *restrict chunk)
{
    const int odd = s->diagonal & 1, wave = s->diagonal / FITTED_CELL;
    for (int c = 0; c < 3; c++) fitted_gather(s, q, c, chunk);
    fitted_forecast(s, task, q, chunk);
    for (int c = 0; c < 3; c++) fitted_errors(s, q, c, chunk);
    fitted_predictions(chunk);
    for (int l = 0; l < FITTED_LANES; l++) fitted_phase(l, odd, (wave - q - l) & 1, chunk);
}

/* The conditional prediction of channel c, once the channels before it are known. */
static void fitted_conditional(int c, fitted_chunk *restrict chunk)
{
    for (int l = 0; l < FITTED_LANES; l++) {
        float sum = chunk->prediction[c][l];
        if (c > 0) {
            const float green = chunk->residual[0][l] - chunk->prediction[0][l];
            const float red = (chunk->residual[1][l] - chunk->prediction[1][l]) - chunk->gain[0][l] * green;
            sum = sum + (c == 1 ? chunk->gain[0][l] * green : chunk->gain[1][l] * green + chunk->gain[2][l] * red);
        }
        chunk->conditional[c][l] = fitted_valid(chunk->base[c][l], sum);
    }
}

#endif
