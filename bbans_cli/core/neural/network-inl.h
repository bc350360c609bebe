/* The likelihood network forward, and the intervals or symbols of a range of pixels of the current diagonal. */
#ifndef BBC_NETWORK_H
#define BBC_NETWORK_H

#include "correction-inl.h"
#include "gemm-inl.h"
#include "mixture-inl.h"
#include "neighbourhood-inl.h"

/* Floats of a pixel in s->hidden[layer]. */
EX int32_t network_hidden_stride(const scan_state *s, int layer)
{
    return s->shape.hidden + (layer == s->shape.layers - 1 ? SCAN_EXTRA_ROOM : 0);
}

/* The three rows of net.phase that a pixel sees. */
EX void network_phase_rows(const scan_state *s, const scan_pixel *p, int row[3])
{
    int x = (p->x + s->shape.grid_x) & (SCAN_PHASES - 1), y = (p->y + s->shape.grid_y) & (SCAN_PHASES - 1);
    row[0] = x;
    row[1] = SCAN_PHASES + y;
    row[2] = 2 * SCAN_PHASES + 2 * (y & 1) + (x & 1);
}

/* The activations of pixel p in a layer, in place of its sums a; out: the hidden units, the layer's result, or NULL if
 * they are the same. before: the hidden units of the layer before, which are added; NULL for the first layer. */
static void network_activate(const scan_state *s, const scan_pixel *p, int layer, const float *before, float *a,
                             float *out)
{
    const int h = s->shape.hidden, phases = layer == 0 && s->shape.grid_x >= 0;
    const float *scale = p->modulation ? p->modulation + layer * 2 * h : NULL;
    int row[3] = {0};
    if (phases) network_phase_rows(s, p, row);
    for (int j = 0; j < h; j += VF_LANES) {
        vf x = vf_load(a + j);
        for (int k = 0; phases && k < 3; k++) x = vf_add(x, vf_load(s->net.phase + (ptrdiff_t)row[k] * h + j));
        if (scale) x = vf_add(vf_mul(x, vf_load(scale + j)), vf_load(scale + h + j));
        x = vf_leaky_relu(x);
        vf_store(a + j, x);
        if (out) vf_store(out + j, before ? vf_add(vf_load(before + j), x) : x);
    }
}

/* Inputs and trunk of pixels [from, to) of the mini-batch, at most SCAN_CHUNK. */
static void network_trunk(scan_state *s, int from, int to)
{
    const int h = s->shape.hidden, m = to - from;
    neighbourhood_inputs(s, from, to);
    const float *in = s->input + (ptrdiff_t)from * SCAN_INPUT_STRIDE;
    ptrdiff_t in_stride = SCAN_INPUT_STRIDE;
    int k = NETWORK_INPUTS;
    for (int layer = 0; layer < s->shape.layers; layer++) {
        ptrdiff_t out_stride = network_hidden_stride(s, layer);
        float *active = s->active[layer] + (ptrdiff_t)from * h, *hidden = s->hidden[layer] + from * out_stride;
        gemm(m, h, k, in, in_stride, 1, s->net.trunk[layer], h, s->net.trunk_bias[layer], active, h);
        for (int i = 0; i < m; i++)
            network_activate(s, s->pixel + from + i, layer, layer ? in + i * in_stride : NULL,
                             active + (ptrdiff_t)i * h, hidden == active ? NULL : hidden + i * out_stride);
        in = hidden;
        in_stride = out_stride;
        k = h;
    }
}

/* The local least squares' conditional prediction of channel c > 0: once the channels before it are known. */
EX void network_local_conditional(const scan_state *s, scan_pixel *p, int c)
{
    float wrong = p->residual[0] - p->local_prediction[0],
          wrong_red = (p->residual[1] - p->local_prediction[1]) - p->gain[0] * wrong;
    p->local_conditional[c] = neighbourhood_clip(
        s, p, c, p->local_prediction[c] + (c == 1 ? p->gain[0] * wrong : p->gain[1] * wrong + p->gain[2] * wrong_red));
}

/* The phase-conditioned prediction of channel c > 0, once the channels before it are known. */
EX void network_phase_prediction(const scan_state *s, scan_pixel *p, int c)
{
    float green = linear_light_of(s, p->value[0]) - p->west[0],
          difference = p->phase_partial[c - 1] + p->phase_weight[c - 1] * green;
    if (c == 2) difference = difference + p->phase_weight[2] * ((linear_light_of(s, p->value[1]) - p->west[1]) - green);
    p->phase_prediction[c] = neighbourhood_clip(s, p, c, phase_ls_above_base(s, p, c, green + difference));
}

/* What earlier channels tell of channel c > 0, as further inputs of its head: network_extra_count[c] numbers. */
static void network_extras(const scan_state *s, scan_pixel *p, int c, float *extra)
{
    int n = 0;
    for (int e = 0; e < c; e++) {
        extra[n++] = ex_clip(p->residual[e] / p->activity[e], -6.0f, 6.0f);
        extra[n++] = ex_clip(p->residual[e] / p->activity[c], -6.0f, 6.0f);
    }
    network_local_conditional(s, p, c);
    network_phase_prediction(s, p, c);
    extra[n] = ex_clip(p->local_conditional[c] / p->activity[c], -6.0f, 6.0f);
    extra[n + 1] = ex_clip(p->phase_prediction[c] / p->activity[c], -6.0f, 6.0f);
}

/* Outputs of channel c for pixels [from, to), at most SCAN_CHUNK. */
static void network_head(scan_state *s, int c, int from, int to)
{
    const int h = s->shape.hidden, u = s->shape.head, m = to - from, last = s->shape.layers - 1;
    ptrdiff_t stride = network_hidden_stride(s, last);
    float *hidden = s->hidden[last] + from * stride, *unit = s->unit[c] + (ptrdiff_t)from * u;
    float *output = s->output[c] + (ptrdiff_t)from * NETWORK_OUTPUTS;
    gemm(m, u, h, hidden, stride, 1, s->net.head[c], u, s->net.head_bias[c], unit, u);
    if (c > 0) {
        float *extra = hidden + h + scan_extra_at[c];
        for (int i = 0; i < m; i++) network_extras(s, s->pixel + from + i, c, extra + i * stride);
        gemm(m, u, network_extra_count[c], extra, stride, 1, s->net.head[c] + (ptrdiff_t)h * u, u, NULL, unit, u);
    }
    for (ptrdiff_t i = 0; i < (ptrdiff_t)m * u; i += VF_LANES) vf_store(unit + i, vf_leaky_relu(vf_load(unit + i)));
    gemm(m, NETWORK_OUTPUTS, u, unit, u, 1, s->net.out[c], NETWORK_OUTPUTS, s->net.out_bias[c], output,
         NETWORK_OUTPUTS);
    if (scan_corrects(s)) correction_apply(s, c, from, to);
}

/* The 257 edges of channel c's bins. */
EX float *network_bin_edges(const scan_state *s, int c) { return s->bin_edge + c * SCAN_BIN_EDGES; }

/* The mixtures of channel c of pixels [from, to), at most SCAN_CHUNK. */
static void network_mixture(const scan_state *s, int c, int from, int to, mixture *mix)
{
    mixture_inputs in;
    mixture_load(to - from, c, s->pixel + from, &in);
    mixture_prepare(to - from, &in, s->output[c] + (ptrdiff_t)from * NETWORK_OUTPUTS, network_bin_edges(s, c),
                    &s->range, mix);
}

/* Encoder: intervals of channel c of pixels [from, to), written at `at`, the symbol's index in coding order; those of
 * low bits n symbols after them. */
static void network_intervals(scan_state *s, int c, int from, int to, int64_t at, int n)
{
    mixture mix;
    int32_t symbol[SCAN_CHUNK] = {0};
    network_mixture(s, c, from, to, &mix);
    for (int i = from; i < to; i++) symbol[i - from] = s->pixel[i].value[c] >> s->range.low_bits;
    mixture_intervals(to - from, &mix, symbol, s->starts + at, s->freqs + at);
    if (s->range.low_bits == 0) return;
    for (int i = from; i < to; i++) symbol[i - from] = s->pixel[i].value[c];
    mixture_low_intervals(to - from, &mix, symbol, s->starts + at + n, s->freqs + at + n);
}

/* Decoder: cumulative frequencies ahead of time, where the symbols probably are. */
static void network_windows(scan_state *s, int c, int from, int to)
{
    mixture mix;
    network_mixture(s, c, from, to, &mix);
    for (int i = 0; i < to - from; i++) {
        int first = mixture_guess(&mix, i);
        s->pixel[from + i].window = first;
        mixture_window(&mix, i, first, 1, s->window + (ptrdiff_t)(from + i) * SCAN_WINDOW);
    }
}

EX void network_residual(const scan_state *s, scan_pixel *p, int c)
{
    p->residual[c] = (float)p->value[c] * s->range.step - p->base[c];
}

/* The same for low bits: all of a bin, in steps of mixture_low_stride. */
static void network_low_windows(scan_state *s, int c, int from, int to)
{
    mixture mix;
    network_mixture(s, c, from, to, &mix);
    for (int i = 0; i < to - from; i++) {
        const mixture_low low = mixture_low_of(&mix, i, s->pixel[from + i].value[c]);
        mixture_low_window(&mix, i, low, 0, mixture_low_stride(s->range.low_bits),
                           s->window + (ptrdiff_t)(from + i) * SCAN_WINDOW);
    }
}

/* Symbols of a sample: its high 8 bits, and low bits where it has any. */
EX int network_symbols(const scan_state *s) { return s->range.low_bits ? 2 : 1; }

/* Index of the first symbol, in coding order, of plane `plane` (the high bits of G, its low bits, those of R, ...) of a
 * diagonal of n pixels. */
EX int64_t network_symbol_at(const scan_state *s, int plane, int n)
{
    return s->done * s->shape.channels * network_symbols(s) + (int64_t)plane * n;
}

/* Decoder: pop the low bits of channel c of pixels [from, to), at most SCAN_CHUNK, whose value is that of the high ones
 * until then. at: index of the first symbol. Returns 0 or an error of the rANS stack. */
static int network_pop_low(scan_state *s, int c, int from, int to, int64_t at)
{
    mixture mix;
    network_mixture(s, c, from, to, &mix);
    for (int i = 0; i < to - from; i++) {
        scan_pixel *p = s->pixel + from + i;
        const int32_t *window = s->window + (ptrdiff_t)(from + i) * SCAN_WINDOW, high = p->value[c];
        const int32_t target = (int32_t)bbc_ans_peek(*s->ans_state, SCAN_PRECISION);
        uint32_t start, freq;
        p->value[c] = (high << s->range.low_bits) + mixture_low_find(&mix, i, high, window, target, &start, &freq);
        network_residual(s, p, c);
        if (s->freqs) s->freqs[at + i] = freq;
        int error = bbc_ans_advance(s->ans_state, s->words, start, freq, SCAN_PRECISION);
        if (error) return error;
    }
    return 0;
}

/* What is popped from was often written by another core: all of it is asked for at once, before the first symbol waits. */
EX void network_prefetch(const scan_state *s, int from, int to)
{
    enum { NETWORK_LINE = 64 };
    for (int i = from; i < to; i++) {
        const char *pixel = (const char *)(s->pixel + i);
        __builtin_prefetch(s->window + (ptrdiff_t)i * SCAN_WINDOW);
        for (size_t byte = 0; byte < sizeof *s->pixel; byte += NETWORK_LINE) __builtin_prefetch(pixel + byte, 1);
    }
}

/* The same of the high 8 bits. */
static int network_pop(scan_state *s, int c, int from, int to, int64_t at)
{
    mixture mix;
    int ready = 0;
    if (s->team.threads > 1) network_prefetch(s, from, to);
    for (int i = 0; i < to - from; i++) {
        scan_pixel *p = s->pixel + from + i;
        const int32_t *window = s->window + (ptrdiff_t)(from + i) * SCAN_WINDOW;
        int32_t target = (int32_t)bbc_ans_peek(*s->ans_state, SCAN_PRECISION);
        uint32_t start, freq;
        if (!ready && (target < window[0] || target >= window[SCAN_WINDOW - 1])) {
            network_mixture(s, c, from, to, &mix);
            ready = 1;
        }
        p->value[c] = mixture_find(&mix, i, p->window, window, target, &start, &freq);
        network_residual(s, p, c);
        if (s->freqs) s->freqs[at + i] = freq;
        int error = bbc_ans_advance(s->ans_state, s->words, start, freq, SCAN_PRECISION);
        if (error) return error;
    }
    return 0;
}

#endif
