/* Least squares by place: what a pixel's value should be by the linear rule that did best on all earlier pixels at the
 * same place of a period, such as the blocks of a JPEG from which the picture was made.
 *
 * There are two systems. That for G has period 1, those for R - G and B - G, which know G, have the period that the encoder
 * chose. Sums of products over all pixels at a place fade slowly; with a share of the sums over all places, so that a
 * place of which little is known does as the others do, they are solved for the weights every few thousand pixels. Sums
 * are fma chains over the pixels in coding order; lanes of the solution are places. */
#ifndef BBC_PERIODIC_H
#define BBC_PERIODIC_H

#include "cholesky-inl.h"
#include "band_scan.h"

#define PERIODIC_RELATIVE 0.001f
#define PERIODIC_SHARE 100.0f    /* pixels' worth of what all places together say */
#define PERIODIC_MEMORY 0x1p-14f /* of the sums, what a pixel at each place takes away */
#define PERIODIC_GREY \
    (-1.5f) /* stands for the deviations of chroma where there is none: about what equal channels give */

/* Indices among a channel's taps (neighbourhood-inl.h) of the neighbours, nearest first. */
static const uint8_t periodic_tap[PERIODIC_TAPS] = {38, 37, 39, 46, 26, 36, 40, 25, 27, 24, 28, 45,
                                                    16, 35, 41, 15, 17, 23, 29, 14, 18, 44, 8,  34};
enum { PERIODIC_WEST = 47, PERIODIC_SOONEST = 64, PERIODIC_LATEST = 8192 };

EX int periodic_place(const pass_state *s, const periodic_system *f, int x, int y)
{
    if (f->period == 1) return 0;
    return ((y + s->shape.grid_y) & (f->period - 1)) * f->period + ((x + s->shape.grid_x) & (f->period - 1));
}

EX float *periodic_vector(const periodic_system *f, int i) { return f->vector + (ptrdiff_t)i * PERIODIC_ORDER; }

EX float *periodic_moments(const periodic_system *f, int place)
{
    return f->moments + (ptrdiff_t)place * PERIODIC_ORDER * PERIODIC_ORDER;
}

EX float *periodic_weights(const periodic_system *f, int place)
{
    return f->weights + (ptrdiff_t)place * PERIODIC_ORDER * PERIODIC_OUTPUTS;
}

/* The six errors of the pixel (x, y) of the pass: of the regression and by place. */
EX float *periodic_errors(const pass_state *s, int x, int y)
{
    const int rows = s->shape.last_row - s->shape.first_row;
    return s->periodic.errors + ((ptrdiff_t)((x + PASS_SKEW * y) % PERIODIC_RING) * rows + y - s->shape.first_row) * 6;
}

/* The vectors of a pixel, the i-th of its step, but for its own values; t: its taps, channel by channel. */
static void periodic_gather(const pass_state *s, int i, uint8_t t[3][PASS_TAPS])
{
    float *g = periodic_vector(&s->periodic.green, i), *v = periodic_vector(&s->periodic.chroma, i);
    int32_t near[3][PERIODIC_TAPS];
    for (int k = 0; k < PERIODIC_TAPS; k++)
        for (int c = 0; c < 3; c++) near[c][k] = t[c][periodic_tap[k]];
    for (int c = 0; c < 3; c++) {
        const int west = t[c][PERIODIC_WEST];
        for (int k = 0; k < PERIODIC_TAPS; k++) near[c][k] = near[c][k] - west;
    }
    for (int k = 0; k < 24; k++) g[k] = (float)near[0][k];
    for (int k = 0; k < 11; k++) g[24 + k] = (float)near[1][k];
    for (int k = 0; k < 11; k++) g[35 + k] = (float)near[2][k];
    g[46] = 1.0f;
    g[47] = 0.0f;
    if (s->shape.channels == 1) return;
    for (int k = 0; k < 24; k++) v[k] = (float)(near[1][k] - near[0][k]);
    for (int k = 0; k < 24; k++) v[24 + k] = (float)(near[2][k] - near[0][k]);
    for (int k = 0; k < 12; k++) v[48 + k] = (float)near[0][k];
    v[60] = 1.0f;
    v[61] = v[62] = v[63] = 0.0f;
}

/* What the weights make of the vectors [from, to) of a step whose first row is `first`: out (n, OUTPUTS). */
static void periodic_apply(const pass_state *s, const periodic_system *f, int first, int from, int to,
                           float out[][PERIODIC_OUTPUTS])
{
    static const float zero[PERIODIC_OUTPUTS];
    const ptrdiff_t stride = (ptrdiff_t)f->period * PERIODIC_ORDER;
    for (int r = 0; r < f->period && from + r < to; r++) {
        int i = from + r, y = first + i, count = (to - i + f->period - 1) / f->period;
        const float *weights = periodic_weights(f, periodic_place(s, f, s->step - PASS_SKEW * y, y));
        gemm(count, PERIODIC_OUTPUTS, f->order, periodic_vector(f, i), stride, 1, weights, PERIODIC_OUTPUTS, zero,
             out[r], (ptrdiff_t)f->period * PERIODIC_OUTPUTS);
    }
}

/* The values of a pixel, the i-th of its step, now known, and its errors. */
static void periodic_known(const pass_state *s, const pass_pixel *p, int i)
{
    float *g = periodic_vector(&s->periodic.green, i), *v = periodic_vector(&s->periodic.chroma, i);
    float *error = periodic_errors(s, p->x, p->y);
    g[47] = (float)(p->value[0] - p->west[0]);
    if (s->shape.channels == 3) {
        v[61] = g[47];
        for (int c = 0; c < 2; c++) v[62 + c] = (float)(p->value[c + 1] - p->west[c + 1]) - g[47];
    }
    for (int c = 0; c < s->shape.channels; c++) {
        error[c] = p->residual[c] - p->rule[c];
        error[3 + c] = p->residual[c] - p->periodic[c];
    }
}

/* A step's n vectors into the moments. Threads share the classes of pixels of one place and, of these, blocks of rows. */
static void periodic_accumulate(const pass_state *s, const periodic_system *f, int first, int n, int index)
{
    const ptrdiff_t stride = (ptrdiff_t)f->period * PERIODIC_ORDER;
    int unit = 0;
    for (int r = 0; r < f->period && r < n; r++) {
        int y = first + r, count = (n - r + f->period - 1) / f->period;
        float *moments = periodic_moments(f, periodic_place(s, f, s->step - PASS_SKEW * y, y));
        const float *vector = periodic_vector(f, r);
        for (int block = 0; block < f->order; block += 16, unit++)
            if (unit % s->threads == index)
                gemm(16, block + 16, count, vector + block, 1, stride, vector, stride, NULL,
                     moments + block * PERIODIC_ORDER, PERIODIC_ORDER);
    }
}

/* The sum of the moments over all places: this thread's share of its rows. */
static void periodic_pool(const pass_state *s, const periodic_system *f, int index)
{
    const int places = f->period * f->period;
    if (places == 1) return;
    for (int i = index; i < f->order; i += s->threads) {
        float *restrict to = f->prior + i * PERIODIC_ORDER;
        memset(to, 0, PERIODIC_ORDER * sizeof *to);
        for (int place = 0; place < places; place++) {
            const float *restrict m = periodic_moments(f, place) + i * PERIODIC_ORDER;
            for (int j = 0; j <= i; j++) to[j] = to[j] + m[j];
        }
    }
}

/* The weights w of a place for a target, `stride` apart, and the error to be expected; d: the factor's inverted diagonal. */
EX void periodic_solved(const periodic_system *f, int place, int target, const float *w, int stride, float d,
                        float count)
{
    float *weights = periodic_weights(f, place) + target - f->known;
    for (int i = 0; i < target; i++) weights[i * PERIODIC_OUTPUTS] = w[i * stride];
    f->deviation[2 * place + target - f->known] = ex_log(1.0f / (d * d * (count + 1.0f))) * 0.25f;
}

/* Weights of a system of one place: Cholesky's factor with inverted diagonal, then each target's weights backwards. */
static void periodic_solve_one(const periodic_system *f)
{
    float column[PERIODIC_ORDER][PERIODIC_ORDER] = {{0}}, w[PERIODIC_ORDER];
    const float *moments = periodic_moments(f, 0), count = moments[f->one * PERIODIC_ORDER + f->one];
    for (int i = 0; i < f->order; i++)
        for (int j = 0; j <= i; j++) column[j][i] = moments[i * PERIODIC_ORDER + j];
    cholesky_single(f->order, f->known, PERIODIC_RELATIVE, column);
    for (int target = f->known; target < f->order; target++) {
        for (int i = target - 1; i >= 0; i--) {
            const float *restrict p = column[i];
            float a = p[target];
            for (int k = i + 1; k < target; k++) a = a - p[k] * w[k];
            w[i] = a * p[i];
        }
        periodic_solved(f, 0, target, w, 1, column[target][target], count);
    }
}

/* The same for 16 places from `place` on, of several, in the lanes. */
static void periodic_solve(const periodic_system *f, int place)
{
    enum { L = PERIODIC_LANES, V = L / VF_LANES, SIZE = PERIODIC_ORDER * (PERIODIC_ORDER + 1) / 2 };
    float low[SIZE][L] = {{0}}, count[L];
    const int places = f->period * f->period, lanes = places < L ? places : L;
    const float share = PERIODIC_SHARE / ex_max(f->prior[f->one * PERIODIC_ORDER + f->one], 1.0f);
    for (int i = 0; i < f->order; i++)
        for (int j = 0; j <= i; j++) {
            float *to = low[cholesky_at(i, j)], prior = f->prior[i * PERIODIC_ORDER + j] * share;
            for (int l = 0; l < lanes; l++) to[l] = periodic_moments(f, place + l)[i * PERIODIC_ORDER + j] + prior;
        }
    memcpy(count, low[cholesky_at(f->one, f->one)], sizeof count);
    cholesky_factor(f->order, f->known, PERIODIC_RELATIVE, low);
    for (int target = f->known; target < f->order; target++) {
        float w[PERIODIC_ORDER][L];
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
            periodic_solved(f, place + l, target, &w[0][l], L, low[cholesky_at(target, target)][l], count[l]);
    }
}

/* This thread's share of solving and of the fading that follows. */
static void periodic_refresh(const pass_state *s, const periodic_system *f, float since, int index)
{
    const int places = f->period * f->period;
    const float keep = ex_max(1.0f - since * PERIODIC_MEMORY / (float)places, 0.5f);
    for (int place = index * PERIODIC_LANES; place < places; place += s->threads * PERIODIC_LANES) {
        if (places == 1) periodic_solve_one(f);
        else periodic_solve(f, place);
        int end = place + PERIODIC_LANES < places ? place + PERIODIC_LANES : places;
        for (float *m = periodic_moments(f, place); m < periodic_moments(f, end); m++) *m = *m * keep;
    }
}

/* Whether the systems are solved after `since` pixels, when `coded` are known. */
EX int periodic_due(int64_t coded, int32_t since)
{
    const int64_t wait = coded / 8;
    return since >= (wait < PERIODIC_SOONEST ? PERIODIC_SOONEST : wait < PERIODIC_LATEST ? wait : PERIODIC_LATEST);
}

/* After a step of n pixels, by every thread, after a barrier. */
static void periodic_step(pass_state *s, int first, int n, int index)
{
    periodic *p = &s->periodic;
    const int32_t since = p->since + n;
    const int due = periodic_due(s->coded + s->done + n, since), chroma = s->shape.channels == 3;
    periodic_accumulate(s, &p->green, first, n, index);
    if (chroma) periodic_accumulate(s, &p->chroma, first, n, index);
    if (due) {
        pass_barrier(s);
        if (chroma) periodic_pool(s, &p->chroma, index);
        pass_barrier(s);
        periodic_refresh(s, &p->green, (float)since, index);
        if (chroma) periodic_refresh(s, &p->chroma, (float)since, (index + 1) % s->threads);
    }
    pass_barrier(s);
    if (index == 0) p->since = due ? 0 : since;
}

#endif
