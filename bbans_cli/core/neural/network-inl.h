/* The likelihood network forward, and the intervals or symbols of a range of pixels of the current step. */
#ifndef BBC_NETWORK_H
#define BBC_NETWORK_H

#include "neighbourhood-inl.h"
#include "gemm-inl.h"
#include "mixture-inl.h"

EX float network_leaky(float x) { return x > 0.0f ? x : x * 0.1f; }

EX int32_t hidden_stride(const pass_state *s, int layer)
{
    return s->shape.hidden + (layer == s->shape.layers - 1 ? PASS_EXTRAS : 0);
}

/* The three rows of net.phase that a pixel sees. */
EX void network_phase_rows(const pass_state *s, const pass_pixel *p, int row[3])
{
    int x = (p->x + s->shape.grid_x) & (PASS_PHASES - 1), y = (p->y + s->shape.grid_y) & (PASS_PHASES - 1);
    row[0] = x;
    row[1] = PASS_PHASES + y;
    row[2] = 2 * PASS_PHASES + 2 * (y & 1) + (x & 1);
}

EX void network_phase(const pass_state *s, const pass_pixel *p, float *restrict a)
{
    const int h = s->shape.hidden;
    int row[3];
    network_phase_rows(s, p, row);
    for (int k = 0; k < 3; k++) {
        const float *restrict add = s->net.phase + (ptrdiff_t)row[k] * h;
        for (int j = 0; j < h; j++) a[j] = a[j] + add[j];
    }
}

/* Inputs and trunk of pixels [from, to) of the run, at most PASS_CHUNK. */
static void network_trunk(pass_state *s, int from, int to)
{
    const int h = s->shape.hidden, m = to - from;
    context_inputs(s, from, to);
    const float *in = s->input + (ptrdiff_t)from * PASS_INPUT_STRIDE;
    ptrdiff_t in_stride = PASS_INPUT_STRIDE;
    int k = PASS_INPUTS;
    for (int layer = 0; layer < s->shape.layers; layer++) {
        ptrdiff_t out_stride = hidden_stride(s, layer);
        float *active = s->active[layer] + (ptrdiff_t)from * h, *hidden = s->hidden[layer] + from * out_stride;
        gemm(m, h, k, in, in_stride, 1, s->net.trunk[layer], h, s->net.trunk_bias[layer], active, h);
        for (int i = 0; i < m; i++) {
            float *restrict a = active + (ptrdiff_t)i * h, *restrict out = hidden + i * out_stride;
            const float *restrict before = in + i * in_stride, *modulation = s->pixel[from + i].modulation;
            if (layer == 0 && s->shape.grid_x >= 0) network_phase(s, s->pixel + from + i, a);
            if (modulation) {
                const float *restrict scale = modulation + layer * 2 * h, *restrict shift = scale + h;
                for (int j = 0; j < h; j++) a[j] = a[j] * scale[j] + shift[j];
            }
            for (int j = 0; j < h; j++) a[j] = network_leaky(a[j]);
            if (layer > 0)
                for (int j = 0; j < h; j++) out[j] = before[j] + a[j];
            else if (s->shape.layers == 1) memcpy(out, a, (size_t)h * sizeof *a);
        }
        in = hidden;
        in_stride = out_stride;
        k = h;
    }
}

/* The regression's prediction of channel c > 0 once the channels before are known. */
EX void network_rule(pass_pixel *p, int c)
{
    float wrong = p->residual[0] - p->prediction[0],
          wrong_red = (p->residual[1] - p->prediction[1]) - p->blame[0] * wrong;
    p->rule[c] = context_valid(p, c,
                               p->prediction[c] +
                                   (c == 1 ? p->blame[0] * wrong : p->blame[1] * wrong + p->blame[2] * wrong_red));
}

/* The prediction by place of channel c > 0 once the channels before are known. */
EX void network_periodic(pass_pixel *p, int c)
{
    float green = (float)(p->value[0] - p->west[0]), difference = p->partial[c - 1] + p->later[c - 1] * green;
    if (c == 2) difference = difference + p->later[2] * ((float)(p->value[1] - p->west[1]) - green);
    p->periodic[c] = context_valid(p, c, (green + difference) + (float)(p->west[c] - p->base[c]));
}

/* What is known of earlier channels as further inputs of channel c's head. */
static void network_extras(pass_pixel *p, int c, float *extra)
{
    int n = 0;
    for (int e = 0; e < c; e++) {
        extra[n++] = ex_clip(p->residual[e] / p->activity[e], -6.0f, 6.0f);
        extra[n++] = ex_clip(p->residual[e] / p->activity[c], -6.0f, 6.0f);
    }
    network_rule(p, c);
    network_periodic(p, c);
    extra[n] = ex_clip(p->rule[c] / p->activity[c], -6.0f, 6.0f);
    extra[n + 1] = ex_clip(p->periodic[c] / p->activity[c], -6.0f, 6.0f);
}

/* Outputs of channel c for pixels [from, to), at most PASS_CHUNK. */
static void network_head(pass_state *s, int c, int from, int to)
{
    const int h = s->shape.hidden, u = s->shape.head, m = to - from, last = s->shape.layers - 1;
    ptrdiff_t stride = hidden_stride(s, last);
    float *hidden = s->hidden[last] + from * stride, *unit = s->unit[c] + (ptrdiff_t)from * u;
    float *output = s->output[c] + (ptrdiff_t)from * PASS_OUTPUTS;
    gemm(m, u, h, hidden, stride, 1, s->net.head[c], u, s->net.head_bias[c], unit, u);
    if (c > 0) {
        float *extra = hidden + h + pass_extra_at[c];
        for (int i = 0; i < m; i++) network_extras(s->pixel + from + i, c, extra + i * stride);
        gemm(m, u, pass_extra[c], extra, stride, 1, s->net.head[c] + (ptrdiff_t)h * u, u, NULL, unit, u);
    }
    for (ptrdiff_t i = 0; i < (ptrdiff_t)m * u; i++) unit[i] = network_leaky(unit[i]);
    gemm(m, PASS_OUTPUTS, u, unit, u, 1, s->net.out[c], PASS_OUTPUTS, s->net.out_bias[c], output, PASS_OUTPUTS);
}

/* Where the values of channel c begin. */
EX float *network_edges(const pass_state *s, int c) { return s->edge + c * PASS_EDGES; }

/* Encoder: intervals of channel c of pixels [from, to), written at `at`, the subpixel's place in coding order. */
static void network_intervals(pass_state *s, int c, int from, int to, int64_t at)
{
    mixture mix;
    int32_t symbol[PASS_CHUNK] = {0};
    mixture_prepare(to - from, c, s->output[c] + (ptrdiff_t)from * PASS_OUTPUTS, network_edges(s, c), s->pixel + from,
                    &mix);
    for (int i = from; i < to; i++) symbol[i - from] = s->pixel[i].value[c];
    mixture_intervals(to - from, &mix, symbol, s->starts + at, s->freqs + at);
}

/* Decoder: cumulative frequencies ahead of time, where the symbols probably are. */
static void network_windows(pass_state *s, int c, int from, int to)
{
    mixture mix;
    mixture_prepare(to - from, c, s->output[c] + (ptrdiff_t)from * PASS_OUTPUTS, network_edges(s, c), s->pixel + from,
                    &mix);
    for (int i = 0; i < to - from; i++) {
        int first = mixture_guess(&mix, i);
        s->pixel[from + i].window = first;
        mixture_window(&mix, i, first, 1, s->window + (ptrdiff_t)(from + i) * PASS_WINDOW);
    }
}

EX void network_residual(pass_pixel *p, int c) { p->residual[c] = (float)(p->value[c] - p->base[c]); }

/* Decoder: pop channel c of pixels [from, to). Returns 0 or an error of the stack. */
static int network_pop(pass_state *s, int c, int from, int to)
{
    for (int chunk = from; chunk < to; chunk += PASS_CHUNK) {
        mixture mix;
        int m = to - chunk < PASS_CHUNK ? to - chunk : PASS_CHUNK, ready = 0;
        for (int i = 0; i < m; i++) {
            pass_pixel *p = s->pixel + chunk + i;
            const int32_t *window = s->window + (ptrdiff_t)(chunk + i) * PASS_WINDOW;
            int32_t target = (int32_t)bbc_ans_peek(*s->head, PASS_PRECISION);
            uint32_t start, freq;
            if (!ready && (target < window[0] || target >= window[PASS_WINDOW - 1])) {
                mixture_prepare(m, c, s->output[c] + (ptrdiff_t)chunk * PASS_OUTPUTS, network_edges(s, c),
                                s->pixel + chunk, &mix);
                ready = 1;
            }
            p->value[c] = mixture_find(&mix, i, p->window, window, target, &start, &freq);
            network_residual(p, c);
            int error = bbc_ans_advance(s->head, s->words, start, freq, PASS_PRECISION);
            if (error) return error;
        }
    }
    return 0;
}

#endif
