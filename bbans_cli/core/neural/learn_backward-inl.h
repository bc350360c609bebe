/* Which pixels of a mini-batch are learned from, and the backward pass: derivatives of the code length by outputs and
 * units. */
#ifndef BBC_LEARN_BACKWARD_H
#define BBC_LEARN_BACKWARD_H

#include "leaky_relu.h"
#include "network-inl.h"
#include "transpose.h"

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

/* Products of derivatives with a matrix of weights, whose rows lie as the forward pass reads them, have the pixels in the
 * lanes: so the derivatives are transposed, not the weights, which are many more. */
typedef float learn_lanes[SCAN_CHUNK];

/* Derivatives (m, n) of pixels into lanes; those without a pixel become 0. */
static void learn_to_lanes(int m, int n, const float *d, learn_lanes *lanes)
{
    if (m < SCAN_CHUNK) memset(lanes, 0, (size_t)n * sizeof *lanes);
    transpose(m, n, d, n, lanes[0], SCAN_CHUNK);
}

/* Derivatives by the `rows` inputs of a layer with weights (rows, n), from those by its outputs; add: to what is there. */
static void learn_through(int m, int rows, int n, const float *weights, learn_lanes *d_output, int add,
                          learn_lanes *d_input)
{
    static const learn_lanes zero;
    const int lanes = m <= SCAN_CHUNK / 2 ? SCAN_CHUNK / 2 : SCAN_CHUNK;
    gemm(rows, lanes, n, weights, n, 1, d_output[0], SCAN_CHUNK, add ? NULL : zero, d_input[0], SCAN_CHUNK);
}

/* Backward pass of the heads, of pixels [from, to), at most SCAN_CHUNK: the derivatives of -ln p by all outputs, and by
 * units before their ReLUs, times scale. */
static void learn_backward_heads(scan_state *s, float scale, int from, int to)
{
    const int u = s->shape.head, m = to - from;
    for (int c = 0; c < s->shape.channels; c++) {
        learn_lanes by_output[NETWORK_OUTPUTS], by_unit[SCAN_MAX_HEAD];
        float *d_output = s->d_output[c] + (ptrdiff_t)from * NETWORK_OUTPUTS;
        float *d_unit = s->d_unit[c] + (ptrdiff_t)from * u;
        mixture_gradient(m, c, s->output[c] + (ptrdiff_t)from * NETWORK_OUTPUTS, network_bin_edges(s, c), &s->range,
                         s->pixel + from, scale, by_output, d_output);
        if (scan_corrects(s))
            correction_gradient(m, c, s->pixel + from, d_output,
                                s->d_correction[c] + (ptrdiff_t)from * SCAN_CORRECTION_COLUMNS);
        learn_through(m, u, NETWORK_OUTPUTS, s->net.out[c], by_output, 0, by_unit);
        transpose(u, m, by_unit[0], SCAN_CHUNK, d_unit, u);
        learn_leaky_relu((ptrdiff_t)m * u, s->unit[c] + (ptrdiff_t)from * u, d_unit);
    }
}

/* The same of the trunk, after the heads'. */
static void learn_backward_trunk(scan_state *s, int from, int to)
{
    const int h = s->shape.hidden, u = s->shape.head, m = to - from, last = s->shape.layers - 1;
    learn_lanes by_sum[SCAN_MAX_HIDDEN], by_hidden[SCAN_MAX_HIDDEN];
    for (int c = 0; c < s->shape.channels; c++) {
        learn_to_lanes(m, u, s->d_unit[c] + (ptrdiff_t)from * u, by_sum);
        learn_through(m, h, u, s->net.head[c], by_sum, c > 0, by_hidden);
    }
    for (int layer = last; layer >= 0; layer--) {
        float *d_active = s->d_active[layer] + (ptrdiff_t)from * h;
        transpose(h, m, by_hidden[0], SCAN_CHUNK, d_active, h);
        learn_leaky_relu((ptrdiff_t)m * h, s->active[layer] + (ptrdiff_t)from * h, d_active);
        for (int i = 0; s->modulation && i < m; i++) {
            const float *restrict factor = s->pixel[from + i].modulation + layer * 2 * h;
            float *restrict d = d_active + (ptrdiff_t)i * h;
            for (int j = 0; j < h; j++) d[j] = d[j] * factor[j];
        }
        if (layer == 0) return;
        learn_to_lanes(m, h, d_active, by_sum);
        learn_through(m, h, h, s->net.trunk[layer], by_sum, 1, by_hidden);
    }
}

#endif
