/* Learning while coding: the gradient of a mini-batch and one step of QHAdam (Ma and Yarats 2019), exactly.
 *
 * Only the likelihood network learns. Each weight's gradient is one fma chain over the mini-batch's pixels in coding
 * order, so that threads, which share the pixels first and the weights then, change no bit. */
#ifndef BBC_ONLINE_LEARNING_H
#define BBC_ONLINE_LEARNING_H

#include "leaky_relu.h"
#include "network-inl.h"

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

/* Whether group `group` of the mini-batch, SCAN_CHUNK pixels in coding order, is learned from: one of update_interval,
 * another one in each mini-batch, so that no rows are left out. */
EX int learn_uses(const scan_state *s, int group) { return (group + s->batches) % s->shape.update_interval == 0; }

/* Whether the trunk, with the weights of the phases, learns from such a group: once the scan has coded more than
 * trunk_after pixels only from one of TRUNK_INTERVAL, where the heads learn from all. docs/experiments.md, Which pixels
 * are learned from. */
enum { LEARN_TRUNK_INTERVAL = 3 };

EX int learn_uses_in_trunk(const scan_state *s, int group)
{
    if (s->shape.update_interval > 1 || s->coded + s->done <= s->shape.trunk_after) return learn_uses(s, group);
    return (group + s->batches) % LEARN_TRUNK_INTERVAL == 0;
}

/* Which groups a layer learns from. */
typedef int learn_choice(const scan_state *s, int group);

/* End of the group that begins at pixel `from`. */
EX int learn_group_end(const scan_state *s, int from)
{
    return from + SCAN_CHUNK < s->count ? from + SCAN_CHUNK : s->count;
}

/* Pixels of the mini-batch that are learned from. */
EX int learn_pixels(const scan_state *s, learn_choice *uses)
{
    int pixels = 0;
    for (int from = 0; from < s->count; from += SCAN_CHUNK)
        if (uses(s, from / SCAN_CHUNK)) pixels += learn_group_end(s, from) - from;
    return pixels;
}

/* d by the results of leaky ReLUs becomes d by their arguments, for n elements. */
static void learn_leaky_relu(ptrdiff_t n, const float *restrict active, float *restrict d)
{
    for (ptrdiff_t i = 0; i < n; i++) d[i] = leaky_relu_backward(active[i], d[i]);
}

/* Backward pass of the heads, of pixels [from, to), at most SCAN_CHUNK: the derivatives of -ln p by all outputs, and by
 * units before their ReLUs, times scale. */
static void learn_backward_heads(scan_state *s, float scale, int from, int to)
{
    const int u = s->shape.head, m = to - from;
    for (int c = 0; c < s->shape.channels; c++) {
        float *d_output = s->d_output[c] + (ptrdiff_t)from * NETWORK_OUTPUTS;
        float *d_unit = s->d_unit[c] + (ptrdiff_t)from * u;
        memset(d_unit, 0, (size_t)m * (size_t)u * sizeof *d_unit);
        mixture_gradient(m, c, s->output[c] + (ptrdiff_t)from * NETWORK_OUTPUTS, network_bin_edges(s, c), &s->range,
                         s->pixel + from, scale, d_output);
        if (scan_corrects(s))
            correction_gradient(m, c, s->pixel + from, d_output,
                                s->d_correction[c] + (ptrdiff_t)from * SCAN_CORRECTION_COLUMNS);
        gemm(m, u, NETWORK_OUTPUTS, d_output, NETWORK_OUTPUTS, 1, s->transposed.out[c], u, NULL, d_unit, u);
        learn_leaky_relu((ptrdiff_t)m * u, s->unit[c] + (ptrdiff_t)from * u, d_unit);
    }
}

/* The same of the trunk, after the heads'. */
static void learn_backward_trunk(scan_state *s, int from, int to)
{
    const int h = s->shape.hidden, u = s->shape.head, m = to - from, last = s->shape.layers - 1;
    float *d_hidden = s->d_hidden + (ptrdiff_t)from * h;
    memset(d_hidden, 0, (size_t)m * (size_t)h * sizeof *d_hidden);
    for (int c = 0; c < s->shape.channels; c++)
        gemm(m, h, u, s->d_unit[c] + (ptrdiff_t)from * u, u, 1, s->transposed.head[c], h, NULL, d_hidden, h);
    for (int layer = last; layer >= 0; layer--) {
        float *d_active = s->d_active[layer] + (ptrdiff_t)from * h;
        memcpy(d_active, d_hidden, (size_t)m * (size_t)h * sizeof *d_active);
        learn_leaky_relu((ptrdiff_t)m * h, s->active[layer] + (ptrdiff_t)from * h, d_active);
        for (int i = 0; s->modulation && i < m; i++) {
            const float *restrict factor = s->pixel[from + i].modulation + layer * 2 * h;
            float *restrict d = d_active + (ptrdiff_t)i * h;
            for (int j = 0; j < h; j++) d[j] = d[j] * factor[j];
        }
        if (layer > 0) gemm(m, h, h, d_active, h, 1, s->transposed.trunk[layer], h, NULL, d_hidden, h);
    }
}

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

/* Rows of a matrix whose gradient is still in the cache when the optimiser reads it, and whose weights are when they are
 * copied; a multiple of what the matrix product does together, and of the floats in a cache line. */
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

/* This thread's rows, the index-th of `of` parts, of one matrix (rows, n), and its bias by the thread that has row 0:
 * gradient, update, transposed copy. uses: which groups are learned from. in: the layer's inputs; d: the derivatives by
 * its outputs. offset, bias: indices into the flat arrays; bias is negative for none. */
static void learn_matrix(const scan_state *s, learn_choice *uses, float rate, float correction, int rows, int n,
                         int index, int of, const float *in, ptrdiff_t in_stride, const float *d, ptrdiff_t offset,
                         ptrdiff_t bias, float *transposed)
{
    int row0 = (int)((int64_t)rows * index / of), row1 = (int)((int64_t)rows * (index + 1) / of);
    for (int row = row0; row < row1; row += LEARN_ROWS) {
        const int some = row + LEARN_ROWS < row1 ? LEARN_ROWS : row1 - row;
        const ptrdiff_t at = offset + (ptrdiff_t)row * n, size = (ptrdiff_t)some * n;
        learn_gradient(s, uses, some, n, in + row, 1, in_stride, d, s->gradients + at);
        learn_adam(size, rate, correction, s->gradients + at, s->first + at, s->second + at, s->weights + at);
        if (transposed) scan_transpose(row, row + some, rows, n, s->weights + offset, transposed);
    }
    if (index == 0 && bias >= 0) {
        static const float one = 1.0f;
        learn_gradient(s, uses, 1, n, &one, 0, 0, d, s->gradients + bias);
        learn_adam(n, rate, correction, s->gradients + bias, s->first + bias, s->second + bias, s->weights + bias);
    }
}

/* This thread's share of the rows of net.phase; the gradient of each is a sum over the pixels that see it. */
static void learn_phase(const scan_state *s, float rate, float correction, int index)
{
    const int h = s->shape.hidden, row0 = SCAN_PHASE_ROWS * index / s->team.threads,
              row1 = SCAN_PHASE_ROWS * (index + 1) / s->team.threads;
    ptrdiff_t offset = s->net.phase - s->weights, at = offset + (ptrdiff_t)row0 * h,
              size = (ptrdiff_t)(row1 - row0) * h;
    memset(s->gradients + at, 0, (size_t)size * sizeof *s->gradients);
    for (int from = 0; from < s->count; from += SCAN_CHUNK) {
        const int end = learn_uses_in_trunk(s, from / SCAN_CHUNK) ? learn_group_end(s, from) : from;
        for (int i = from; i < end; i++) {
            int row[3];
            network_phase_rows(s, s->pixel + i, row);
            for (int k = 0; k < 3; k++) {
                if (row[k] < row0 || row[k] >= row1) continue;
                float *g = s->gradients + offset + (ptrdiff_t)row[k] * h;
                const float *d = s->d_active[0] + (ptrdiff_t)i * h;
                for (int j = 0; j < h; j += VF_LANES) vf_store(g + j, vf_add(vf_load(g + j), vf_load(d + j)));
            }
        }
    }
    learn_adam(size, rate, correction, s->gradients + at, s->first + at, s->second + at, s->weights + at);
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

/* This thread's share of a step of the trunk and of the weights of the phases. */
static void learn_trunk(const scan_state *s, float rate, float correction, int index)
{
    const int h = s->shape.hidden;
    for (int layer = 0; layer < s->shape.layers; layer++) {
        const float *in = layer ? s->hidden[layer - 1] : s->input;
        learn_matrix(s, learn_uses_in_trunk, rate * (layer ? LEARN_TRUNK : LEARN_INPUT), correction,
                     layer ? h : NETWORK_INPUTS, h, index, s->team.threads, in, layer ? h : SCAN_INPUT_STRIDE,
                     s->d_active[layer], s->net.trunk[layer] - s->weights, s->net.trunk_bias[layer] - s->weights,
                     layer ? s->transposed.trunk[layer] : NULL);
    }
    if (s->shape.grid_x >= 0) learn_phase(s, rate * LEARN_PHASE, correction, index);
}

/* This thread's share of a step of the heads. */
static void learn_heads(const scan_state *s, float rate, float correction, int index)
{
    const int h = s->shape.hidden, u = s->shape.head, of = s->team.threads, last = s->shape.layers - 1;
    for (int c = 0; c < s->shape.channels; c++) {
        ptrdiff_t head = s->net.head[c] - s->weights, stride = network_hidden_stride(s, last);
        learn_matrix(s, learn_uses, rate * LEARN_HEAD, correction, h, u, index, of, s->hidden[last], stride,
                     s->d_unit[c], head, s->net.head_bias[c] - s->weights, s->transposed.head[c]);
        if (c > 0 && index == of - 1)
            learn_matrix(s, learn_uses, rate * LEARN_HEAD, correction, network_extra_count[c], u, 0, 1,
                         s->hidden[last] + h + scan_extra_at[c], stride, s->d_unit[c], head + (ptrdiff_t)h * u, -1,
                         NULL);
        learn_matrix(s, learn_uses, rate * LEARN_OUT, correction, u, NETWORK_OUTPUTS, index, of, s->unit[c], u,
                     s->d_output[c], s->net.out[c] - s->weights, s->net.out_bias[c] - s->weights, s->transposed.out[c]);
        if (scan_corrects(s))
            learn_matrix(s, learn_uses, rate * LEARN_CORRECTION, correction, NETWORK_CORRECTIONS,
                         SCAN_CORRECTION_COLUMNS, index, of, s->correction_input[c], SCAN_CORRECTION_STRIDE,
                         s->d_correction[c], s->correction[c] - s->weights, -1, NULL);
    }
}

/* This thread's share of one step of the optimiser. */
static void learn_step(const scan_state *s, int index)
{
    const float rate =
        s->shape.learning_rate * (LEARN_START * LEARN_SETTLED / ((float)s->updates + LEARN_SETTLED) + 1.0f);
    const float correction = 1.0f / (1.0f - s->beta2 * LEARN_BETA2);
    if (learn_pixels(s, learn_uses_in_trunk)) learn_trunk(s, rate, correction, index);
    if (index == 0 && s->range.low_bits == 0) learn_bin_edges(s);
    learn_heads(s, rate, correction, index);
}

#endif
