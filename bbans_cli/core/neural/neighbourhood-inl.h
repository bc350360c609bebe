/* A pixel's causal context, normalised: the inputs of the likelihood network (docs/format.md, section context). */
#ifndef BBC_NEIGHBOURHOOD_H
#define BBC_NEIGHBOURHOOD_H

#include "exact.h"
#include "band_scan.h"
#include "phase_ls-inl.h"
#include "local_ls-inl.h"

/* Taps of one channel in raster order: rows -5 to 0 of the context, 48 bytes. */
EX void neighbourhood_taps(const uint8_t *at, ptrdiff_t stride, uint8_t *taps)
{
    memcpy(taps, at - 5 * stride - 2, 5);
    memcpy(taps + 5, at - 4 * stride - 3, 7);
    memcpy(taps + 12, at - 3 * stride - 4, 9);
    memcpy(taps + 21, at - 2 * stride - 5, 11);
    memcpy(taps + 32, at - stride - 6, 10);
    memcpy(taps + 42, at - 6, 6);
}

/* Median edge detector (LOCO-I, Weinberger et al. 2000). */
EX int neighbourhood_median_edge(int west, int north, int northwest)
{
    int high = west > north ? west : north, low = west > north ? north : west;
    return northwest >= high ? low : northwest <= low ? high : west + north - northwest;
}

EX int neighbourhood_distance(int a, int b) { return a > b ? a - b : b - a; }

/* Inputs of the pixel p->x, p->y but for the regression's, and its neighbours for that; fills base and activity. */
static void neighbourhood_gather(const scan_state *s, scan_pixel *p, float *input, float neighbour[][LOCAL_LS_LANES],
                                 int lane)
{
    uint8_t taps[3][SCAN_TAPS];
    for (int c = 0; c < 3; c++) {
        uint8_t *t = taps[c];
        neighbourhood_taps(scan_at(s, c, p->x, p->y), s->stride, t);
        int base = neighbourhood_median_edge(t[47], t[38], t[37]), sum = 0;
        for (int i = 24; i <= 28; i++) sum += neighbourhood_distance(t[i], base);
        for (int i = 36; i <= 40; i++) sum += neighbourhood_distance(t[i], base);
        sum += neighbourhood_distance(t[46], base) + neighbourhood_distance(t[47], base);
        float inverse = s->inverse_activity[sum], *row = input + c * SCAN_TAPS;
        for (int i = 0; i < SCAN_TAPS; i++) row[i] = ex_clip((float)(t[i] - base) * inverse, -6.0f, 6.0f);
        input[3 * SCAN_TAPS + c] = s->log_activity[sum];
        input[3 * SCAN_TAPS + 3 + c] = (float)base * 0.0078125f - 1.0f;
        static const int tap[LOCAL_LS_NEIGHBOURS] = {47, 38, 37, 39, 26, 46};
        for (int k = 0; k < LOCAL_LS_NEIGHBOURS; k++)
            neighbour[c * LOCAL_LS_NEIGHBOURS + k][lane] = (float)(t[tap[k]] - base);
        p->base[c] = base;
        p->activity[c] = 0.7f + (float)sum / 12.0f;
        p->west[c] = t[PHASE_LS_WEST];
    }
    phase_ls_gather(s, (int)(p - s->pixel) - s->count, taps);
}

/* A prediction less the base, so that the predicted value is one that a pixel can have. */
EX float neighbourhood_clip(const scan_pixel *p, int c, float prediction)
{
    return ex_clip(prediction + (float)p->base[c], 0.0f, 255.0f) - (float)p->base[c];
}

/* The regression's inputs of n pixels below each other in one step, at most LOCAL_LS_LANES. */
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
            float *to = input + SCAN_LOCAL_LS + c;
            p->local_prediction[c] = prediction[c][n - 1 - i];
            p->gain[c] = gain[c][n - 1 - i];
            p->local_conditional[c] = neighbourhood_clip(p, c, p->local_prediction[c]);
            to[0] = ex_clip(p->local_conditional[c] / p->activity[c], -6.0f, 6.0f);
            to[3] = p->gain[c];
            to[6] = half_log_sigma[c][n - 1 - i];
        }
}

/* The six errors at column x, row y: of the regression, by phase; 0 outside the pass, but beyond the end of a row its last. */
EX const float *neighbourhood_ls_errors(const scan_state *s, int x, int y)
{
    static const float none[6];
    if (x >= s->shape.width) x = s->shape.width - 1;
    return x < 0 || y < s->shape.first_row ? none : phase_ls_errors(s, x, y);
}

/* The inputs by phase of n pixels below each other in one step, at most SCAN_CHUNK. */
static void neighbourhood_phase_ls(const scan_state *s, scan_pixel *p, int n, float *input)
{
    float green[SCAN_CHUNK][PHASE_LS_OUTPUTS], chroma[SCAN_CHUNK][PHASE_LS_OUTPUTS], size[6 * SCAN_CHUNK];
    const phase_ls_system *f = &s->phase_ls.green, *g = &s->phase_ls.chroma;
    const int at = (int)(p - s->pixel) - s->count, first = p->y - at, grey = s->shape.channels == 1;
    phase_ls_predict(s, f, first, at, at + n, green);
    if (!grey) phase_ls_predict(s, g, first, at, at + n, chroma);
    for (int i = 0; i < n; i++, p++) {
        float *to = input + (ptrdiff_t)i * SCAN_INPUT_STRIDE + SCAN_PHASE_LS;
        const int phase = phase_ls_phase(s, g, p->x, p->y);
        p->phase_prediction[0] = neighbourhood_clip(p, 0, green[i][0] + (float)(p->west[0] - p->base[0]));
        to[0] = ex_clip(p->phase_prediction[0] / p->activity[0], -6.0f, 6.0f);
        to[1] = f->half_log_sigma[0];
        to[2] = grey ? PHASE_LS_GREY_HALF_LOG_SIGMA : g->half_log_sigma[2 * phase];
        to[3] = grey ? PHASE_LS_GREY_HALF_LOG_SIGMA : g->half_log_sigma[2 * phase + 1];
        const float *weights = phase_ls_weights(g, phase) + (g->known - 1) * PHASE_LS_OUTPUTS;
        p->phase_partial[0] = grey ? 0.0f : chroma[i][0];
        p->phase_partial[1] = grey ? 0.0f : chroma[i][1];
        p->phase_weight[0] = grey ? 0.0f : weights[0];
        p->phase_weight[1] = grey ? 0.0f : weights[1];
        p->phase_weight[2] = grey ? 0.0f : weights[PHASE_LS_OUTPUTS + 1];
        to = input + (ptrdiff_t)i * SCAN_INPUT_STRIDE + SCAN_LS_ERRORS;
        const float *west = neighbourhood_ls_errors(s, p->x - 1, p->y),
                    *north = neighbourhood_ls_errors(s, p->x, p->y - 1);
        const float *corner = neighbourhood_ls_errors(s, p->x - 1, p->y - 1),
                    *other = neighbourhood_ls_errors(s, p->x + 1, p->y - 1);
        for (int k = 0; k < 6; k++) {
            float sum = (__builtin_fabsf(west[k]) + __builtin_fabsf(north[k])) +
                        (__builtin_fabsf(corner[k]) + __builtin_fabsf(other[k]));
            size[i * 6 + k] = (sum * 0.25f + 0.25f) / p->activity[k % 3];
        }
        for (int c = 0; c < 3; c++) {
            to[6 + c] = ex_clip(west[3 + c] / p->activity[c], -6.0f, 6.0f);
            to[9 + c] = ex_clip(north[3 + c] / p->activity[c], -6.0f, 6.0f);
        }
    }
    for (int i = 0; i < 6 * n; i++) size[i] = ex_log(size[i]) * 0.5f;
    for (int i = 0; i < n; i++)
        memcpy(input + (ptrdiff_t)i * SCAN_INPUT_STRIDE + SCAN_LS_ERRORS, size + 6 * i, 6 * sizeof *size);
}

/* All inputs of pixels [from, to) of the run, which belong to one step. */
static void neighbourhood_inputs(scan_state *s, int from, int to)
{
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

/* The values of a pixel, now known, for the moments of both. */
EX void neighbourhood_record(const scan_state *s, const scan_pixel *p)
{
    const local_ls *r = &s->local_ls;
    float *vector = r->vector + (p->x % LOCAL_LS_BLOCK * LOCAL_LS_ORDER + LOCAL_LS_INPUTS) * r->stride;
    for (int c = 0; c < 3; c++)
        vector[c * r->stride + LOCAL_LS_PAD + p->x / LOCAL_LS_BLOCK] = (float)(p->value[c] - p->base[c]);
    phase_ls_record(s, p, (int)(p - s->pixel) - s->count);
}

#endif
