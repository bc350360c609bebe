/* A pixel's causal context, normalised: the inputs of the likelihood network (docs/format.md, section context). */
#ifndef BBC_CONTEXT_H
#define BBC_CONTEXT_H

#include "exact.h"
#include "band_scan.h"
#include "phase_ls-inl.h"
#include "local_ls-inl.h"

/* Taps of one channel in raster order: rows -5 to 0 of the context, 48 bytes. */
EX void context_taps(const uint8_t *at, ptrdiff_t stride, uint8_t *taps)
{
    memcpy(taps, at - 5 * stride - 2, 5);
    memcpy(taps + 5, at - 4 * stride - 3, 7);
    memcpy(taps + 12, at - 3 * stride - 4, 9);
    memcpy(taps + 21, at - 2 * stride - 5, 11);
    memcpy(taps + 32, at - stride - 6, 10);
    memcpy(taps + 42, at - 6, 6);
}

/* Median edge detector (LOCO-I, Weinberger et al. 2000). */
EX int context_base(int west, int north, int northwest)
{
    int high = west > north ? west : north, low = west > north ? north : west;
    return northwest >= high ? low : northwest <= low ? high : west + north - northwest;
}

EX int context_distance(int a, int b) { return a > b ? a - b : b - a; }

/* Inputs of the pixel p->x, p->y but for the regression's, and its neighbours for that; fills base and activity. */
static void context_gather(const pass_state *s, pass_pixel *p, float *input, float neighbour[][REGRESSION_LANES],
                           int lane)
{
    uint8_t taps[3][PASS_TAPS];
    for (int c = 0; c < 3; c++) {
        uint8_t *t = taps[c];
        context_taps(pass_at(s, c, p->x, p->y), s->stride, t);
        int base = context_base(t[47], t[38], t[37]), sum = 0;
        for (int i = 24; i <= 28; i++) sum += context_distance(t[i], base);
        for (int i = 36; i <= 40; i++) sum += context_distance(t[i], base);
        sum += context_distance(t[46], base) + context_distance(t[47], base);
        float inverse = s->inverse_activity[sum], *row = input + c * PASS_TAPS;
        for (int i = 0; i < PASS_TAPS; i++) row[i] = ex_clip((float)(t[i] - base) * inverse, -6.0f, 6.0f);
        input[3 * PASS_TAPS + c] = s->log_activity[sum];
        input[3 * PASS_TAPS + 3 + c] = (float)base * 0.0078125f - 1.0f;
        static const int place[REGRESSION_NEIGHBOURS] = {47, 38, 37, 39, 26, 46};
        for (int k = 0; k < REGRESSION_NEIGHBOURS; k++)
            neighbour[c * REGRESSION_NEIGHBOURS + k][lane] = (float)(t[place[k]] - base);
        p->base[c] = base;
        p->activity[c] = 0.7f + (float)sum / 12.0f;
        p->west[c] = t[PERIODIC_WEST];
    }
    periodic_gather(s, (int)(p - s->pixel) - s->count, taps);
}

/* A prediction less the base, so that the predicted value is one that a pixel can have. */
EX float context_valid(const pass_pixel *p, int c, float prediction)
{
    return ex_clip(prediction + (float)p->base[c], 0.0f, 255.0f) - (float)p->base[c];
}

/* The regression's inputs of n pixels below each other in one step, at most REGRESSION_LANES. */
static void context_regress(pass_state *s, pass_pixel *p, int n, float neighbour[][REGRESSION_LANES], float *input)
{
    const regression *r = &s->regression;
    const int first = p[n - 1].x / REGRESSION_CELL, place = p->x % REGRESSION_CELL;
    float *vector = r->vector + place * REGRESSION_ORDER * r->stride + REGRESSION_PAD + first;
    float prediction[3][REGRESSION_LANES], blame[3][REGRESSION_LANES], deviation[3][REGRESSION_LANES];
    for (int k = 0; k < REGRESSION_INPUTS; k++)
        memcpy(vector + k * r->stride, neighbour[k], (size_t)n * sizeof *vector);
    regression_predict(r, first, neighbour, prediction, blame, deviation);
    for (int i = 0; i < n; i++, p++, input += PASS_INPUT_STRIDE)
        for (int c = 0; c < 3; c++) {
            float *to = input + PASS_REGRESSED + c;
            p->prediction[c] = prediction[c][n - 1 - i];
            p->blame[c] = blame[c][n - 1 - i];
            p->rule[c] = context_valid(p, c, p->prediction[c]);
            to[0] = ex_clip(p->rule[c] / p->activity[c], -6.0f, 6.0f);
            to[3] = p->blame[c];
            to[6] = deviation[c][n - 1 - i];
        }
}

/* The six errors at column x, row y: of the regression, by place; 0 outside the pass, but beyond the end of a row its last. */
EX const float *context_errors(const pass_state *s, int x, int y)
{
    static const float none[6];
    if (x >= s->shape.width) x = s->shape.width - 1;
    return x < 0 || y < s->shape.first_row ? none : periodic_errors(s, x, y);
}

/* The inputs by place of n pixels below each other in one step, at most PASS_CHUNK. */
static void context_periodic(const pass_state *s, pass_pixel *p, int n, float *input)
{
    float green[PASS_CHUNK][PERIODIC_OUTPUTS], chroma[PASS_CHUNK][PERIODIC_OUTPUTS], size[6 * PASS_CHUNK];
    const periodic_system *f = &s->periodic.green, *g = &s->periodic.chroma;
    const int at = (int)(p - s->pixel) - s->count, first = p->y - at, grey = s->shape.channels == 1;
    periodic_apply(s, f, first, at, at + n, green);
    if (!grey) periodic_apply(s, g, first, at, at + n, chroma);
    for (int i = 0; i < n; i++, p++) {
        float *to = input + (ptrdiff_t)i * PASS_INPUT_STRIDE + PASS_PERIODIC;
        const int place = periodic_place(s, g, p->x, p->y);
        p->periodic[0] = context_valid(p, 0, green[i][0] + (float)(p->west[0] - p->base[0]));
        to[0] = ex_clip(p->periodic[0] / p->activity[0], -6.0f, 6.0f);
        to[1] = f->deviation[0];
        to[2] = grey ? PERIODIC_GREY : g->deviation[2 * place];
        to[3] = grey ? PERIODIC_GREY : g->deviation[2 * place + 1];
        const float *weights = periodic_weights(g, place) + (g->known - 1) * PERIODIC_OUTPUTS;
        p->partial[0] = grey ? 0.0f : chroma[i][0];
        p->partial[1] = grey ? 0.0f : chroma[i][1];
        p->later[0] = grey ? 0.0f : weights[0];
        p->later[1] = grey ? 0.0f : weights[1];
        p->later[2] = grey ? 0.0f : weights[PERIODIC_OUTPUTS + 1];
        to = input + (ptrdiff_t)i * PASS_INPUT_STRIDE + PASS_ERRORS;
        const float *west = context_errors(s, p->x - 1, p->y), *north = context_errors(s, p->x, p->y - 1);
        const float *corner = context_errors(s, p->x - 1, p->y - 1), *other = context_errors(s, p->x + 1, p->y - 1);
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
        memcpy(input + (ptrdiff_t)i * PASS_INPUT_STRIDE + PASS_ERRORS, size + 6 * i, 6 * sizeof *size);
}

/* All inputs of pixels [from, to) of the run, which belong to one step. */
static void context_inputs(pass_state *s, int from, int to)
{
    for (int i = from; i < to; i += REGRESSION_LANES) {
        int n = to - i < REGRESSION_LANES ? to - i : REGRESSION_LANES;
        float neighbour[REGRESSION_INPUTS][REGRESSION_LANES] = {0};
        float *input = s->input + (ptrdiff_t)i * PASS_INPUT_STRIDE;
        for (int j = 0; j < n; j++)
            context_gather(s, s->pixel + i + j, input + j * PASS_INPUT_STRIDE, neighbour, n - 1 - j);
        context_regress(s, s->pixel + i, n, neighbour, input);
        context_periodic(s, s->pixel + i, n, input);
    }
}

/* The values of a pixel, now known, for the moments of both. */
EX void context_known(const pass_state *s, const pass_pixel *p)
{
    const regression *r = &s->regression;
    float *vector = r->vector + (p->x % REGRESSION_CELL * REGRESSION_ORDER + REGRESSION_INPUTS) * r->stride;
    for (int c = 0; c < 3; c++)
        vector[c * r->stride + REGRESSION_PAD + p->x / REGRESSION_CELL] = (float)(p->value[c] - p->base[c]);
    periodic_known(s, p, (int)(p - s->pixel) - s->count);
}

#endif
