/* The encoder's fit of the weights to a picture: quasi-hyperbolic Adam (Ma and Yarats 2019) on samples of its pixels.
 *
 * Exact like all other arithmetic here, though no decoder repeats it: equal pictures give equal files. Threads share
 * the parts of a mini-batch. Gradients of parts are added in a fixed order, so that the number of threads changes no
 * bit; every thread does so, and makes the step in weights of its own, since lines of a cache that two threads write
 * take longer than the step. */
#ifndef BBC_FITTED_FIT_H
#define BBC_FITTED_FIT_H

#include "fitted_basis-inl.h"

#define FITTED_BETA1 0.97f
#define FITTED_BETA2 0.99f

/* Of a chunk: the mixture of its values' bins, and the derivatives of -ln p by what the outputs feed. */
typedef struct {
    float mass[3][FITTED_LANES], shift[3][FITTED_LANES], stretch[3][FITTED_LANES], total[FITTED_LANES];
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
    float output[FITTED_OUTPUTS][FITTED_LANES], d[FITTED_OUTPUTS][FITTED_LANES];
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

/* Chunk i of a part: what its pixels contribute to the gradient. */
static void fitted_fit_chunk(fitted_worker *w, int i, int channels, const fitted_sample *restrict sample)
{
    enum { L = FITTED_LANES, BENT = FITTED_UNITS - FITTED_LINEAR };
    fitted_chunk chunk;
    fitted_hidden hidden;
    float d_units[FITTED_UNITS][L], used[L];
    for (int l = 0; l < L; l++) used[l] = (float)(sample->flags[l] & 1);
    fitted_restore(sample, &chunk);
    fitted_keep(FITTED_INPUTS, chunk.input, w->input, i * L);
    fitted_trunk(w->weights, &chunk, &hidden);
    for (int c = 0; c < channels; c++) {
        fitted_fit_head(w, i, c, used, &chunk, &hidden, d_units);
        if (c < 2) fitted_keep(1 + FITTED_UNITS + fitted_extra_count[c], hidden.seen, w->seen, i * L);
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

/* The gradient of a part of a mini-batch, times its pixels. */
static void fitted_fit_part(fitted_fit *f, fitted_worker *w, const int32_t *chunk, float *gradient)
{
    for (int i = 0; i < FITTED_PART_CHUNKS; i++) fitted_fit_chunk(w, i, f->channels, f->samples + chunk[i]);
    fitted_fit_sum(FITTED_INPUTS, FITTED_UNITS, w->input, w->d_units[0], gradient);
    for (int c = 0; c < f->channels; c++) {
        float *head = gradient + FITTED_TRUNK_WEIGHTS + c * FITTED_HEAD_WEIGHTS;
        const int rows = c < 2 ? 1 + FITTED_UNITS + fitted_extra_count[c] : FITTED_SHARED;
        fitted_fit_sum(rows, FITTED_OUTPUT_STRIDE, w->seen, w->d_output[c][0], head);
        if (c == 2)
            fitted_fit_sum(FITTED_OWN, FITTED_OUTPUT_STRIDE, w->seen + FITTED_SHARED + 1, w->d_output[c][0],
                           head + FITTED_SHARED * FITTED_OUTPUT_STRIDE);
    }
}

/* The shares of thread `index` of a mini-batch's gradient: pairs of parts, if there are at most two threads, else
 * parts. */
static void fitted_fit_gradient(fitted_fit *f, int index, int turn, const int32_t *chunk)
{
    const int of = f->team.threads;
    fitted_worker *w = f->worker + index;
    float (*to)[FITTED_WEIGHTS] = f->gradient[turn];
    if (of > 2)
        for (int part = index; part < FITTED_PARTS; part += of)
            fitted_fit_part(f, w, chunk + part * FITTED_PART_CHUNKS, to[part]);
    else
        for (int part = 2 * index; part < FITTED_PARTS; part += 2 * of) {
            for (int k = 0; k < 2; k++) fitted_fit_part(f, w, chunk + (part + k) * FITTED_PART_CHUNKS, w->gradient[k]);
            for (int i = 0; i < FITTED_WEIGHTS; i++) to[part][i] = w->gradient[0][i] + w->gradient[1][i];
        }
}

/* The changes of weights [from, to) by a step along the gradient: it counts as much as its running mean. Moments too
 * small to matter become 0, before they would be subnormal numbers, which are slow. */
static void fitted_fit_changes(const fitted_fit *f, fitted_worker *restrict w, const float *restrict gradient,
                               float rate, int from, int to, float *restrict change)
{
    for (int i = from; i < to; i++) {
        const float g = gradient[i];
        float m = w->first[i] * FITTED_BETA1 + g * (1.0f - FITTED_BETA1);
        float v = w->second[i] * FITTED_BETA2 + g * g * (1.0f - FITTED_BETA2);
        m = m > 0x1p-60f || m < -0x1p-60f ? m : 0.0f;
        v = v > 0x1p-100f ? v : 0.0f;
        w->first[i] = m;
        w->second[i] = v;
        change[i] = -rate * f->factor[i] * (0.5f * g + 0.5f * m) / (__builtin_sqrtf(v) + 1e-8f);
    }
}

/* A step: that of the trunk's weights in the basis of the inputs. */
static void fitted_fit_step(const fitted_fit *f, int turn, fitted_worker *restrict w, float rate, float scale)
{
    enum { N = FITTED_INPUTS, U = FITTED_UNITS, TRUNK = FITTED_TRUNK_WEIGHTS };
    static const float zero[U];
    const float (*from)[FITTED_WEIGHTS] = f->gradient[turn];
    const int pairs = f->team.threads <= 2;
    float gradient[FITTED_WEIGHTS], turned[TRUNK], change[FITTED_WEIGHTS];
    for (int i = 0; i < FITTED_WEIGHTS; i++) {
        const float sum = pairs ? from[0][i] + from[2][i] : (from[0][i] + from[1][i]) + (from[2][i] + from[3][i]);
        gradient[i] = sum * scale;
    }
    gemm(N, U, N, f->basis, N, 1, gradient, U, zero, turned, U);
    fitted_fit_changes(f, w, turned, rate, 0, TRUNK, change);
    gemm(N, U, N, f->basis, 1, N, change, U, NULL, w->weights, U);
    fitted_fit_changes(f, w, gradient, rate, TRUNK, FITTED_WEIGHTS, change);
    for (int i = TRUNK; i < FITTED_WEIGHTS; i++) w->weights[i] = w->weights[i] + change[i];
}

/* The pixels of a mini-batch. */
static int fitted_fit_count(const fitted_fit *f, const int32_t *chunk)
{
    int count = 0;
    for (int i = 0; i < FITTED_BATCH_CHUNKS; i++)
        for (int l = 0; l < FITTED_LANES; l++) count += f->samples[chunk[i]].flags[l] & 1;
    return count;
}

/* The steps of a call, by every thread. */
static void fitted_fit_run(fitted_fit *f, int index)
{
    fitted_worker *own = f->worker + index;
    if (index) {
        memcpy(own->weights, f->worker->weights, sizeof own->weights);
        memcpy(own->first, f->worker->first, sizeof own->first);
        memcpy(own->second, f->worker->second, sizeof own->second);
    }
    team_barrier(&f->team);
    for (int64_t step = 0; step < f->steps; step++) {
        const int turn = (int)(step & 1);
        const int32_t *chunk = f->chunk + step * FITTED_BATCH_CHUNKS;
        fitted_fit_gradient(f, index, turn, chunk);
        team_barrier(&f->team);
        fitted_fit_step(f, turn, own, f->rate[step], 1.0f / (float)fitted_fit_count(f, chunk));
    }
}

#endif
