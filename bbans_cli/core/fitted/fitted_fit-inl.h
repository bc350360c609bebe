/* The encoder's fit of the weights to a picture: quasi-hyperbolic Adam (Ma and Yarats 2019) on samples of its pixels.
 *
 * Exact like all other arithmetic here, though no decoder repeats it: equal pictures give equal files. Threads share
 * the parts of a mini-batch, and then the weights of the step. Gradients of parts are added in a fixed order, so that
 * the number of threads changes no bit. No thread writes a line of a cache that another one writes: lines change owners
 * more slowly than a step computes. */
#ifndef BBC_FITTED_FIT_H
#define BBC_FITTED_FIT_H

#include "fitted_basis-inl.h"

#define FITTED_BETA1 0.97f
#define FITTED_BETA2 0.99f

/* Of a chunk: the mixture of its values' bins, and the derivatives of -ln p by what the outputs feed. */
typedef struct {
    _Alignas(FITTED_ALIGN) float mass[3][FITTED_LANES], shift[3][FITTED_LANES], stretch[3][FITTED_LANES],
        total[FITTED_LANES];
} fitted_bin;

static void fitted_bins(const fitted_mixture *restrict mix, const float *restrict value, fitted_bin *restrict bin)
{
    const vf one = vf_all(1.0f), zero = vf_all(0.0f), half = vf_all(0.5f);
    for (int l = 0; l < FITTED_LANES; l += VF_LANES) {
        const vf v = vf_load(value + l);
        const vf from = vf_select(v, zero, zero, one), to = vf_select(vf_all(255.0f), v, zero, one);
        vf total = zero;
        for (int k = 0; k < 3; k++) {
            const vf mean = vf_load(mix->mean[k] + l), inverse = vf_load(mix->inverse[k] + l);
            const vf weight = vf_load(mix->weight[k] + l);
            const vf low = vf_mul(vf_sub(mean, vf_sub(v, half)), inverse); /* signs turned */
            const vf high = vf_mul(vf_sub(mean, vf_add(v, half)), inverse);
            const vf a = vf_sigmoid_minus(low), b = vf_sigmoid_minus(high);
            const vf da = vf_mul(vf_mul(a, vf_sub(one, a)), from), db = vf_mul(vf_mul(b, vf_sub(one, b)), to);
            const vf mass = vf_sub(vf_fma(b, to, vf_sub(one, to)), vf_mul(a, from));
            total = vf_fma(weight, mass, total);
            vf_store(bin->mass[k] + l, mass);
            vf_store(bin->shift[k] + l, vf_mul(weight, vf_sub(db, da)));
            vf_store(bin->stretch[k] + l, vf_mul(weight, vf_fnma(db, high, vf_mul(da, low))));
        }
        vf_store(bin->total + l, total);
    }
}

/* Derivatives of -ln p by the outputs (FITTED_OUTPUTS, 16), each clipped to +-64, times `used`. */
static void fitted_derivatives(const fitted_terms *restrict in, const fitted_mixture *restrict mix,
                               const fitted_bin *restrict bin, const float *restrict used, float o[][FITTED_LANES],
                               float d[][FITTED_LANES])
{
    for (int l = 0; l < FITTED_LANES; l += VF_LANES) {
        const vf total = vf_load(bin->total + l), scale = vf_load(used + l);
        const vf inverse = vf_div(vf_all(1.0f), vf_add(total, vf_all(0x1p-20f)));
        vf sum = vf_all(0.0f), by[FITTED_OUTPUTS];
        for (int k = 0; k < 3; k++) {
            const vf s = vf_load(o[FITTED_LOG_SCALES + k] + l);
            const vf shift = vf_mul(vf_mul(vf_load(bin->shift[k] + l), vf_load(mix->inverse[k] + l)), inverse);
            const vf less = vf_sub(total, vf_load(bin->mass[k] + l));
            const vf stretch = vf_mul(vf_load(bin->stretch[k] + l), inverse);
            sum = vf_add(sum, shift);
            by[FITTED_LOGITS + k] = vf_mul(vf_mul(vf_load(mix->weight[k] + l), less), inverse);
            by[FITTED_MEANS + k] = vf_mul(shift, vf_load(in->activity + l));
            by[FITTED_LOG_SCALES + k] =
                vf_select(s, vf_all(-6.0f), vf_all(0.0f), vf_select(vf_all(4.0f), s, vf_all(0.0f), stretch));
        }
        for (int k = 0; k < 3; k++) by[FITTED_COEFFICIENTS + k] = vf_mul(sum, vf_load(in->term[k] + l));
        for (int j = 0; j < FITTED_OUTPUTS; j++) vf_store(d[j] + l, vf_mul(vf_clip(by[j], -64.0f, 64.0f), scale));
    }
}

/* rows (m, 16) of a chunk to pixels, each in `stride` floats. */
EX void fitted_by_pixel(int m, float rows[][FITTED_LANES], float *restrict pixels, int stride)
{
    for (int l = 0; l < FITTED_LANES; l++)
        for (int j = 0; j < m; j++) pixels[l * stride + j] = rows[j][l];
}

/* Keeps `count` rows of a chunk for the gradient. */
EX void fitted_keep(int count, float rows[][FITTED_LANES], float to[][FITTED_PART_STRIDE], int pixel)
{
    for (int j = 0; j < count; j++) memcpy(to[j] + pixel, rows[j], sizeof rows[j]);
}

/* Chunk i of a part through the head of channel c; adds to the derivatives by the units. */
static void fitted_fit_head(fitted_worker *w, int i, int c, const float *restrict used, fitted_chunk *restrict chunk,
                            fitted_hidden *restrict hidden, float d_units[][FITTED_LANES])
{
    static const float zero[FITTED_LANES];
    const float *weights = w->weights + FITTED_TRUNK_WEIGHTS + c * FITTED_HEAD_WEIGHTS;
    _Alignas(FITTED_ALIGN) float output[FITTED_OUTPUTS][FITTED_LANES], d[FITTED_OUTPUTS][FITTED_LANES];
    fitted_terms in;
    fitted_mixture mix;
    fitted_bin bin;
    fitted_head(w->weights, c, chunk, hidden, &in, output);
    fitted_prepare(&in, output, &mix);
    fitted_bins(&mix, chunk->value[c], &bin);
    fitted_derivatives(&in, &mix, &bin, used, output, d);
    fitted_by_pixel(FITTED_OUTPUTS, d, w->d_output[c][i * FITTED_LANES], FITTED_OUTPUT_STRIDE);
    gemm(FITTED_UNITS, FITTED_LANES, FITTED_OUTPUTS, weights + FITTED_OUTPUT_STRIDE, FITTED_OUTPUT_STRIDE, 1, d[0],
         FITTED_LANES, c ? NULL : zero, d_units[0], FITTED_LANES);
}

/* Chunk i of a part, restored from its sample: what its pixels contribute to the gradient. */
static void fitted_fit_chunk(fitted_worker *w, int i, int channels, const fitted_sample *restrict sample,
                             fitted_chunk *restrict chunk)
{
    enum { L = FITTED_LANES, BENT = FITTED_UNITS - FITTED_LINEAR };
    fitted_hidden hidden;
    _Alignas(FITTED_ALIGN) float d_units[FITTED_UNITS][L], used[L];
    for (int l = 0; l < L; l++) used[l] = (float)(sample->flags[l] & 1);
    fitted_keep(FITTED_INPUTS, chunk->input, w->input, i * L);
    fitted_trunk(w->weights, chunk, &hidden);
    for (int c = 0; c < channels; c++) {
        fitted_fit_head(w, i, c, used, chunk, &hidden, d_units);
        if (c < 2) fitted_keep(fitted_rows(c), hidden.seen, w->seen, i * L);
        else fitted_keep(FITTED_OWN, hidden.seen + FITTED_SHARED, w->seen + FITTED_SHARED + 1, i * L);
    }
    for (int j = 0; j < BENT; j++)
        for (int l = 0; l < L; l++) d_units[j][l] = leaky_relu_backward(hidden.seen[j + 1][l], d_units[j][l]);
    fitted_by_pixel(FITTED_UNITS, d_units, w->d_units[i * L], FITTED_UNITS);
}

/* The sum over the pixels of a part: rows that are seen, times derivatives, to (rows, n). */
EX void fitted_fit_sum(int rows, int n, float seen[][FITTED_PART_STRIDE], const float *derivative, float *gradient)
{
    static const float zero[FITTED_UNITS];
    gemm(rows, n, FITTED_PART, seen[0], FITTED_PART_STRIDE, 1, derivative, n, zero, gradient, n);
}

/* Restores the chunks of a part: those of slot 0 or 1 of a thread. */
static void fitted_fit_restore(const fitted_fit *f, fitted_worker *w, int slot, const int32_t *chunk)
{
    fitted_chunk *to = w->chunk + slot * FITTED_PART_CHUNKS;
    for (int i = 0; i < FITTED_PART_CHUNKS; i++) fitted_restore(f->samples + chunk[i], to + i);
}

/* The gradient of a part of a mini-batch whose chunks are restored, times its pixels. */
static void fitted_fit_part(const fitted_fit *f, fitted_worker *w, int slot, const int32_t *chunk, float *gradient)
{
    fitted_chunk *restored = w->chunk + slot * FITTED_PART_CHUNKS;
    for (int i = 0; i < FITTED_PART_CHUNKS; i++)
        fitted_fit_chunk(w, i, f->channels, f->samples + chunk[i], restored + i);
    fitted_fit_sum(FITTED_INPUTS, FITTED_UNITS, w->input, w->d_units[0], gradient);
    for (int c = 0; c < f->channels; c++) {
        float *head = gradient + FITTED_TRUNK_WEIGHTS + c * FITTED_HEAD_WEIGHTS;
        const int rows = c < 2 ? fitted_rows(c) : FITTED_SHARED;
        fitted_fit_sum(rows, FITTED_OUTPUT_STRIDE, w->seen, w->d_output[c][0], head);
        if (c == 2)
            fitted_fit_sum(FITTED_OWN, FITTED_OUTPUT_STRIDE, w->seen + FITTED_SHARED + 1, w->d_output[c][0],
                           head + FITTED_SHARED * FITTED_OUTPUT_STRIDE);
    }
}

/* Gradients of two parts added, or with b NULL that of one, to the order of shares. */
static void fitted_fit_put(const float *restrict a, const float *restrict b, float *restrict to)
{
    enum { H = FITTED_HALF, T = FITTED_TRUNK_WEIGHTS };
    for (int half = 0; half < 2; half++)
        for (int i = half * H; i < T; i += FITTED_UNITS, to += H)
            for (int j = 0; j < H; j++) to[j] = b ? a[i + j] + b[i + j] : a[i + j];
    for (int c = 0; c < 3; c++) {
        const int from = T + c * FITTED_HEAD_WEIGHTS, end = from + fitted_rows(c) * FITTED_OUTPUT_STRIDE;
        for (int i = from; i < end; i++) *to++ = b ? a[i] + b[i] : a[i];
    }
}

/* Parts that a thread takes at a time: pairs, if there are at most two threads. */
EX int fitted_fit_width(const fitted_fit *f) { return f->team.threads > 2 ? 1 : 2; }

/* The parts of thread `index` of a mini-batch's gradient. The first are restored. */
static void fitted_fit_gradient(fitted_fit *f, int index, const int32_t *chunk)
{
    const int width = fitted_fit_width(f), first = index * width;
    fitted_worker *w = f->worker + index;
    for (int part = first; part < FITTED_PARTS; part += width * f->team.threads) {
        for (int k = 0; k < width; k++) {
            const int32_t *here = chunk + (part + k) * FITTED_PART_CHUNKS;
            if (part > first) fitted_fit_restore(f, w, k, here);
            fitted_fit_part(f, w, k, here, w->gradient[k]);
        }
        fitted_fit_put(w->gradient[0], width > 1 ? w->gradient[1] : NULL, (float *)(f->gradient + part));
    }
}

/* The changes of n weights from place `from` on by a step along the gradient: it counts as much as its running mean.
 * Moments too small to matter become 0, before they would be subnormal numbers, which are slow. */
static void fitted_fit_changes(fitted_fit *f, int from, int n, const float *restrict gradient, float rate,
                               float *restrict change)
{
    float *restrict first = (float *)&f->first + from, *restrict second = (float *)&f->second + from;
    const float *restrict factor = (const float *)&f->factor + from;
    for (int i = 0; i < n; i++) {
        const float g = gradient[i];
        float m = first[i] * FITTED_BETA1 + g * (1.0f - FITTED_BETA1);
        float v = second[i] * FITTED_BETA2 + g * g * (1.0f - FITTED_BETA2);
        m = m > 0x1p-60f || m < -0x1p-60f ? m : 0.0f;
        v = v > 0x1p-100f ? v : 0.0f;
        first[i] = m;
        second[i] = v;
        change[i] = -rate * factor[i] * (0.5f * g + 0.5f * m) / (__builtin_sqrtf(v) + 1e-8f);
    }
}

/* The gradient of n weights from place `from` on, of a pixel: the sum of all parts times `scale`. */
static void fitted_fit_total(const fitted_fit *f, int from, int n, float scale, float *restrict gradient)
{
    const float *part[FITTED_PARTS];
    for (int k = 0; k < FITTED_PARTS; k++) part[k] = (const float *)(f->gradient + k) + from;
    if (fitted_fit_width(f) > 1)
        for (int i = 0; i < n; i++) gradient[i] = (part[0][i] + part[2][i]) * scale;
    else
        for (int i = 0; i < n; i++) gradient[i] = ((part[0][i] + part[1][i]) + (part[2][i] + part[3][i])) * scale;
}

/* A share of a step: 0, 1: half of the trunk's columns, in the basis of the inputs; 2, 3: half of the heads. */
static void fitted_fit_share(fitted_fit *f, int share, float rate, float scale)
{
    enum { N = FITTED_INPUTS, H = FITTED_HALF, TRUNK = N * H, HEADS = FITTED_SHARED_HEADS / 2 };
    static const float zero[H];
    const int from = share < 2 ? share * TRUNK : 2 * TRUNK + (share - 2) * HEADS;
    float *weights = (float *)&f->weights + from;
    _Alignas(FITTED_ALIGN) float gradient[TRUNK], turned[TRUNK], change[TRUNK];
    if (share < 2) {
        fitted_fit_total(f, from, TRUNK, scale, gradient);
        gemm(N, H, N, f->basis, N, 1, gradient, H, zero, turned, H);
        fitted_fit_changes(f, from, TRUNK, turned, rate, change);
        gemm(N, H, N, f->basis, 1, N, change, H, NULL, weights, H);
    } else {
        fitted_fit_total(f, from, HEADS, scale, gradient);
        fitted_fit_changes(f, from, HEADS, gradient, rate, change);
        for (int i = 0; i < HEADS; i++) weights[i] = weights[i] + change[i];
    }
}

/* A thread's copy of the weights. */
static void fitted_fit_take(const fitted_fit *f, fitted_worker *w)
{
    for (int half = 0; half < 2; half++)
        for (int i = 0; i < FITTED_INPUTS; i++)
            memcpy(w->weights + i * FITTED_UNITS + half * FITTED_HALF, f->weights.trunk[half][i],
                   sizeof f->weights.trunk[half][i]);
    const float *heads = f->weights.heads;
    for (int c = 0; c < 3; c++) {
        const int n = fitted_rows(c) * FITTED_OUTPUT_STRIDE;
        memcpy(w->weights + FITTED_TRUNK_WEIGHTS + c * FITTED_HEAD_WEIGHTS, heads, (size_t)n * sizeof(float));
        heads += n;
    }
}

/* The pixels of a mini-batch. */
static int fitted_fit_count(const fitted_fit *f, const int32_t *chunk)
{
    int count = 0;
    for (int i = 0; i < FITTED_BATCH_CHUNKS; i++)
        for (int l = 0; l < FITTED_LANES; l++) count += f->samples[chunk[i]].flags[l] & 1;
    return count;
}

/* Brings samples of chunks to the cache: they are scattered over 20 MB. */
static void fitted_fit_fetch(const fitted_fit *f, int count, const int32_t *chunk)
{
    for (int i = 0; i < count; i++)
        for (size_t at = 0; at < sizeof(fitted_sample); at += FITTED_ALIGN)
            __builtin_prefetch((const char *)(f->samples + chunk[i]) + at);
}

/* A step of thread `index`, one of several or the only one. While it waits for others it restores chunks of the next
 * step, `next`, if that is not NULL, since that needs no weights. */
static void fitted_fit_step(fitted_fit *f, int index, float rate, const int32_t *chunk, const int32_t *next)
{
    enum { SHARES = 4, C = FITTED_PART_CHUNKS };
    const int of = f->team.threads, width = fitted_fit_width(f);
    fitted_worker *own = f->worker + index;
    if (next) next += index * width * C;
    fitted_fit_take(f, own);
    if (next) fitted_fit_fetch(f, width * C, next);
    fitted_fit_gradient(f, index, chunk);
    team_arrive(&f->team, index);
    if (next) fitted_fit_restore(f, own, 0, next);
    const float scale = 1.0f / (float)fitted_fit_count(f, chunk);
    team_wait(&f->team, index);
    for (int share = index; share < SHARES; share += of) fitted_fit_share(f, share, rate, scale);
    team_arrive(&f->team, index);
    if (next && width > 1) fitted_fit_restore(f, own, 1, next + C);
    team_wait(&f->team, index);
}

/* The steps of a call, by every thread. */
static void fitted_fit_run(fitted_fit *f, int index)
{
    const int width = fitted_fit_width(f);
    const int32_t *chunk = f->chunk;
    for (int k = 0; k < width; k++)
        fitted_fit_restore(f, f->worker + index, k, chunk + (index * width + k) * FITTED_PART_CHUNKS);
    for (int64_t step = 0; step < f->steps; step++, chunk += FITTED_BATCH_CHUNKS)
        fitted_fit_step(f, index, f->rate[step], chunk, step + 1 < f->steps ? chunk + FITTED_BATCH_CHUNKS : NULL);
    if (!index) fitted_fit_take(f, f->worker);
}

#endif
