/* Learning while coding: the gradient of a mini-batch and one step of QHAdam (Ma and Yarats 2019), exactly.
 *
 * Only the likelihood network learns. Each weight's gradient is one fma chain over the mini-batch's pixels in coding
 * order, so that threads, which share the pixels first and the weights then, change no bit. */
#ifndef BBC_ONLINE_LEARNING_H
#define BBC_ONLINE_LEARNING_H

#include "learn_backward-inl.h"

/* Of the learning rate: at first START more than at last, halfway down after SETTLED steps; and a factor for each kind
 * of layer. docs/experiments.md, Learning rate and mini-batch, Local least squares and grid (PHASE), Update rule. */
#define LEARN_START 1.0f
#define LEARN_SETTLED 200.0f /* tuned by hand, not recorded */
#define LEARN_INPUT 0.18f
#define LEARN_PHASE 4.8f
#define LEARN_TRUNK 1.5f
#define LEARN_HEAD 0.72f
#define LEARN_OUT 0.45f
#define LEARN_CORRECTION 2.0f /* docs/experiments.md, Correction by own errors */
/* Decay of both moments; docs/experiments.md, Update rule. */
#define LEARN_BETA1 0.98f
#define LEARN_BETA2 0.99f
/* The n-th update of a bin's edge moves it by STEP / (n + COUNT) of the gradient (docs/experiments.md, Adaptive bin
 * boundaries). It stays within REACH of v - 1/2, so that edges increase; REACH was tuned by hand, not recorded. */
#define LEARN_BIN_EDGE_STEP 1.5f
#define LEARN_BIN_EDGE_COUNT 300.0f
#define LEARN_BIN_EDGE_REACH 0.45f
/* Of the point mass: how fast it follows, and how far it stays from 0 and 1. docs/experiments.md, Flat neighbourhoods */
#define LEARN_POINT_RATE 0x1p-6f
#define LEARN_POINT_LEAST 0x1p-10f

/* About 1 / sqrt(x), for positive normal x: two steps of Newton's method from a guess by the exponent. Off by 5e-6 at
 * most, relatively, which learning does not notice; a square root and a division take five times as long. */
EX float learn_inverse_root(float x)
{
    float half = 0.5f * x, y = ex_float(0x5f3759dfu - (ex_bits(x) >> 1));
    y = y * (1.5f - half * y * y);
    return y * (1.5f - half * y * y);
}

/* QHAdam on n weights: the gradient itself counts as much as its mean over many steps. That mean starts at zero and is
 * not corrected for it, so that the first steps are shorter. correction: of the second moment. Moments too small to
 * matter become 0, before they would be subnormal numbers, which are slow. */
static void learn_adam(ptrdiff_t n, float rate, float correction, const float *restrict gradient, float *restrict first,
                       float *restrict second, float *restrict weight)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        float g = gradient[i];
        float m = first[i] * LEARN_BETA1 + g * (1.0f - LEARN_BETA1);
        float v = second[i] * LEARN_BETA2 + g * g * (1.0f - LEARN_BETA2);
        m = m > 0x1p-60f || m < -0x1p-60f ? m : 0.0f;
        v = v > 0x1p-100f ? v : 0.0f;
        first[i] = m;
        second[i] = v;
        weight[i] = weight[i] - rate * (g + m) * learn_inverse_root(v * correction + 1e-16f);
    }
}

/* Rows of a matrix whose gradient is still in the cache when the optimiser reads it; a multiple of what the matrix
 * product does together, and of the floats in a cache line. */
enum { LEARN_ROWS = 32 };

/* The gradient of a matrix (rows, n), or of a bias with rows = 1: the sum over the pixels that are learned from of
 * in * d. uses: which those are. in, in_row, in_pixel: the layer's inputs, how far apart inputs and pixels are; d (pixels,
 * n). */
EX void learn_gradient(const scan_state *s, learn_choice *uses, int rows, int n, const float *in, ptrdiff_t in_row,
                       ptrdiff_t in_pixel, const float *d, float *restrict gradient)
{
    static const float zero[SCAN_MAX_HIDDEN];
    const float *init = zero;
    for (int from = 0, to; from < s->count; from = to) {
        for (to = from; to < s->count && uses(s, to / SCAN_CHUNK);) to = learn_group_end(s, to);
        if (to > from) {
            gemm(rows, n, to - from, in + from * in_pixel, in_row, in_pixel, d + (ptrdiff_t)from * n, n, init, gradient,
                 n);
            init = NULL;
        } else to = learn_group_end(s, from);
    }
}

/* A matrix of the network that learns. */
typedef struct {
    learn_choice *uses; /* which groups it learns from */
    float rate;
    int rows, n;     /* its shape: inputs, outputs */
    const float *in; /* the layer's inputs, in_stride apart */
    ptrdiff_t in_stride;
    const float *d;         /* (pixels, n): the derivatives by its outputs */
    ptrdiff_t offset, bias; /* indices into the flat arrays; bias is negative for none */
} learn_matrix;

enum { LEARN_MATRICES = SCAN_MAX_LAYERS + 3 * 4 };

EX int learn_blocks(const learn_matrix *x) { return (x->rows + LEARN_ROWS - 1) / LEARN_ROWS; }

/* One step of n weights, the at-th of the flat arrays. A caller may want the gradient. */
static void learn_update(const scan_state *s, ptrdiff_t at, ptrdiff_t n, float rate, float correction,
                         const float *gradient)
{
    learn_adam(n, rate, correction, gradient, s->first + at, s->second + at, s->weights + at);
    if (s->gradient && at < s->weight_count) memcpy(s->gradient + at, gradient, (size_t)n * sizeof *gradient);
}

/* LEARN_ROWS rows of a matrix from `row` on, and with the first its bias: gradient and update. */
static void learn_block(const scan_state *s, const learn_matrix *x, float correction, int row)
{
    float gradient[LEARN_ROWS * SCAN_MAX_HIDDEN];
    const int rows = row + LEARN_ROWS < x->rows ? LEARN_ROWS : x->rows - row;
    learn_gradient(s, x->uses, rows, x->n, x->in + row, 1, x->in_stride, x->d, gradient);
    learn_update(s, x->offset + (ptrdiff_t)row * x->n, (ptrdiff_t)rows * x->n, x->rate, correction, gradient);
    if (row == 0 && x->bias >= 0) {
        static const float one = 1.0f;
        learn_gradient(s, x->uses, 1, x->n, &one, 0, 0, x->d, gradient);
        learn_update(s, x->bias, x->n, x->rate, correction, gradient);
    }
}

/* The rows of net.phase; the gradient of each is a sum over the pixels that see it. */
static void learn_phase(const scan_state *s, float rate, float correction)
{
    const int h = s->shape.hidden;
    float gradient[SCAN_PHASE_ROWS * SCAN_MAX_HIDDEN];
    memset(gradient, 0, (size_t)(SCAN_PHASE_ROWS * h) * sizeof *gradient);
    for (int from = 0; from < s->count; from += SCAN_CHUNK) {
        const int end = learn_uses_in_trunk(s, from / SCAN_CHUNK) ? learn_group_end(s, from) : from;
        for (int i = from; i < end; i++) {
            int row[3];
            network_phase_rows(s, s->pixel + i, row);
            for (int k = 0; k < 3; k++) {
                float *g = gradient + (ptrdiff_t)row[k] * h;
                const float *d = s->d_active[0] + (ptrdiff_t)i * h;
                for (int j = 0; j < h; j += VF_LANES) vf_store(g + j, vf_add(vf_load(g + j), vf_load(d + j)));
            }
        }
    }
    learn_update(s, s->net.phase - s->weights, (ptrdiff_t)SCAN_PHASE_ROWS * h, rate, correction, gradient);
}

/* Moves both edges of the bin of a pixel's value. */
EX void learn_bin_edge(const scan_state *s, int c, const scan_pixel *p)
{
    float *bin_edge = network_bin_edges(s, c), *count = s->bin_edge_count + c * SCAN_BIN_EDGES;
    for (int e = 0; e < 2; e++) {
        int v = p->value[c] + e;
        float middle = (float)v - 0.5f;
        count[v] = count[v] + 1.0f;
        float step = LEARN_BIN_EDGE_STEP / (count[v] + LEARN_BIN_EDGE_COUNT) * p->density[c][e];
        bin_edge[v] = ex_clip(e ? bin_edge[v] + step : bin_edge[v] - step, middle - LEARN_BIN_EDGE_REACH,
                              middle + LEARN_BIN_EDGE_REACH);
    }
}

/* Moves the edges of the bins of a mini-batch's values: the bin of a value that occurs more often than the mixture says
 * becomes wider. */
static void learn_bin_edges(const scan_state *s)
{
    for (int c = 0; c < s->shape.channels; c++)
        for (int from = 0; from < s->count; from += SCAN_CHUNK) {
            if (!learn_uses(s, from / SCAN_CHUNK)) continue;
            for (int i = from; i < learn_group_end(s, from); i++) learn_bin_edge(s, c, s->pixel + i);
        }
}

/* The point mass of each channel moves towards the share that it had of the probability of values in flat
 * neighbourhoods: expectation-maximisation, pixel by pixel. */
static void learn_points(scan_state *s)
{
    for (int c = 0; c < s->shape.channels; c++)
        for (int from = 0; from < s->count; from += SCAN_CHUNK) {
            if (!learn_uses(s, from / SCAN_CHUNK)) continue;
            for (int i = from; i < learn_group_end(s, from); i++) {
                const scan_pixel *p = s->pixel + i;
                if (p->point[c] == 0.0f) continue;
                const float point = s->point[c] + (p->point_share[c] - s->point[c]) * LEARN_POINT_RATE;
                s->point[c] = ex_clip(point, LEARN_POINT_LEAST, 1.0f - LEARN_POINT_LEAST);
            }
        }
}

/* The trunk's matrices; returns their number. */
static int learn_trunk_matrices(const scan_state *s, float rate, learn_matrix *x)
{
    const int h = s->shape.hidden;
    for (int layer = 0; layer < s->shape.layers; layer++)
        x[layer] = (learn_matrix){
            .uses = learn_uses_in_trunk,
            .rate = rate * (layer ? LEARN_TRUNK : LEARN_INPUT),
            .rows = layer ? h : NETWORK_INPUTS,
            .n = h,
            .in = layer ? s->hidden[layer - 1] : s->input,
            .in_stride = layer ? h : SCAN_INPUT_STRIDE,
            .d = s->d_active[layer],
            .offset = s->net.trunk[layer] - s->weights,
            .bias = s->net.trunk_bias[layer] - s->weights,
        };
    return s->shape.layers;
}

/* Those of channel c's head, of its further inputs, outputs and correction. */
static int learn_head_matrices(const scan_state *s, float rate, int c, learn_matrix *x)
{
    const int h = s->shape.hidden, u = s->shape.head, last = s->shape.layers - 1;
    const ptrdiff_t head = s->net.head[c] - s->weights, stride = network_hidden_stride(s, last);
    const learn_matrix of_head = {learn_uses,
                                  rate * LEARN_HEAD,
                                  h,
                                  u,
                                  s->hidden[last],
                                  stride,
                                  s->d_unit[c],
                                  head,
                                  s->net.head_bias[c] - s->weights};
    const learn_matrix of_extras = {
        learn_uses, rate * LEARN_HEAD, network_extra_count[c],  u, s->hidden[last] + h + scan_extra_at[c],
        stride,     s->d_unit[c],      head + (ptrdiff_t)h * u, -1};
    const learn_matrix of_outputs = {learn_uses,
                                     rate * LEARN_OUT,
                                     u,
                                     NETWORK_OUTPUTS,
                                     s->unit[c],
                                     u,
                                     s->d_output[c],
                                     s->net.out[c] - s->weights,
                                     s->net.out_bias[c] - s->weights};
    int n = 0;
    x[n++] = of_head;
    if (c > 0) x[n++] = of_extras;
    x[n++] = of_outputs;
    if (scan_corrects(s))
        x[n++] = (learn_matrix){learn_uses,
                                rate * LEARN_CORRECTION,
                                NETWORK_CORRECTIONS,
                                SCAN_CORRECTION_COLUMNS,
                                s->correction_input[c],
                                SCAN_CORRECTION_STRIDE,
                                s->d_correction[c],
                                s->correction[c] - s->weights,
                                -1};
    return n;
}

/* One step of the optimiser, in units that threads share: blocks of rows, the weights of the phases, and bins' edges or
 * point masses. */
typedef struct {
    learn_matrix matrix[LEARN_MATRICES];
    int matrices, phases, units; /* phases: whether they learn */
    float rate, correction;
} learn_step;

static void learn_begin_step(const scan_state *s, learn_step *step)
{
    const int trunk = learn_pixels(s, learn_uses_in_trunk) > 0;
    const float rate =
        s->shape.learning_rate * (LEARN_START * LEARN_SETTLED / ((float)s->updates + LEARN_SETTLED) + 1.0f);
    step->rate = rate;
    step->correction = 1.0f / (1.0f - s->beta2 * LEARN_BETA2);
    step->matrices = trunk ? learn_trunk_matrices(s, rate, step->matrix) : 0;
    for (int c = 0; c < s->shape.channels; c++)
        step->matrices += learn_head_matrices(s, rate, c, step->matrix + step->matrices);
    step->phases = trunk && s->shape.grid_x >= 0;
    step->units = step->phases + 1;
    for (int i = 0; i < step->matrices; i++) step->units += learn_blocks(step->matrix + i);
}

static void learn_step_unit(scan_state *s, const learn_step *step, int unit)
{
    for (int i = 0; i < step->matrices; unit -= learn_blocks(step->matrix + i++))
        if (unit < learn_blocks(step->matrix + i)) {
            learn_block(s, step->matrix + i, step->correction, unit * LEARN_ROWS);
            return;
        }
    if (step->phases && unit == 0) learn_phase(s, step->rate * LEARN_PHASE, step->correction);
    else if (s->range.low_bits == 0) learn_bin_edges(s);
    else learn_points(s);
}

#endif
