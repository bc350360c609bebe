/* A pixel's causal neighbourhood, normalised, and what both least squares say of it: the inputs of the likelihood
 * network (docs/format.md). */
#ifndef BBC_NEIGHBOURHOOD_H
#define BBC_NEIGHBOURHOOD_H

#include "band_scan.h"
#include "exact.h"
#include "local_ls-inl.h"
#include "median_edge.h"
#include "phase_ls-inl.h"
#include "vector_math-inl.h"

/* Indices of taps: the pixels to the west, north and northwest. */
enum { NEIGHBOURHOOD_WEST = PHASE_LS_WEST, NEIGHBOURHOOD_NORTH = 19, NEIGHBOURHOOD_NORTHWEST = 18 };

/* Taps of one channel in raster order: rows -4 to 0 of the neighbourhood. */
EX void neighbourhood_taps(const uint16_t *at, ptrdiff_t stride, uint16_t *taps)
{
    memcpy(taps, at - 4 * stride - 1, 3 * sizeof *taps);
    memcpy(taps + 3, at - 3 * stride - 2, 5 * sizeof *taps);
    memcpy(taps + 8, at - 2 * stride - 3, 7 * sizeof *taps);
    memcpy(taps + 15, at - stride - 4, 8 * sizeof *taps);
    memcpy(taps + 23, at - 5, 5 * sizeof *taps);
}

/* -1 for the 12 taps whose differences from the base make up the activity. */
static const int32_t neighbourhood_active[NETWORK_TAPS] = {0, 0, 0, 0,  0,  0,  0,  0,  0, -1, -1, -1, -1, -1,
                                                           0, 0, 0, -1, -1, -1, -1, -1, 0, 0,  0,  0,  -1, -1};

/* The neighbours that the local least squares have: six of each channel; or 18 of a grey picture's only one, since three
 * times the same six would say no more. */
static const uint8_t neighbourhood_nearest[2][LOCAL_LS_INPUTS] = {
    {27, 19, 18, 20, 11, 26, 27, 19, 18, 20, 11, 26, 27, 19, 18, 20, 11, 26},
    {27, 19, 18, 20, 11, 26, 17, 21, 10, 12, 9, 13, 25, 5, 16, 22, 4, 6},
};

/* The activity of channel c, from the sum of the 12 nearest absolute differences, and its logarithm as an input;
 * returns its inverse. What samples of 8 bits can have was computed when the scan began. */
EX float neighbourhood_activity(const scan_state *s, scan_pixel *p, int c, int sum, float *input)
{
    const float activity = 0.7f + (float)sum * s->range.step / 12.0f;
    p->activity[c] = activity;
    if (s->range.low_bits == 0) {
        input[NETWORK_INPUT_LOG_ACTIVITY + c] = s->log_activity[sum];
        return s->inverse_activity[sum];
    }
    input[NETWORK_INPUT_LOG_ACTIVITY + c] = ex_log(activity) * 0x1.715476p-1f - 1.0f;
    return 1.0f / activity;
}

/* The inputs of the pixel p->x, p->y that depend on its taps alone, and the neighbours for both least squares; fills
 * base, activity and west. */
static void neighbourhood_gather(const scan_state *s, scan_pixel *p, float *input, float neighbour[][LOCAL_LS_LANES],
                                 int lane)
{
    const uint8_t *nearest = neighbourhood_nearest[s->shape.channels == 1];
    const float step = s->range.step;
    uint16_t taps[3][NETWORK_TAPS];
    for (int c = 0; c < 3; c++) {
        uint16_t *t = taps[c];
        neighbourhood_taps(scan_at(s, c, p->x, p->y), s->stride, t);
        int base = median_edge(t[NEIGHBOURHOOD_WEST], t[NEIGHBOURHOOD_NORTH], t[NEIGHBOURHOOD_NORTHWEST]), sum = 0;
        float difference[NETWORK_TAPS], *row = input + NETWORK_INPUT_TAPS + c * NETWORK_TAPS;
        for (int i = 0; i < NETWORK_TAPS; i++) {
            const int d = t[i] - base;
            difference[i] = (float)d;
            sum += (d < 0 ? -d : d) & neighbourhood_active[i];
        }
        p->point[c] = sum == 0 ? s->point[c] : 0.0f;
        const float inverse = neighbourhood_activity(s, p, c, sum, input) * step;
        for (int i = 0; i < NETWORK_TAPS; i += VF_LANES) { /* the last vector overlaps the one before it */
            const int at = i + VF_LANES < NETWORK_TAPS ? i : NETWORK_TAPS - VF_LANES;
            vf_store(row + at, vf_clip(vf_mul(vf_load(difference + at), vf_all(inverse)), -6.0f, 6.0f));
        }
        for (int k = 0; k < LOCAL_LS_NEIGHBOURS; k++)
            neighbour[c * LOCAL_LS_NEIGHBOURS + k][lane] = (float)(t[*nearest++] - base) * step;
        p->base[c] = (float)base * step;
        input[NETWORK_INPUT_BASE + c] = p->base[c] * s->range.base_scale - 1.0f;
        p->west[c] = linear_light_of(s, t[NEIGHBOURHOOD_WEST]);
    }
    phase_ls_gather(s, (int)(p - s->pixel) - s->count, taps);
}

/* A prediction less the base, so that the predicted value is one that a pixel can have. */
EX float neighbourhood_clip(const scan_state *s, const scan_pixel *p, int c, float prediction)
{
    return ex_clip(prediction + p->base[c], 0.0f, s->range.top) - p->base[c];
}

/* The inputs from the local least squares of n pixels below each other in one diagonal, at most LOCAL_LS_LANES. */
static void neighbourhood_local_ls(scan_state *s, scan_pixel *p, int n, float neighbour[][LOCAL_LS_LANES], float *input)
{
    const local_ls *r = &s->local_ls;
    const int first = p[n - 1].x / LOCAL_LS_BLOCK, offset = p->x % LOCAL_LS_BLOCK;
    float *vector = r->vector + offset * LOCAL_LS_ORDER * r->stride + LOCAL_LS_PAD + first;
    float prediction[3][LOCAL_LS_LANES], gain[3][LOCAL_LS_LANES], half_log_sigma[3][LOCAL_LS_LANES];
    for (int k = 0; k < LOCAL_LS_INPUTS; k++) memcpy(vector + k * r->stride, neighbour[k], (size_t)n * sizeof *vector);
    local_ls_predict(r, first, neighbour, prediction, gain, half_log_sigma);
    for (int i = 0; i < n; i++, p++, input += SCAN_INPUT_STRIDE)
        for (int c = 0; c < 3; c++) {
            p->local_prediction[c] = prediction[c][n - 1 - i];
            p->gain[c] = gain[c][n - 1 - i];
            p->local_conditional[c] = neighbourhood_clip(s, p, c, p->local_prediction[c]);
            input[NETWORK_INPUT_LOCAL_PREDICTION + c] = ex_clip(p->local_conditional[c] / p->activity[c], -6.0f, 6.0f);
            input[NETWORK_INPUT_LOCAL_GAIN + c] = p->gain[c];
            input[NETWORK_INPUT_LOCAL_HALF_LOG_SIGMA + c] = half_log_sigma[c][n - 1 - i];
        }
}

/* The six errors at column x, row y (phase_ls_errors); 0 outside the rows of the scan, but beyond the end of a row
 * those of its last pixel. */
EX const float *neighbourhood_errors(const scan_state *s, int x, int y)
{
    static const float none[6];
    if (x >= s->shape.width) x = s->shape.width - 1;
    return x < 0 || y < s->shape.first_row ? none : phase_ls_errors(s, x, y);
}

/* How wrong the conditional predictions were around a pixel: the inputs, but for the logarithm of the 6 sizes. */
EX void neighbourhood_error_inputs(const scan_state *s, const scan_pixel *p, float size[6], float *input)
{
    const float *west = neighbourhood_errors(s, p->x - 1, p->y), *north = neighbourhood_errors(s, p->x, p->y - 1);
    const float *northwest = neighbourhood_errors(s, p->x - 1, p->y - 1);
    const float *northeast = neighbourhood_errors(s, p->x + 1, p->y - 1);
    for (int k = 0; k < 6; k++) {
        float sum = (__builtin_fabsf(west[k]) + __builtin_fabsf(north[k])) +
                    (__builtin_fabsf(northwest[k]) + __builtin_fabsf(northeast[k]));
        size[k] = (sum * 0.25f + 0.25f) / p->activity[k % 3];
    }
    for (int c = 0; c < 3; c++) {
        input[NETWORK_INPUT_PHASE_ERROR_WEST + c] = ex_clip(west[3 + c] / p->activity[c], -6.0f, 6.0f);
        input[NETWORK_INPUT_PHASE_ERROR_NORTH + c] = ex_clip(north[3 + c] / p->activity[c], -6.0f, 6.0f);
    }
}

/* The prediction of G, and the parts of those of R - G and B - G: green, chroma (OUTPUTS), what phase_ls_predict gave.
 * */
EX void neighbourhood_phase_inputs(const scan_state *s, scan_pixel *p, const float *green, const float *chroma,
                                   float *input)
{
    const phase_ls_system *f = &s->phase_ls.green, *g = &s->phase_ls.chroma;
    const int phase = phase_ls_phase(s, g, p->x, p->y), green_phase = phase_ls_phase(s, f, p->x, p->y);
    const int grey = s->shape.channels == 1;
    const float *weights = phase_ls_weights(g, phase) + (g->known - 1) * PHASE_LS_OUTPUTS;
    float *half_log_sigma = input + NETWORK_INPUT_PHASE_HALF_LOG_SIGMA;
    p->phase_prediction[0] = neighbourhood_clip(s, p, 0, phase_ls_above_base(s, p, 0, green[0]));
    input[NETWORK_INPUT_PHASE_PREDICTION] = ex_clip(p->phase_prediction[0] / p->activity[0], -6.0f, 6.0f);
    half_log_sigma[0] = f->half_log_sigma[2 * green_phase];
    half_log_sigma[1] = grey ? PHASE_LS_GREY_HALF_LOG_SIGMA : g->half_log_sigma[2 * phase];
    half_log_sigma[2] = grey ? PHASE_LS_GREY_HALF_LOG_SIGMA : g->half_log_sigma[2 * phase + 1];
    p->phase_partial[0] = grey ? 0.0f : chroma[0];
    p->phase_partial[1] = grey ? 0.0f : chroma[1];
    p->phase_weight[0] = grey ? 0.0f : weights[0];
    p->phase_weight[1] = grey ? 0.0f : weights[1];
    p->phase_weight[2] = grey ? 0.0f : weights[PHASE_LS_OUTPUTS + 1];
}

/* The inputs from the phase-conditioned least squares, and from both's errors nearby, of n pixels below each other in
 * one diagonal, at most SCAN_CHUNK. */
static void neighbourhood_phase_ls(scan_state *s, scan_pixel *p, int n, float *input)
{
    float green[SCAN_CHUNK][PHASE_LS_OUTPUTS], chroma[SCAN_CHUNK][PHASE_LS_OUTPUTS], size[6 * SCAN_CHUNK];
    const int at = (int)(p - s->pixel) - s->count, first = p->y - at;
    phase_ls_predict(s, &s->phase_ls.green, first, at, at + n, green);
    if (s->shape.channels == 3) phase_ls_predict(s, &s->phase_ls.chroma, first, at, at + n, chroma);
    for (int i = 0; i < n; i++) {
        float *to = input + (ptrdiff_t)i * SCAN_INPUT_STRIDE;
        neighbourhood_phase_inputs(s, p + i, green[i], chroma[i], to);
        neighbourhood_error_inputs(s, p + i, size + 6 * i, to);
    }
    for (int i = 0; i < 6 * n; i++) size[i] = ex_log(size[i]) * 0.5f;
    for (int i = 0; i < n; i++)
        memcpy(input + (ptrdiff_t)i * SCAN_INPUT_STRIDE + NETWORK_INPUT_LOCAL_ERROR_SIZE, size + 6 * i,
               6 * sizeof *size);
}

/* Asks for the ends of the rows of pixels [from, to): in a diagonal of hundreds of pixels they have left the cache since
 * the last one. The rows above are those of the pixels before. */
EX void neighbourhood_prefetch(const scan_state *s, int from, int to)
{
    for (int i = from; i < to; i++)
        for (int c = 0; c < 3; c++) __builtin_prefetch(scan_at(s, c, s->pixel[i].x, s->pixel[i].y) - 1);
}

/* All inputs of pixels [from, to) of the mini-batch, which belong to one diagonal. */
static void neighbourhood_inputs(scan_state *s, int from, int to)
{
    neighbourhood_prefetch(s, from, to);
    for (int i = from; i < to; i += LOCAL_LS_LANES) {
        int n = to - i < LOCAL_LS_LANES ? to - i : LOCAL_LS_LANES;
        float neighbour[LOCAL_LS_INPUTS][LOCAL_LS_LANES] = {0};
        float *input = s->input + (ptrdiff_t)i * SCAN_INPUT_STRIDE;
        for (int j = 0; j < n; j++)
            neighbourhood_gather(s, s->pixel + i + j, input + j * SCAN_INPUT_STRIDE, neighbour, n - 1 - j);
        neighbourhood_local_ls(s, s->pixel + i, n, neighbour, input);
        neighbourhood_phase_ls(s, s->pixel + i, n, input);
    }
}

/* The values of a pixel, now known, the i-th of its diagonal, for the moments of both least squares. */
EX void neighbourhood_record(const scan_state *s, const scan_pixel *p, int i)
{
    const local_ls *r = &s->local_ls;
    float *vector = r->vector + (p->x % LOCAL_LS_BLOCK * LOCAL_LS_ORDER + LOCAL_LS_INPUTS) * r->stride;
    for (int c = 0; c < 3; c++)
        vector[c * r->stride + LOCAL_LS_PAD + p->x / LOCAL_LS_BLOCK] = (float)p->value[c] * s->range.step - p->base[c];
    phase_ls_record(s, p, i);
}

#endif
