/* Phase-conditioned least squares: predictions by the linear weights that did best on all earlier pixels of the same
 * phase, the position modulo a period, such as that of the blocks of a JPEG from which the picture was made.
 *
 * There are two systems. Those for R - G and B - G, which know G, have the period that the encoder chose; that for G has
 * period 2 where it chose 2, for a mosaic of colours, and 1 elsewhere. Each phase has sums of products over its pixels,
 * which fade slowly. For the solution a prior is added to them, the mean over all phases, which decides where a phase has
 * few pixels yet. The systems are solved again every few thousand pixels. In a mosaic all values are light
 * (linear_light-inl.h), and pixels have weights: there relations are nearly exact where the picture is smooth. Sums are fma chains over the pixels in coding
 * order; vector lanes of the solution are phases. */
#ifndef BBC_PHASE_LS_H
#define BBC_PHASE_LS_H

#include "band_scan.h"
#include "cholesky-inl.h"
#include "linear_light-inl.h"

#define PHASE_LS_RIDGE 0.001f         /* part of a diagonal element added to it; tuned by hand, not recorded */
#define PHASE_LS_MOSAIC_RIDGE 0.0001f /* the same in a mosaic; docs/experiments.md, Linear light */
#define PHASE_LS_PRIOR_WEIGHT 100.0f /* of the prior, in pixels; docs/experiments.md, Phase-conditioned least squares */
#define PHASE_LS_FORGETTING 0x1p-14f /* of the sums of a phase, lost with each of its pixels; by hand, not recorded */
/* The half_log_sigma of R - G and B - G of a grey picture: about what three equal channels would give. */
#define PHASE_LS_GREY_HALF_LOG_SIGMA (-1.5f)

/* Indices among a channel's taps (neighbourhood-inl.h) of the neighbours, nearest first. How many of them the vectors
 * hold: docs/experiments.md, Phase-conditioned least squares. */
static const uint8_t phase_ls_tap[PHASE_LS_TAPS] = {19, 18, 20, 26, 11, 17, 21, 10, 12, 9,  13, 25,
                                                    5,  16, 22, 4,  6,  8,  14, 3,  7,  24, 1,  15};

/* The systems are solved again when an eighth of all pixels are new, but at least SOONEST and at most LATEST. The
 * intervals were tuned by hand; those that were measured are in docs/experiments.md, Phase-conditioned least squares.
 * */
enum { PHASE_LS_WEST = 27, PHASE_LS_SOONEST = 64, PHASE_LS_LATEST = 8192 };

/* How far the neighbours lie from a pixel. */
enum { PHASE_LS_LEFT = 4, PHASE_LS_RIGHT = 3, PHASE_LS_ABOVE = 4 };

EX int phase_ls_phase(const scan_state *s, const phase_ls_system *f, int x, int y)
{
    if (f->period == 1) return 0;
    return ((y + s->shape.grid_y) & (f->period - 1)) * f->period + ((x + s->shape.grid_x) & (f->period - 1));
}

EX float *phase_ls_vector(const phase_ls_system *f, int i) { return f->vector + (ptrdiff_t)i * PHASE_LS_ORDER; }

EX float *phase_ls_moments(const phase_ls_system *f, int phase)
{
    return f->moments + (ptrdiff_t)phase * PHASE_LS_ORDER * PHASE_LS_ORDER;
}

EX float *phase_ls_weights(const phase_ls_system *f, int phase)
{
    return f->weights + (ptrdiff_t)phase * PHASE_LS_ORDER * PHASE_LS_OUTPUTS;
}

/* The six errors of the pixel (x, y) of the scan: three by the local least squares, three by these. */
EX float *phase_ls_errors(const scan_state *s, int x, int y)
{
    const int rows = s->shape.last_row - s->shape.first_row;
    return s->phase_ls.errors + ((ptrdiff_t)((x + SCAN_SKEW * y) % PHASE_LS_RING) * rows + y - s->shape.first_row) * 6;
}

/* The neighbours of a pixel in one channel, less the one to the west; t: its taps. */
EX void phase_ls_near(const scan_state *s, const uint16_t *t, float near[PHASE_LS_TAPS])
{
    if (s->shape.light) {
        const float west = s->light[t[PHASE_LS_WEST]];
        for (int k = 0; k < PHASE_LS_TAPS; k++) near[k] = s->light[t[phase_ls_tap[k]]] - west;
    } else {
        for (int k = 0; k < PHASE_LS_TAPS; k++)
            near[k] = (float)(t[phase_ls_tap[k]] - t[PHASE_LS_WEST]) * s->range.step;
    }
}

/* The vectors of a pixel, the i-th of its diagonal, but for its own values; t: its taps, channel by channel. */
static void phase_ls_gather(const scan_state *s, int i, uint16_t t[3][NETWORK_TAPS])
{
    float *g = phase_ls_vector(&s->phase_ls.green, i), *v = phase_ls_vector(&s->phase_ls.chroma, i);
    float near[3][PHASE_LS_TAPS];
    for (int c = 0; c < 3; c++) phase_ls_near(s, t[c], near[c]);
    const int mosaic = s->shape.period == PHASE_LS_MOSAIC, others = mosaic ? PHASE_LS_TAPS : 11,
              greens = mosaic ? PHASE_LS_TAPS : 12, one = s->phase_ls.green.one, chroma_one = s->phase_ls.chroma.one;
    for (int k = 0; k < 24; k++) g[k] = near[0][k];
    for (int k = 0; k < others; k++) g[24 + k] = near[1][k];
    for (int k = 0; k < others; k++) g[24 + others + k] = near[2][k];
    for (int k = 24 + 2 * others; k < one; k++) g[k] = 0.0f;
    g[one] = 1.0f;
    g[one + 1] = 0.0f;
    if (s->shape.channels == 1) return;
    for (int k = 0; k < 24; k++) v[k] = near[1][k] - near[0][k];
    for (int k = 0; k < 24; k++) v[24 + k] = near[2][k] - near[0][k];
    for (int k = 0; k < greens; k++) v[48 + k] = near[0][k];
    for (int k = 48 + greens; k < chroma_one; k++) v[k] = 0.0f;
    v[chroma_one] = 1.0f;
    for (int k = 1; k < 4; k++) v[chroma_one + k] = 0.0f;
}

/* Predictions from the vectors [from, to) of a diagonal whose first row is `first`: out (n, OUTPUTS). */
static void phase_ls_predict(const scan_state *s, const phase_ls_system *f, int first, int from, int to,
                             float out[][PHASE_LS_OUTPUTS])
{
    static const float zero[PHASE_LS_OUTPUTS];
    const ptrdiff_t stride = (ptrdiff_t)f->period * PHASE_LS_ORDER;
    for (int r = 0; r < f->period && from + r < to; r++) {
        int i = from + r, y = first + i, count = (to - i + f->period - 1) / f->period;
        const float *weights = phase_ls_weights(f, phase_ls_phase(s, f, s->diagonal - SCAN_SKEW * y, y));
        gemm(count, PHASE_LS_OUTPUTS, f->order, phase_ls_vector(f, i), stride, 1, weights, PHASE_LS_OUTPUTS, zero,
             out[r], (ptrdiff_t)f->period * PHASE_LS_OUTPUTS);
    }
}

/* A prediction of channel c less the base, from how much it is above the pixel to the west. */
EX float phase_ls_above_base(const scan_state *s, const scan_pixel *p, int c, float rise)
{
    if (s->shape.light) return linear_light_sample(s, rise + p->west[c]) - p->base[c];
    return rise + (p->west[c] - p->base[c]);
}

/* In a mosaic, a pixel's vectors times its weight: none where a tap lies outside the picture, less where the picture is
 * active, and where a step of a sample is much light. docs/experiments.md, Linear light. */
static void phase_ls_weigh(const scan_state *s, const scan_pixel *p, float *g, float *v)
{
    const int inside = p->x >= PHASE_LS_LEFT && p->x < s->shape.width - PHASE_LS_RIGHT && p->y >= PHASE_LS_ABOVE;
    float weight = (inside ? 26.0f : 0.0f) / (p->activity[0] + p->activity[1] + p->activity[2] + 3.0f);
    if (s->shape.light) weight = weight / __builtin_sqrtf(__builtin_sqrtf(p->west[0] / s->range.top) + 0.02f);
    for (int k = 0; k < s->phase_ls.green.order; k++) g[k] = g[k] * weight;
    if (s->shape.channels == 3)
        for (int k = 0; k < s->phase_ls.chroma.order; k++) v[k] = v[k] * weight;
}

/* The values of a pixel, the i-th of its diagonal, now known, and its errors. */
static void phase_ls_record(const scan_state *s, const scan_pixel *p, int i)
{
    float *g = phase_ls_vector(&s->phase_ls.green, i), *v = phase_ls_vector(&s->phase_ls.chroma, i);
    float *error = phase_ls_errors(s, p->x, p->y), *own = v + s->phase_ls.chroma.one + 1;
    const float green = linear_light_of(s, p->value[0]) - p->west[0];
    g[s->phase_ls.green.one + 1] = green;
    if (s->shape.channels == 3) {
        own[0] = green;
        for (int c = 1; c < 3; c++) own[c] = (linear_light_of(s, p->value[c]) - p->west[c]) - green;
    }
    if (s->shape.period == PHASE_LS_MOSAIC) phase_ls_weigh(s, p, g, v);
    for (int c = 0; c < s->shape.channels; c++) {
        error[c] = p->residual[c] - p->local_conditional[c];
        error[3 + c] = p->residual[c] - p->phase_prediction[c];
    }
}

/* Units of work in which the n vectors of a diagonal go into the moments: by phase, and of each phase 16 rows of the
 * moments. */
EX int phase_ls_units(const phase_ls_system *f, int n) { return (f->period < n ? f->period : n) * (f->order / 16); }

/* One of them, the longest first. */
static void phase_ls_accumulate(const scan_state *s, const phase_ls_system *f, int first, int n, int unit)
{
    const ptrdiff_t stride = (ptrdiff_t)f->period * PHASE_LS_ORDER;
    const int blocks = f->order / 16, r = unit / blocks, block = 16 * (blocks - 1 - unit % blocks), y = first + r;
    const int count = (n - r + f->period - 1) / f->period;
    float *moments = phase_ls_moments(f, phase_ls_phase(s, f, s->diagonal - SCAN_SKEW * y, y));
    const float *vector = phase_ls_vector(f, r);
    gemm(16, block + 16, count, vector + block, 1, stride, vector, stride, NULL, moments + block * PHASE_LS_ORDER,
         PHASE_LS_ORDER);
}

/* The prior: the sum of the moments over all phases. This thread's share of its rows. */
static void phase_ls_pool(const scan_state *s, const phase_ls_system *f, int index)
{
    const int phases = f->period * f->period;
    if (phases == 1) return;
    for (int i = index; i < f->order; i += s->team.threads) {
        float *restrict to = f->prior + i * PHASE_LS_ORDER;
        memset(to, 0, PHASE_LS_ORDER * sizeof *to);
        for (int phase = 0; phase < phases; phase++) {
            const float *restrict m = phase_ls_moments(f, phase) + i * PHASE_LS_ORDER;
            for (int j = 0; j <= i; j++) to[j] = to[j] + m[j];
        }
    }
}

/* Keeps the weights w of a phase for a target, `stride` apart, and the expected error; d: the target's element of the
 * factor's inverted diagonal. */
EX void phase_ls_store(const phase_ls_system *f, int phase, int target, const float *w, int stride, float d,
                       float count)
{
    float *weights = phase_ls_weights(f, phase) + target - f->known;
    for (int i = 0; i < target; i++) weights[i * PHASE_LS_OUTPUTS] = w[i * stride];
    f->half_log_sigma[2 * phase + target - f->known] = ex_log(1.0f / (d * d * (count + 1.0f))) * 0.25f;
}

/* Weights of a system with one phase: Cholesky's factor with inverted diagonal, then each target's weights backwards.
 * */
static void phase_ls_solve_one(const phase_ls_system *f)
{
    float column[CHOLESKY_MAX][CHOLESKY_MAX] = {{0}}, w[CHOLESKY_MAX];
    const float *moments = phase_ls_moments(f, 0), count = moments[f->one * PHASE_LS_ORDER + f->one];
    for (int i = 0; i < f->order; i++)
        for (int j = 0; j <= i; j++) column[j][i] = moments[i * PHASE_LS_ORDER + j];
    cholesky_single(f->order, f->known, PHASE_LS_RIDGE, column);
    for (int target = f->known; target < f->order; target++) {
        for (int i = target - 1; i >= 0; i--) {
            const float *restrict p = column[i];
            float a = p[target];
            for (int k = i + 1; k < target; k++) a = a - p[k] * w[k];
            w[i] = a * p[i];
        }
        phase_ls_store(f, 0, target, w, 1, column[target][target], count);
    }
}

/* The same for 16 phases from `phase` on, of several, in the vector lanes. */
static void phase_ls_solve(const phase_ls_system *f, int phase)
{
    enum { L = PHASE_LS_LANES, V = L / VF_LANES, SIZE = PHASE_LS_ORDER * (PHASE_LS_ORDER + 1) / 2 };
    float low[SIZE][L] = {{0}}, count[L];
    const int phases = f->period * f->period, lanes = phases < L ? phases : L;
    const float prior_weight = PHASE_LS_PRIOR_WEIGHT / ex_max(f->prior[f->one * PHASE_LS_ORDER + f->one], 1.0f);
    for (int i = 0; i < f->order; i++)
        for (int j = 0; j <= i; j++) {
            float *to = low[cholesky_at(i, j)], prior = f->prior[i * PHASE_LS_ORDER + j] * prior_weight;
            for (int l = 0; l < lanes; l++) to[l] = phase_ls_moments(f, phase + l)[i * PHASE_LS_ORDER + j] + prior;
        }
    memcpy(count, low[cholesky_at(f->one, f->one)], sizeof count);
    cholesky_factor(f->order, f->known, f->period == PHASE_LS_MOSAIC ? PHASE_LS_MOSAIC_RIDGE : PHASE_LS_RIDGE, low);
    for (int target = f->known; target < f->order; target++) {
        float w[PHASE_LS_ORDER][L];
        for (int i = target - 1; i >= 0; i--) {
            vf a[V];
    GEMM_UNROLL for (int v = 0; v < V; v++) a[v] = vf_load(low[cholesky_at(target, i)] + v * VF_LANES);
            for (int k = i + 1; k < target; k++)
                GEMM_UNROLL for (int v = 0; v < V; v++)
                    a[v] = vf_less(a[v], vf_load(low[cholesky_at(k, i)] + v * VF_LANES), vf_load(w[k] + v * VF_LANES));
            GEMM_UNROLL for (int v = 0; v < V; v++)
                vf_store(w[i] + v * VF_LANES, vf_mul(a[v], vf_load(low[cholesky_at(i, i)] + v * VF_LANES)));
        }
        for (int l = 0; l < lanes; l++)
            phase_ls_store(f, phase + l, target, &w[0][l], L, low[cholesky_at(target, target)][l], count[l]);
    }
}

/* Units of work in which a system is solved: phases in the vector lanes. */
EX int phase_ls_solutions(const phase_ls_system *f)
{
    return (f->period * f->period + PHASE_LS_LANES - 1) / PHASE_LS_LANES;
}

/* One of them, and the fading of the moments after it. */
static void phase_ls_refresh(const phase_ls_system *f, float new_pixels, int unit)
{
    const int phases = f->period * f->period, phase = unit * PHASE_LS_LANES;
    const float keep = ex_max(1.0f - new_pixels * PHASE_LS_FORGETTING / (float)phases, 0.5f);
    if (phases == 1) phase_ls_solve_one(f);
    else phase_ls_solve(f, phase);
    const int end = phase + PHASE_LS_LANES < phases ? phase + PHASE_LS_LANES : phases;
    for (float *m = phase_ls_moments(f, phase); m < phase_ls_moments(f, end); m++) *m = *m * keep;
}

/* Whether the systems are solved after `new_pixels`, when `coded` are known. */
EX int phase_ls_due(int64_t coded, int32_t new_pixels)
{
    const int64_t wait = coded / 8;
    return new_pixels >= (wait < PHASE_LS_SOONEST ? PHASE_LS_SOONEST : wait < PHASE_LS_LATEST ? wait : PHASE_LS_LATEST);
}

#endif
