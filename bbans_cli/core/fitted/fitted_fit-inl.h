/* The encoder's fit of the weights to a picture: quasi-hyperbolic Adam (Ma and Yarats 2019) on samples of its pixels.
 *
 * Exact like all other arithmetic here, though no decoder repeats it: equal pictures give equal files. Samples are rows
 * (fitted_types.h), mini-batches are chunks of them. */
#ifndef BBC_FITTED_FIT_H
#define BBC_FITTED_FIT_H

#include "fitted_network-inl.h"

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

/* Gradient of -ln p of channel c by a head's outputs, times scale; sample: the chunk's rows. */
static void fitted_gradient(int c, float scale, const float *restrict sample, const float *restrict output,
                            float *restrict d_output)
{
    enum { L = FITTED_LANES };
    float o[FITTED_OUTPUTS][L], d[FITTED_OUTPUTS][L], value[L], used[L];
    fitted_terms in;
    fitted_mixture mix;
    fitted_bin bin;
    for (int l = 0; l < L; l++) {
        const float *row = sample + l * FITTED_SAMPLE, *own = output + l * FITTED_OUTPUT_STRIDE;
        in.base[l] = row[FITTED_SAMPLE_BASE + c];
        in.activity[l] = row[FITTED_SAMPLE_ACTIVITY + c];
        in.term[0][l] = c > 0 ? row[FITTED_SAMPLE_VALUE] - row[FITTED_SAMPLE_BASE] : 0.0f;
        in.term[1][l] = c > 1 ? row[FITTED_SAMPLE_VALUE + 1] - row[FITTED_SAMPLE_BASE + 1] : 0.0f;
        in.term[2][l] = row[FITTED_SAMPLE_CONDITIONAL + c];
        value[l] = row[FITTED_SAMPLE_VALUE + c];
        used[l] = row[FITTED_SAMPLE_USED] * scale;
        for (int j = 0; j < FITTED_OUTPUTS; j++) o[j][l] = own[j];
    }
    for (int l = 0; l < L; l++) in.scale[l] = 1.0f / in.activity[l];
    fitted_prepare(&in, o, &mix);
    fitted_bins(&mix, value, &bin);
    fitted_derivatives(&in, &mix, &bin, used, o, d);
    for (int l = 0; l < L; l++)
        for (int j = 0; j < FITTED_OUTPUTS; j++) d_output[l * FITTED_OUTPUT_STRIDE + j] = d[j][l];
}

/* The inputs of a chunk's samples. */
static void fitted_fit_inputs(const float *restrict sample, float input[][FITTED_INPUTS])
{
    for (int l = 0; l < FITTED_LANES; l++)
        for (int k = 0; k < FITTED_INPUTS / 2; k++) {
            const uint32_t pair = ex_bits(sample[l * FITTED_SAMPLE + k]);
            input[l][k] = ex_float(pair << 16);
            input[l][k + FITTED_INPUTS / 2] = ex_float(pair & 0xffff0000u);
        }
}

/* The trunk of a mini-batch, forward. */
static void fitted_fit_trunk(fitted_fit *f, const float *const *sample)
{
    static const float zero[FITTED_UNITS];
    for (int i = 0; i < FITTED_BATCH_CHUNKS; i++) fitted_fit_inputs(sample[i], f->input + i * FITTED_LANES);
    gemm(FITTED_BATCH, FITTED_UNITS, FITTED_INPUTS, f->input[0], FITTED_INPUTS, 1, f->weights, FITTED_UNITS, zero,
         f->seen[0] + 1, FITTED_SEEN);
    for (int i = 0; i < FITTED_BATCH; i++) {
        f->seen[i][0] = 1.0f;
        for (int j = 1; j <= FITTED_UNITS - FITTED_LINEAR; j++) f->seen[i][j] = leaky_relu(f->seen[i][j]);
    }
}

/* Channel c of a mini-batch: forward, its head's gradient, the derivatives by the units. */
static void fitted_fit_head(fitted_fit *f, int c, float scale, const float *const *sample)
{
    static const float zero[FITTED_SEEN];
    const ptrdiff_t at = FITTED_TRUNK_WEIGHTS + c * FITTED_HEAD_WEIGHTS;
    const int extras = fitted_extra_count[c], seen = 1 + FITTED_UNITS + extras;
    for (int i = 0; i < FITTED_BATCH; i++)
        memcpy(f->seen[i] + 1 + FITTED_UNITS,
               sample[i / FITTED_LANES] + i % FITTED_LANES * FITTED_SAMPLE + FITTED_SAMPLE_EXTRAS +
                   (c == 2 ? fitted_extra_count[1] : 0),
               (size_t)extras * sizeof(float));
    gemm(FITTED_BATCH, FITTED_OUTPUT_STRIDE, seen, f->seen[0], FITTED_SEEN, 1, f->weights + at, FITTED_OUTPUT_STRIDE,
         zero, f->output[0], FITTED_OUTPUT_STRIDE);
    for (int i = 0; i < FITTED_BATCH_CHUNKS; i++)
        fitted_gradient(c, scale, sample[i], f->output[i * FITTED_LANES], f->d_output[i * FITTED_LANES]);
    gemm(seen, FITTED_OUTPUT_STRIDE, FITTED_BATCH, f->seen[0], 1, FITTED_SEEN, f->d_output[0], FITTED_OUTPUT_STRIDE,
         zero, f->gradient + at, FITTED_OUTPUT_STRIDE);
    for (int j = 0; j < FITTED_OUTPUTS; j++)
        for (int i = 0; i < FITTED_UNITS; i++)
            f->transposed[c][j][i] = f->weights[at + (i + 1) * FITTED_OUTPUT_STRIDE + j];
    gemm(FITTED_BATCH, FITTED_UNITS, FITTED_OUTPUTS, f->d_output[0], FITTED_OUTPUT_STRIDE, 1, f->transposed[c][0],
         FITTED_SEEN, c ? NULL : zero, f->d_units[0], FITTED_UNITS);
}

/* The gradient of a mini-batch: sample has the rows of its chunks. */
static void fitted_fit_gradient(fitted_fit *f, const float *const *sample)
{
    static const float zero[FITTED_UNITS];
    float used = 0.0f;
    for (int i = 0; i < FITTED_BATCH; i++)
        used = used + sample[i / FITTED_LANES][i % FITTED_LANES * FITTED_SAMPLE + FITTED_SAMPLE_USED];
    fitted_fit_trunk(f, sample);
    for (int c = 0; c < f->channels; c++) fitted_fit_head(f, c, 1.0f / used, sample);
    for (int i = 0; i < FITTED_BATCH; i++)
        for (int j = 0; j < FITTED_UNITS - FITTED_LINEAR; j++)
            f->d_units[i][j] = leaky_relu_backward(f->seen[i][j + 1], f->d_units[i][j]);
    gemm(FITTED_INPUTS, FITTED_UNITS, FITTED_BATCH, f->input[0], 1, FITTED_INPUTS, f->d_units[0], FITTED_UNITS, zero,
         f->gradient, FITTED_UNITS);
}

/* One step: the gradient itself counts as much as its running mean. Moments too small to matter become 0, before they would be subnormal numbers, which are slow. */
static void fitted_fit_step(fitted_fit *f, float rate, const float *const *sample)
{
    fitted_fit_gradient(f, sample);
    for (int i = 0; i < FITTED_WEIGHTS; i++) {
        const float g = f->gradient[i];
        float m = f->first[i] * FITTED_BETA1 + g * (1.0f - FITTED_BETA1);
        float v = f->second[i] * FITTED_BETA2 + g * g * (1.0f - FITTED_BETA2);
        m = m > 0x1p-60f || m < -0x1p-60f ? m : 0.0f;
        v = v > 0x1p-100f ? v : 0.0f;
        f->first[i] = m;
        f->second[i] = v;
        f->weights[i] = f->weights[i] - rate * f->factor[i] * (0.5f * g + 0.5f * m) / (__builtin_sqrtf(v) + 1e-8f);
    }
}

/* Steps on mini-batches of chunks[0], chunks[1], ..., with the rates of `steps`. */
static void fitted_fit_run(fitted_fit *f, int64_t steps, const float *rate, const int32_t *chunk, const float *samples)
{
    for (int64_t step = 0; step < steps; step++) {
        const float *sample[FITTED_BATCH_CHUNKS];
        for (int i = 0; i < FITTED_BATCH_CHUNKS; i++)
            sample[i] = samples + (ptrdiff_t)chunk[step * FITTED_BATCH_CHUNKS + i] * FITTED_LANES * FITTED_SAMPLE;
        fitted_fit_step(f, rate[step], sample);
    }
}

#endif
