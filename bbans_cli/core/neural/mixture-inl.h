/* Mixtures of four discretised logistics: from network outputs to integer intervals, and their gradient.
 *
 * With F the mixture's distribution function, cum(v) = 16 v + min(T, floor(T F(edge v))), T = 2^24 - 16 * 256, and
 * cum(0) = 0, cum(256) = 2^24. The lower edge of v's bin lies near v - 1/2; pictures in which some values are missing
 * or rare move it (online_learning-inl.h). F as computed does not fall from one edge to the next (docs/exactness.md has
 * the proof, and why 16 would do if it did), so that cum increases strictly whatever the network says.
 *
 * Of deep samples in flat neighbourhoods, whose 12 nearest pixels are equal, the mixture has a point mass p at the base
 * (online_learning-inl.h): F is (1 - p) times that of the logistics, and p more above the base. */
#ifndef BBC_MIXTURE_H
#define BBC_MIXTURE_H

#include "band_scan.h"
#include "exact.h"
#include "transpose.h"
#include "vector_math-inl.h"

#define MIXTURE_FLOOR 16
#define MIXTURE_TOTAL (1 << SCAN_PRECISION)
#define MIXTURE_SPREAD ((float)(MIXTURE_TOTAL - 256 * MIXTURE_FLOOR))

/* Parameters of up to SCAN_CHUNK pixels, component by component, and the edges of the channel's bins. */
typedef struct {
    const float *bin_edge;
    const scan_range *range;
    float base[SCAN_CHUNK], point[SCAN_CHUNK]; /* where the point mass is, and how much */
    float weight[4][SCAN_CHUNK], mean[4][SCAN_CHUNK], inverse[4][SCAN_CHUNK];
} mixture;

/* What channel c's outputs are applied to, of up to SCAN_CHUNK pixels. */
typedef struct {
    float base[SCAN_CHUNK], activity[SCAN_CHUNK], point[SCAN_CHUNK];
    /* What the 4 coefficients multiply: the residuals of G and R, 0 while not known; both conditional predictions. */
    float term[4][SCAN_CHUNK];
} mixture_inputs;

/* Of m pixels; the rest of the lanes get a pixel that harms nothing. */
EX void mixture_load(int m, int c, const scan_pixel *p, mixture_inputs *restrict in)
{
    for (int i = 0; i < m; i++) {
        in->base[i] = p[i].base[c];
        in->activity[i] = p[i].activity[c];
        in->point[i] = p[i].point[c];
        in->term[0][i] = c > 0 ? p[i].residual[0] : 0.0f;
        in->term[1][i] = c > 1 ? p[i].residual[1] : 0.0f;
        in->term[2][i] = p[i].local_conditional[c];
        in->term[3][i] = p[i].phase_prediction[c];
    }
    for (int i = m; i < SCAN_CHUNK; i++) {
        in->base[i] = in->point[i] = in->term[0][i] = in->term[1][i] = in->term[2][i] = in->term[3][i] = 0.0f;
        in->activity[i] = 1.0f;
    }
}

/* The components' weights of the pixels of one vector, from i on: the softmax of their logits. */
EX void mixture_weights(const float (*logit)[SCAN_CHUNK], int i, mixture *restrict mix)
{
    vf e[4];
    for (int k = 0; k < 4; k++) e[k] = vf_clip(vf_load(logit[k] + i), -30.0f, 30.0f);
    const vf top = vf_max(vf_max(e[0], e[1]), vf_max(e[2], e[3]));
    for (int k = 0; k < 4; k++) e[k] = vf_exp(vf_sub(e[k], top));
    const vf scale = vf_div(vf_all(1.0f), vf_add(vf_add(e[0], e[1]), vf_add(e[2], e[3])));
    for (int k = 0; k < 4; k++) vf_store(mix->weight[k] + i, vf_mul(e[k], scale));
}

/* Channel c of m pixels; output (m, NETWORK_OUTPUTS), row-major; bin_edge (257). */
static void mixture_prepare(int m, const mixture_inputs *restrict in, const float *restrict output,
                            const float *bin_edge, const scan_range *range, mixture *restrict mix)
{
    const float mean_low = range->mean_low, mean_high = range->mean_high;
    float o[NETWORK_OUTPUTS][SCAN_CHUNK], centre[SCAN_CHUNK];
    const float (*logit)[SCAN_CHUNK] = o + NETWORK_OUTPUT_LOGITS;
    const float (*coefficient)[SCAN_CHUNK] = o + NETWORK_OUTPUT_RESIDUAL_COEFFICIENTS;
    mix->bin_edge = bin_edge;
    mix->range = range;
    transpose(m, NETWORK_OUTPUTS, output, NETWORK_OUTPUTS, o[0], SCAN_CHUNK);
    for (int j = 0; j < NETWORK_OUTPUTS; j++)
        for (int i = m; i < SCAN_CHUNK; i++) o[j][i] = 0.0f;
    for (int i = 0; i < SCAN_CHUNK; i++) {
        mix->base[i] = in->base[i];
        mix->point[i] = in->point[i];
        centre[i] = in->base[i] + coefficient[0][i] * in->term[0][i];
        centre[i] = centre[i] + coefficient[1][i] * in->term[1][i];
        centre[i] = centre[i] + coefficient[2][i] * in->term[2][i];
        centre[i] = centre[i] + coefficient[3][i] * in->term[3][i];
    }
    for (int i = 0; i < SCAN_CHUNK; i += VF_LANES) {
        const vf activity = vf_load(in->activity + i), at = vf_load(centre + i);
        mixture_weights(logit, i, mix);
        for (int k = 0; k < 4; k++) {
            const vf log_scale = vf_clip(vf_load(o[NETWORK_OUTPUT_LOG_SCALES + k] + i), -6.0f, 4.0f);
            const vf mean = vf_add(at, vf_mul(activity, vf_load(o[NETWORK_OUTPUT_MEANS + k] + i)));
            vf_store(mix->mean[k] + i, vf_clip(mean, mean_low, mean_high));
            vf_store(mix->inverse[k] + i, vf_div(vf_exp(vf_sub(vf_all(0.0f), log_scale)), activity));
        }
    }
}

/* F(edge) of pixel i. */
EX float mixture_distribution(const mixture *mix, int i, float edge)
{
    float f = mix->weight[0][i] * ex_sigmoid((edge - mix->mean[0][i]) * mix->inverse[0][i]);
    f = f + mix->weight[1][i] * ex_sigmoid((edge - mix->mean[1][i]) * mix->inverse[1][i]);
    f = f + mix->weight[2][i] * ex_sigmoid((edge - mix->mean[2][i]) * mix->inverse[2][i]);
    f = f + mix->weight[3][i] * ex_sigmoid((edge - mix->mean[3][i]) * mix->inverse[3][i]);
    return f * (1.0f - mix->point[i]) + (edge <= mix->base[i] ? 0.0f : mix->point[i]);
}

/* cum(symbol) of pixel i. */
EX int32_t mixture_cum(const mixture *mix, int i, int32_t symbol)
{
    const float f = mixture_distribution(mix, i, mix->bin_edge[symbol]);
    int32_t cum = MIXTURE_FLOOR * symbol + (int32_t)ex_min(MIXTURE_SPREAD * f, MIXTURE_SPREAD);
    cum = symbol <= 0 ? 0 : cum;
    return symbol >= 256 ? MIXTURE_TOTAL : cum;
}

/* The mixtures of a vector of pixels, or of one pixel in all lanes. */
typedef struct {
    vf weight[4], mean[4], inverse[4], base, point;
} mixture_lanes;

/* mixture_cum, but for the floor of a symbol and the ends. */
EX vf mixture_cums(const mixture_lanes *l, vf edge)
{
    vf f = vf_all(0.0f);
    for (int k = 0; k < 4; k++) {
        const vf part = vf_mul(l->weight[k], vf_sigmoid_minus(vf_mul(vf_sub(l->mean[k], edge), l->inverse[k])));
        f = k ? vf_add(f, part) : part;
    }
    f = vf_add(vf_mul(f, vf_sub(vf_all(1.0f), l->point)), vf_select(edge, l->base, vf_all(0.0f), l->point));
    return vf_trunc(vf_min(vf_mul(vf_all(MIXTURE_SPREAD), f), vf_all(MIXTURE_SPREAD)));
}

/* The same with both, from what mixture_cums gave. */
EX int32_t mixture_cum_of(float f, int32_t symbol)
{
    const int32_t cum = symbol <= 0 ? 0 : MIXTURE_FLOOR * symbol + (int32_t)f;
    return symbol >= 256 ? MIXTURE_TOTAL : cum;
}

/* Intervals of the symbols of m pixels. */
static void mixture_intervals(int m, const mixture *mix, const int32_t *symbol, uint32_t *start, uint32_t *freq)
{
    float edge[2][SCAN_CHUNK];
    for (int i = 0; i < SCAN_CHUNK; i++)
        for (int e = 0; e < 2; e++) edge[e][i] = mix->bin_edge[symbol[i] + e];
    for (int i = 0; i < SCAN_CHUNK; i += VF_LANES) {
        mixture_lanes l = {.base = vf_load(mix->base + i), .point = vf_load(mix->point + i)};
        for (int k = 0; k < 4; k++) {
            l.weight[k] = vf_load(mix->weight[k] + i);
            l.mean[k] = vf_load(mix->mean[k] + i);
            l.inverse[k] = vf_load(mix->inverse[k] + i);
        }
        for (int e = 0; e < 2; e++) vf_store(edge[e] + i, mixture_cums(&l, vf_load(edge[e] + i)));
    }
    int32_t low[SCAN_CHUNK], high[SCAN_CHUNK];
    for (int i = 0; i < SCAN_CHUNK; i++) {
        low[i] = mixture_cum_of(edge[0][i], symbol[i]);
        high[i] = mixture_cum_of(edge[1][i], symbol[i] + 1);
    }
    for (int i = 0; i < m; i++) {
        start[i] = (uint32_t)low[i];
        freq[i] = (uint32_t)(high[i] - low[i]);
    }
}

/* cum of the SCAN_WINDOW symbols first, first + stride, ... of pixel i. */
static void mixture_window(const mixture *mix, int i, int32_t first, int32_t stride, int32_t *restrict cum)
{
    float edge[SCAN_WINDOW];
    mixture_lanes l = {.base = vf_all(mix->base[i]), .point = vf_all(mix->point[i])};
    for (int k = 0; k < 4; k++) {
        l.weight[k] = vf_all(mix->weight[k][i]);
        l.mean[k] = vf_all(mix->mean[k][i]);
        l.inverse[k] = vf_all(mix->inverse[k][i]);
    }
    for (int j = 0; j < SCAN_WINDOW; j++) edge[j] = mix->bin_edge[first + stride * j];
    for (int j = 0; j < SCAN_WINDOW; j += VF_LANES) vf_store(edge + j, mixture_cums(&l, vf_load(edge + j)));
    for (int j = 0; j < SCAN_WINDOW; j++) cum[j] = mixture_cum_of(edge[j], first + stride * j);
}

/* First symbol of the window in which a decoder looks for that of pixel i: around the mean. */
EX int32_t mixture_guess(const mixture *mix, int i)
{
    float mean = (mix->weight[0][i] * mix->mean[0][i] + mix->weight[1][i] * mix->mean[1][i]) +
                 (mix->weight[2][i] * mix->mean[2][i] + mix->weight[3][i] * mix->mean[3][i]);
    const float bins = 1.0f / (mix->range->step * (float)(1 << mix->range->low_bits));
    return (int32_t)ex_clip(mean * bins - 7.0f, 0.0f, 241.0f);
}

/* Which of the SCAN_WINDOW symbols has the interval that holds target; cum: theirs, and that of the symbol after them. */
EX int mixture_search(const int32_t *cum, int32_t target, uint32_t *start, uint32_t *freq)
{
    int j = 0;
    for (int k = 1; k < SCAN_WINDOW; k++) j += cum[k] <= target;
    *start = (uint32_t)cum[j];
    *freq = (uint32_t)(cum[j + 1] - cum[j]);
    return j;
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
    return first + mixture_search(cum, target, start, freq);
}

/* Low bits of a sample whose high 8 bits are known: cum of the values within the bin, as those of the bins, from shares
 * of the bin's mass. FLAT is a mass that is spread over the bin evenly, for bins where F hardly rises. */
#define MIXTURE_FLAT 0x1p-22f

typedef struct {
    int32_t count; /* values in the bin */
    float first;   /* the first of them */
    float flat;    /* MIXTURE_FLAT / count */
    float below, inverse_mass;
} mixture_low;

EX float mixture_edge(const mixture *mix, int32_t value) { return ((float)value - 0.5f) * mix->range->step; }

/* Of pixel i and its high bits. */
EX mixture_low mixture_low_of(const mixture *mix, int i, int32_t high)
{
    const int32_t count = 1 << mix->range->low_bits, first = high << mix->range->low_bits;
    const float below = mixture_distribution(mix, i, mixture_edge(mix, first));
    const float mass = mixture_distribution(mix, i, mixture_edge(mix, first + count)) - below;
    return (mixture_low){count, (float)first, MIXTURE_FLAT / (float)count, below, 1.0f / (mass + MIXTURE_FLAT)};
}

/* cum(symbol) of pixel i, symbols 0 to count. */
EX int32_t mixture_low_cum(const mixture *mix, int i, mixture_low low, int32_t symbol)
{
    const float edge = ((low.first + (float)symbol) - 0.5f) * mix->range->step;
    const float mass = (mixture_distribution(mix, i, edge) - low.below) + (float)symbol * low.flat;
    int32_t cum = MIXTURE_FLOOR * symbol + (int32_t)ex_min(MIXTURE_SPREAD * (mass * low.inverse_mass), MIXTURE_SPREAD);
    cum = symbol <= 0 ? 0 : cum;
    return symbol >= low.count ? MIXTURE_TOTAL : cum;
}

/* Intervals of the low bits of m pixels' values. */
static void mixture_low_intervals(int m, const mixture *mix, const int32_t *value, uint32_t *start, uint32_t *freq)
{
    const int32_t low_bits = mix->range->low_bits;
    int32_t from[SCAN_CHUNK], to[SCAN_CHUNK];
    for (int i = 0; i < SCAN_CHUNK; i++) {
        const int32_t high = value[i] >> low_bits, symbol = value[i] - (high << low_bits);
        const mixture_low low = mixture_low_of(mix, i, high);
        from[i] = mixture_low_cum(mix, i, low, symbol);
        to[i] = mixture_low_cum(mix, i, low, symbol + 1);
    }
    for (int i = 0; i < m; i++) {
        start[i] = (uint32_t)from[i];
        freq[i] = (uint32_t)(to[i] - from[i]);
    }
}

/* cum of the SCAN_WINDOW symbols first, first + stride, ... of the low bits of pixel i. */
static void mixture_low_window(const mixture *mix, int i, mixture_low low, int32_t first, int32_t stride,
                               int32_t *restrict cum)
{
    for (int j = 0; j < SCAN_WINDOW; j++) cum[j] = mixture_low_cum(mix, i, low, first + stride * j);
}

/* Symbols from one of the window that is computed ahead to the next. */
EX int32_t mixture_low_stride(int32_t low_bits) { return low_bits > 4 ? 1 << (low_bits - 4) : 1; }

/* The symbol whose interval holds target; window: of the whole bin. */
static int32_t mixture_low_find(const mixture *mix, int i, int32_t high, const int32_t *window, int32_t target,
                                uint32_t *start, uint32_t *freq)
{
    const int32_t stride = mixture_low_stride(mix->range->low_bits);
    int32_t cum[SCAN_WINDOW + 1], first = 0;
    if (stride > 1) {
        const mixture_low low = mixture_low_of(mix, i, high);
        for (int j = 1; j < SCAN_WINDOW; j++) first += window[j] <= target ? stride : 0;
        mixture_low_window(mix, i, low, first, 1, cum);
        cum[SCAN_WINDOW] = mixture_low_cum(mix, i, low, first + SCAN_WINDOW);
    } else {
        memcpy(cum, window, SCAN_WINDOW * sizeof *cum);
        cum[SCAN_WINDOW] = MIXTURE_TOTAL;
    }
    return first + mixture_search(cum, target, start, freq);
}

/* Derivatives of a bin's mass, of each component and of the mixture; of up to SCAN_CHUNK pixels. */
typedef struct {
    float mass[4][SCAN_CHUNK], total[SCAN_CHUNK];       /* of the component; of the mixture */
    float shift[4][SCAN_CHUNK], stretch[4][SCAN_CHUNK]; /* weight * d mass by -mean / scale, by -log scale */
    float density[2][SCAN_CHUNK];                       /* of the mixture at the lower and the upper edge */
} mixture_bin;

/* ex_sigmoid((edge - mean) * inverse). */
EX void mixture_sigmoids(const float *edge, const float *mean, const float *inverse, float *restrict out)
{
    for (int i = 0; i < SCAN_CHUNK; i += VF_LANES)
        vf_store(out + i, vf_sigmoid_minus(vf_mul(vf_sub(vf_load(mean + i), vf_load(edge + i)), vf_load(inverse + i))));
}

static void mixture_bins(int m, int c, const mixture *restrict mix, const scan_pixel *p, mixture_bin *restrict bin)
{
    const int32_t low_bits = mix->range->low_bits;
    float lower[SCAN_CHUNK], upper[SCAN_CHUNK], ends[2][SCAN_CHUNK];
    for (int i = 0; i < SCAN_CHUNK; i++) {
        const int32_t value = p[i < m ? i : 0].value[c];
        lower[i] = low_bits ? mixture_edge(mix, value) : mix->bin_edge[value];
        upper[i] = low_bits ? mixture_edge(mix, value + 1) : mix->bin_edge[value + 1];
        ends[0][i] = value == 0 ? 0.0f : 1.0f; /* the first and the last bin have no end */
        ends[1][i] = value == (256 << low_bits) - 1 ? 0.0f : 1.0f;
        bin->density[0][i] = bin->density[1][i] = bin->total[i] = 0.0f;
    }
    for (int k = 0; k < 4; k++) {
        float below[SCAN_CHUNK], above[SCAN_CHUNK];
        mixture_sigmoids(lower, mix->mean[k], mix->inverse[k], below);
        mixture_sigmoids(upper, mix->mean[k], mix->inverse[k], above);
        for (int i = 0; i < SCAN_CHUNK; i++) {
            float low = (lower[i] - mix->mean[k][i]) * mix->inverse[k][i];
            float high = (upper[i] - mix->mean[k][i]) * mix->inverse[k][i];
            float a = below[i], b = above[i];
            float da = a * (1.0f - a) * ends[0][i], db = b * (1.0f - b) * ends[1][i];
            a = a * ends[0][i];
            b = b * ends[1][i] + (1.0f - ends[1][i]);
            bin->mass[k][i] = b - a;
            bin->total[i] = bin->total[i] + mix->weight[k][i] * bin->mass[k][i];
            bin->density[0][i] = bin->density[0][i] + mix->weight[k][i] * da * mix->inverse[k][i];
            bin->density[1][i] = bin->density[1][i] + mix->weight[k][i] * db * mix->inverse[k][i];
            bin->shift[k][i] = mix->weight[k][i] * (db - da);
            bin->stretch[k][i] = mix->weight[k][i] * (db * high - da * low);
        }
    }
}

/* A derivative that is no larger counts as 0: its products could be subnormal numbers, for each of which some processors
 * take more than a hundred cycles. */
#define MIXTURE_LEAST_DERIVATIVE 0x1p-60f

EX float mixture_derivative(float x, float scale)
{
    const float d = ex_clip(x, -64.0f, 64.0f) * scale;
    return d > MIXTURE_LEAST_DERIVATIVE || d < -MIXTURE_LEAST_DERIVATIVE ? d : 0.0f;
}

/* Gradient of -ln p by the outputs, times `scale`, each element clipped to +-64 before: d, of pixels beyond m 0, and
 * d_output (m, NETWORK_OUTPUTS). Fills in the pixels' densities, the gradient by the bin's edges, and the share of p
 * that is the point mass's. */
static void mixture_gradient(int m, int c, const float *restrict output, const float *bin_edge, const scan_range *range,
                             scan_pixel *p, float scale, float (*restrict d)[SCAN_CHUNK], float *restrict d_output)
{
    mixture mix;
    mixture_inputs in;
    mixture_bin bin;
    float log_scale[4][SCAN_CHUNK] = {{0}};
    mixture_load(m, c, p, &in);
    mixture_prepare(m, &in, output, bin_edge, range, &mix);
    mixture_bins(m, c, &mix, p, &bin);
    transpose(m, 4, output + NETWORK_OUTPUT_LOG_SCALES, NETWORK_OUTPUTS, log_scale[0], SCAN_CHUNK);
    for (int i = 0; i < SCAN_CHUNK; i++) {
        const float rest = 1.0f - in.point[i], point = p[i < m ? i : 0].residual[c] == 0.0f ? in.point[i] : 0.0f;
        const float whole = 1.0f / ((rest * bin.total[i] + point) + 0x1p-20f);
        float inverse = rest * whole, sum = 0.0f;
        if (i < m) p[i].point_share[c] = point * whole;
        for (int e = 0; e < 2; e++) bin.density[e][i] = ex_clip(bin.density[e][i] * inverse, 0.0f, 4.0f);
        for (int k = 0; k < 4; k++) {
            float dmean = bin.shift[k][i] * mix.inverse[k][i] * inverse;
            sum = sum + dmean;
            d[NETWORK_OUTPUT_LOGITS + k][i] = mix.weight[k][i] * (bin.total[i] - bin.mass[k][i]) * inverse;
            d[NETWORK_OUTPUT_MEANS + k][i] = dmean * in.activity[i];
            float inside = log_scale[k][i] > -6.0f && log_scale[k][i] < 4.0f ? 1.0f : 0.0f;
            d[NETWORK_OUTPUT_LOG_SCALES + k][i] = bin.stretch[k][i] * inverse * inside;
        }
        for (int k = 0; k < 4; k++) d[NETWORK_OUTPUT_RESIDUAL_COEFFICIENTS + k][i] = sum * in.term[k][i];
    }
    for (int i = 0; i < m; i++)
        for (int e = 0; e < 2; e++) p[i].density[c][e] = bin.density[e][i];
    for (int j = 0; j < NETWORK_OUTPUTS; j++)
        for (int i = 0; i < SCAN_CHUNK; i++) d[j][i] = i < m ? mixture_derivative(d[j][i], scale) : 0.0f;
    transpose(NETWORK_OUTPUTS, m, d[0], SCAN_CHUNK, d_output, NETWORK_OUTPUTS);
}

#endif
