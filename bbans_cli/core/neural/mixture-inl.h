/* Mixtures of four discretised logistics: from network outputs to integer intervals, and their gradient.
 *
 * With F the mixture's distribution function, cum(v) = 16 v + min(T, floor(T F(edge v))), T = 2^24 - 16 * 256, and
 * cum(0) = 0, cum(256) = 2^24. The edge of v lies near v - 1/2; pictures of which some values are missing or rare move
 * it (online_learning-inl.h). F as computed does not fall from one edge to the next (docs/exactness.md has the proof, and
 * why 16 would do if it did), so that cum increases strictly whatever the network says. */
#ifndef BBC_MIXTURE_H
#define BBC_MIXTURE_H

#include "exact.h"
#include "band_scan.h"

#define MIXTURE_FLOOR 16
#define MIXTURE_TOTAL (1 << SCAN_PRECISION)
#define MIXTURE_SPREAD ((float)(MIXTURE_TOTAL - 256 * MIXTURE_FLOOR))

/* Parameters of up to SCAN_CHUNK pixels, component by component, and the edges of the channel's values. */
typedef struct {
    const float *bin_edge;
    float weight[4][SCAN_CHUNK], mean[4][SCAN_CHUNK], inverse[4][SCAN_CHUNK];
} mixture;

/* Channel c of m pixels; output (m, 16), row-major; edge (257). */
static void mixture_prepare(int m, int c, const float *restrict output, const float *bin_edge, const scan_pixel *p,
                            mixture *restrict mix)
{
    float o[SCAN_OUTPUTS][SCAN_CHUNK], centre[SCAN_CHUNK], activity[SCAN_CHUNK], first[SCAN_CHUNK], second[SCAN_CHUNK];
    float local[SCAN_CHUNK], phase[SCAN_CHUNK];
    mix->bin_edge = bin_edge;
    for (int i = 0; i < m; i++) {
        for (int j = 0; j < SCAN_OUTPUTS; j++) o[j][i] = output[i * SCAN_OUTPUTS + j];
        centre[i] = (float)p[i].base[c];
        activity[i] = p[i].activity[c];
        first[i] = c > 0 ? p[i].residual[0] : 0.0f;
        second[i] = c > 1 ? p[i].residual[1] : 0.0f;
        local[i] = p[i].local_conditional[c];
        phase[i] = p[i].phase_prediction[c];
    }
    for (int j = 0; j < SCAN_OUTPUTS; j++)
        for (int i = m; i < SCAN_CHUNK; i++) o[j][i] = 0.0f;
    for (int i = m; i < SCAN_CHUNK; i++)
        centre[i] = first[i] = second[i] = local[i] = phase[i] = 0.0f, activity[i] = 1.0f;
    for (int i = 0; i < SCAN_CHUNK; i++) {
        centre[i] = centre[i] + o[12][i] * first[i];
        centre[i] = centre[i] + o[13][i] * second[i];
        centre[i] = centre[i] + o[14][i] * local[i];
        centre[i] = centre[i] + o[15][i] * phase[i];
        float l0 = ex_clip(o[0][i], -30.0f, 30.0f), l1 = ex_clip(o[1][i], -30.0f, 30.0f);
        float l2 = ex_clip(o[2][i], -30.0f, 30.0f), l3 = ex_clip(o[3][i], -30.0f, 30.0f);
        float top = ex_max(ex_max(l0, l1), ex_max(l2, l3));
        float e0 = ex_exp(l0 - top), e1 = ex_exp(l1 - top), e2 = ex_exp(l2 - top), e3 = ex_exp(l3 - top);
        float scale = 1.0f / ((e0 + e1) + (e2 + e3));
        mix->weight[0][i] = e0 * scale;
        mix->weight[1][i] = e1 * scale;
        mix->weight[2][i] = e2 * scale;
        mix->weight[3][i] = e3 * scale;
    }
    for (int k = 0; k < 4; k++)
        for (int i = 0; i < SCAN_CHUNK; i++) {
            mix->mean[k][i] = ex_clip(centre[i] + activity[i] * o[4 + k][i], -1024.0f, 1280.0f);
            mix->inverse[k][i] = ex_exp(-ex_clip(o[8 + k][i], -6.0f, 4.0f)) / activity[i];
        }
}

/* cum(symbol) of pixel i. */
EX int32_t mixture_cum(const mixture *mix, int i, int32_t symbol)
{
    float edge = mix->bin_edge[symbol];
    float f = mix->weight[0][i] * ex_sigmoid((edge - mix->mean[0][i]) * mix->inverse[0][i]);
    f = f + mix->weight[1][i] * ex_sigmoid((edge - mix->mean[1][i]) * mix->inverse[1][i]);
    f = f + mix->weight[2][i] * ex_sigmoid((edge - mix->mean[2][i]) * mix->inverse[2][i]);
    f = f + mix->weight[3][i] * ex_sigmoid((edge - mix->mean[3][i]) * mix->inverse[3][i]);
    int32_t cum = MIXTURE_FLOOR * symbol + (int32_t)ex_min(MIXTURE_SPREAD * f, MIXTURE_SPREAD);
    cum = symbol <= 0 ? 0 : cum;
    return symbol >= 256 ? MIXTURE_TOTAL : cum;
}

/* Intervals of the symbols of m pixels. */
static void mixture_intervals(int m, const mixture *mix, const int32_t *symbol, uint32_t *start, uint32_t *freq)
{
    int32_t low[SCAN_CHUNK], high[SCAN_CHUNK];
    for (int i = 0; i < SCAN_CHUNK; i++) {
        low[i] = mixture_cum(mix, i, symbol[i]);
        high[i] = mixture_cum(mix, i, symbol[i] + 1);
    }
    for (int i = 0; i < m; i++) {
        start[i] = (uint32_t)low[i];
        freq[i] = (uint32_t)(high[i] - low[i]);
    }
}

/* cum of the SCAN_WINDOW symbols first, first + stride, ... of pixel i. */
static void mixture_window(const mixture *mix, int i, int32_t first, int32_t stride, int32_t *restrict cum)
{
    for (int j = 0; j < SCAN_WINDOW; j++) cum[j] = mixture_cum(mix, i, first + stride * j);
}

/* Where a decoder first looks for the symbol of pixel i. */
EX int32_t mixture_guess(const mixture *mix, int i)
{
    float mean = (mix->weight[0][i] * mix->mean[0][i] + mix->weight[1][i] * mix->mean[1][i]) +
                 (mix->weight[2][i] * mix->mean[2][i] + mix->weight[3][i] * mix->mean[3][i]);
    return (int32_t)ex_clip(mean - 7.0f, 0.0f, 241.0f);
}

/* The symbol whose interval holds target: looked up in the window, or searched in two rounds of sixteen. */
static int32_t mixture_find(const mixture *mix, int i, int32_t first, const int32_t *window, int32_t target,
                            uint32_t *start, uint32_t *freq)
{
    int32_t cum[SCAN_WINDOW + 1];
    if (target < window[0] || target >= window[SCAN_WINDOW - 1]) {
        mixture_window(mix, i, 0, 16, cum);
        first = 0;
        for (int j = 1; j < SCAN_WINDOW; j++) first += cum[j] <= target ? 16 : 0;
        mixture_window(mix, i, first, 1, cum);
        cum[SCAN_WINDOW] = mixture_cum(mix, i, first + SCAN_WINDOW);
    } else {
        memcpy(cum, window, SCAN_WINDOW * sizeof *cum);
        cum[SCAN_WINDOW] = MIXTURE_TOTAL;
    }
    int j = 0;
    for (int k = 1; k < SCAN_WINDOW; k++) j += cum[k] <= target;
    *start = (uint32_t)cum[j];
    *freq = (uint32_t)(cum[j + 1] - cum[j]);
    return first + j;
}

/* Gradient of -ln p by the outputs, times `scale`, each element clipped to +-64 before; d_output (m, 16). Fills in the
 * pixels' densities, which are that by the edges. */
static void mixture_gradient(int m, int c, const float *restrict output, const float *bin_edge, scan_pixel *p,
                             float scale, float *restrict d_output)
{
    mixture mix;
    float d[SCAN_OUTPUTS][SCAN_CHUNK], ends[2][SCAN_CHUNK], activity[SCAN_CHUNK];
    float first[SCAN_CHUNK], second[SCAN_CHUNK], local[SCAN_CHUNK], phase[SCAN_CHUNK], log_scale[4][SCAN_CHUNK],
        mass[4][SCAN_CHUNK], total[SCAN_CHUNK];
    float slope[4][SCAN_CHUNK], stretch[4][SCAN_CHUNK], lower[SCAN_CHUNK], upper[SCAN_CHUNK], density[2][SCAN_CHUNK];
    mixture_prepare(m, c, output, bin_edge, p, &mix);
    for (int i = 0; i < SCAN_CHUNK; i++) {
        const scan_pixel *q = p + (i < m ? i : 0);
        lower[i] = bin_edge[q->value[c]];
        upper[i] = bin_edge[q->value[c] + 1];
        density[0][i] = density[1][i] = 0.0f;
        ends[0][i] = q->value[c] == 0 ? 0.0f : 1.0f;
        ends[1][i] = q->value[c] == 255 ? 0.0f : 1.0f;
        activity[i] = q->activity[c];
        first[i] = c > 0 ? q->residual[0] : 0.0f;
        second[i] = c > 1 ? q->residual[1] : 0.0f;
        local[i] = q->local_conditional[c];
        phase[i] = q->phase_prediction[c];
        for (int k = 0; k < 4; k++) log_scale[k][i] = output[(i < m ? i : 0) * SCAN_OUTPUTS + 8 + k];
        total[i] = 0.0f;
    }
    for (int k = 0; k < 4; k++)
        for (int i = 0; i < SCAN_CHUNK; i++) {
            float low = (lower[i] - mix.mean[k][i]) * mix.inverse[k][i];
            float high = (upper[i] - mix.mean[k][i]) * mix.inverse[k][i];
            float a = ex_sigmoid(low), b = ex_sigmoid(high);
            float da = a * (1.0f - a) * ends[0][i], db = b * (1.0f - b) * ends[1][i];
            a = a * ends[0][i];
            b = b * ends[1][i] + (1.0f - ends[1][i]);
            mass[k][i] = b - a;
            total[i] = total[i] + mix.weight[k][i] * mass[k][i];
            density[0][i] = density[0][i] + mix.weight[k][i] * da * mix.inverse[k][i];
            density[1][i] = density[1][i] + mix.weight[k][i] * db * mix.inverse[k][i];
            slope[k][i] = mix.weight[k][i] * (db - da);
            stretch[k][i] = mix.weight[k][i] * (db * high - da * low);
        }
    for (int i = 0; i < SCAN_CHUNK; i++) {
        float inverse = 1.0f / (total[i] + 0x1p-20f), sum = 0.0f;
        for (int e = 0; e < 2; e++) density[e][i] = ex_clip(density[e][i] * inverse, 0.0f, 4.0f);
        for (int k = 0; k < 4; k++) {
            float dmean = slope[k][i] * mix.inverse[k][i] * inverse;
            sum = sum + dmean;
            d[k][i] = mix.weight[k][i] * (total[i] - mass[k][i]) * inverse;
            d[4 + k][i] = dmean * activity[i];
            float inside = log_scale[k][i] > -6.0f && log_scale[k][i] < 4.0f ? 1.0f : 0.0f;
            d[8 + k][i] = stretch[k][i] * inverse * inside;
        }
        d[12][i] = sum * first[i];
        d[13][i] = sum * second[i];
        d[14][i] = sum * local[i];
        d[15][i] = sum * phase[i];
    }
    for (int i = 0; i < m; i++)
        for (int e = 0; e < 2; e++) p[i].density[c][e] = density[e][i];
    for (int i = 0; i < m; i++)
        for (int j = 0; j < SCAN_OUTPUTS; j++) d_output[i * SCAN_OUTPUTS + j] = ex_clip(d[j][i], -64.0f, 64.0f) * scale;
}

#endif
