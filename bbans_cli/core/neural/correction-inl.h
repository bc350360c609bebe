/* Correction of the mixture by its own errors nearby (docs/model.md, Correction by own errors): a linear function of
 * them, whose weights are 0 when a scan begins and learn as the network's do, moves the means and the scales of all
 * four components together.
 *
 * There are CORRECTION_SETS sets of weights, two columns for each: of the means, of the log scales. A pixel uses two of
 * them, one by its column and row modulo 2, one by the size of the error that the mixture expects. All are multiplied
 * out, since a matrix product of 16 columns takes as long as one of four. */
#ifndef BBC_CORRECTION_H
#define BBC_CORRECTION_H

#include "gemm-inl.h"
#include "mixture-inl.h"

enum {
    CORRECTION_PHASES = 4, /* sets by column and row modulo 2; those by the expected error follow */
    CORRECTION_NEAR = 10,  /* pixels nearby whose errors are inputs */
    CORRECTION_AROUND = 4  /* the nearest of them */
};
#define CORRECTION_LOG_4 0x1.62e43p+0f
#define CORRECTION_PHASE_SHARE 0.5f /* docs/experiments.md, Correction by own errors */

/* Where the pixels nearby are, the nearest first: columns, rows. */
static const int correction_near[CORRECTION_NEAR][2] = {{-1, 0}, {0, -1}, {-1, -1}, {1, -1}, {-2, 0},
                                                        {0, -2}, {2, -1}, {-2, -1}, {1, -2}, {-1, -2}};

/* Number `what` of the six that are kept of each pixel of diagonal x + 4y, for SCAN_CORRECTION_RING diagonals: by channel,
 * the error of the mixture's mean, and the size of error that the mixture expected. One for each row, those of a diagonal
 * beside each other; the element of row y. */
EX float *correction_record(const scan_state *s, int diagonal, int what, int y)
{
    const int rows = s->shape.last_row - s->shape.first_row;
    return s->correction_record + (ptrdiff_t)(diagonal % SCAN_CORRECTION_RING * 6 + what) * rows + y -
           s->shape.first_row;
}

/* The same of the pixel (x, y), 0 outside the rows of the scan, but beyond the end of a row that of its last pixel. */
EX float correction_known(const scan_state *s, int x, int y, int what)
{
    if (x >= s->shape.width) x = s->shape.width - 1;
    return x < 0 || y < s->shape.first_row ? 0.0f : *correction_record(s, x + SCAN_SKEW * y, what, y);
}

/* The same of the pixels that lie dx columns and dy rows from m pixels p, below each other in one diagonal. But for the
 * first two and the last, none of these is outside. */
EX void correction_beside(const scan_state *s, int m, const scan_pixel *p, int dx, int dy, int what, float *out)
{
    for (int i = 0; i < m && i < 2; i++) out[i] = correction_known(s, p[i].x + dx, p[i].y + dy, what);
    if (m <= 2) return;
    const int diagonal = p->x + SCAN_SKEW * p->y + dx + SCAN_SKEW * dy;
    memcpy(out + 2, correction_record(s, diagonal, what, p[2].y + dy), (size_t)(m - 3) * sizeof *out);
    out[m - 1] = correction_known(s, p[m - 1].x + dx, p[m - 1].y + dy, what);
}

/* A pixel is known now. */
EX void correction_enter(const scan_state *s, const scan_pixel *p)
{
    const int diagonal = p->x + SCAN_SKEW * p->y;
    for (int c = 0; c < 3; c++) {
        const int coded = c < s->shape.channels;
        *correction_record(s, diagonal, c, p->y) = coded ? (float)p->value[c] * s->range.step - p->mean[c] : 0.0f;
        *correction_record(s, diagonal, 3 + c, p->y) = coded ? p->expected[c] : 0.0f;
    }
}

/* Mean, and expected error, of m pixels' mixtures before they are corrected. */
static void correction_expect(int m, int c, const mixture *mix, scan_pixel *p)
{
    float mean[SCAN_CHUNK], expected[SCAN_CHUNK];
    for (int i = 0; i < SCAN_CHUNK; i++) {
        mean[i] = (mix->weight[0][i] * mix->mean[0][i] + mix->weight[1][i] * mix->mean[1][i]) +
                  (mix->weight[2][i] * mix->mean[2][i] + mix->weight[3][i] * mix->mean[3][i]);
        expected[i] = 0.0f;
    }
    for (int k = 0; k < NETWORK_COMPONENTS; k++)
        for (int i = 0; i < SCAN_CHUNK; i++) {
            const float away = __builtin_fabsf(mix->mean[k][i] - mean[i]);
            expected[i] = expected[i] + mix->weight[k][i] * (away + CORRECTION_LOG_4 / mix->inverse[k][i]);
        }
    for (int i = 0; i < m; i++) {
        p[i].mean[c] = mean[i];
        p[i].expected[c] = expected[i];
    }
}

/* What is known of up to SCAN_CHUNK pixels before their first channel is, and the inputs that follow from it. */
typedef struct {
    float inverse[SCAN_CHUNK];                   /* 1 / activity of a channel */
    float error[3][CORRECTION_NEAR][SCAN_CHUNK]; /* nearby */
    float expected[3][SCAN_CHUNK];               /* mean expected error around */
    float in[NETWORK_CORRECTIONS][SCAN_CHUNK];   /* inputs of a channel */
} correction_nearby;

/* The errors nearby of m pixels, below each other in one diagonal; the rest of the lanes hold what they held. */
static void correction_gather(const scan_state *s, int m, const scan_pixel *p, correction_nearby *n)
{
    float expected[CORRECTION_AROUND][SCAN_CHUNK] = {{0}};
    for (int c = 0; c < 3; c++) {
        for (int k = 0; k < CORRECTION_NEAR; k++) {
            const int dx = correction_near[k][0], dy = correction_near[k][1];
            correction_beside(s, m, p, dx, dy, c, n->error[c][k]);
            if (k < CORRECTION_AROUND) correction_beside(s, m, p, dx, dy, 3 + c, expected[k]);
        }
        for (int i = 0; i < SCAN_CHUNK; i++)
            n->expected[c][i] = ((expected[0][i] + expected[1][i]) + (expected[2][i] + expected[3][i])) * 0.25f;
    }
}

/* Half the logarithm of a ratio of sizes, about 0 where it is typical. */
EX float correction_size(float size, float over, float offset)
{
    return ex_clip(ex_log((size + 0.25f) * over) * 0.5f + offset, -3.0f, 3.0f);
}

/* The inputs of channel c that errors nearby give; the others are 0. */
static void correction_nearby_inputs(int c, correction_nearby *n)
{
    const float (*own)[SCAN_CHUNK] = n->error[c];
    memset(n->in, 0, sizeof n->in);
    for (int k = 0; k < CORRECTION_NEAR; k++)
        for (int i = 0; i < SCAN_CHUNK; i++)
            n->in[NETWORK_CORRECTION_OWN_ERRORS + k][i] = ex_clip(own[k][i] * n->inverse[i], -6.0f, 6.0f);
    for (int k = 0; k < 2 * CORRECTION_AROUND; k++)
        for (int i = 0; i < SCAN_CHUNK; i++)
            n->in[NETWORK_CORRECTION_OTHER_ERRORS + k][i] =
                ex_clip(n->error[(c + 1 + k % 2) % 3][k / 2][i] * n->inverse[i], -6.0f, 6.0f);
    for (int i = 0; i < SCAN_CHUNK; i++) {
        float size[CORRECTION_NEAR];
        for (int k = 0; k < CORRECTION_NEAR; k++) size[k] = __builtin_fabsf(own[k][i]);
        const float around = ((size[0] + size[1]) + (size[2] + size[3])) * 0.25f;
        const float farther = (((size[4] + size[5]) + (size[6] + size[7])) + (size[8] + size[9])) * (1.0f / 6.0f);
        n->in[NETWORK_CORRECTION_ERROR_SIZE][i] = correction_size(around, n->inverse[i], 0.3f);
        n->in[NETWORK_CORRECTION_FARTHER_SIZE][i] = correction_size(farther, n->inverse[i], 0.3f);
        n->in[NETWORK_CORRECTION_ERROR_RATIO][i] = correction_size(around, 1.0f / (n->expected[c][i] + 0.25f), 0.0f);
    }
}

/* Writes these inputs, of all channels, of pixels [from, to) of the mini-batch, at most SCAN_CHUNK. */
static void correction_see_nearby(scan_state *s, int from, int to)
{
    const int m = to - from;
    const scan_pixel *p = s->pixel + from;
    correction_nearby n = {0};
    correction_gather(s, m, p, &n);
    for (int c = 0; c < s->shape.channels; c++) {
        float *input = s->correction_input[c] + (ptrdiff_t)from * SCAN_CORRECTION_STRIDE;
        for (int i = 0; i < m; i++) n.inverse[i] = 1.0f / p[i].activity[c];
        correction_nearby_inputs(c, &n);
        transpose(NETWORK_CORRECTIONS, m, n.in[0], SCAN_CHUNK, input, SCAN_CORRECTION_STRIDE);
    }
}

/* Writes the other inputs of channel c of m pixels, which follow from its mixture and from the channels before. */
static void correction_see_here(const scan_state *s, int m, int c, const scan_pixel *p, float *input)
{
    float distance[2][SCAN_CHUNK] = {{0}}, error[2][SCAN_CHUNK] = {{0}}, size[2][SCAN_CHUNK], ratio[2][SCAN_CHUNK];
    float inverse[SCAN_CHUNK] = {0}, expected[2][SCAN_CHUNK] = {{0}};
    for (int i = 0; i < m; i++) {
        inverse[i] = 1.0f / p[i].activity[c];
        distance[0][i] = (p[i].local_conditional[c] + p[i].base[c]) - p[i].mean[c];
        distance[1][i] = (p[i].phase_prediction[c] + p[i].base[c]) - p[i].mean[c];
        for (int e = 0; e < c; e++) {
            error[e][i] = (float)p[i].value[e] * s->range.step - p[i].mean[e];
            expected[e][i] = p[i].expected[e];
        }
    }
    for (int e = 0; e < c; e++)
        for (int i = 0; i < SCAN_CHUNK; i++) {
            const float absolute = __builtin_fabsf(error[e][i]);
            size[e][i] = correction_size(absolute, inverse[i], 0.3f);
            ratio[e][i] = correction_size(absolute, 1.0f / (expected[e][i] + 0.25f), 0.0f);
        }
    for (int i = 0; i < m; i++, input += SCAN_CORRECTION_STRIDE) {
        for (int k = 0; k < 2; k++)
            input[NETWORK_CORRECTION_DISTANCES + k] = ex_clip(distance[k][i] * inverse[i], -6.0f, 6.0f);
        for (int e = 0; e < c; e++) {
            input[NETWORK_CORRECTION_EARLIER_ERRORS + e] = ex_clip(error[e][i] * inverse[i], -6.0f, 6.0f);
            input[NETWORK_CORRECTION_EARLIER_SIZES + e] = size[e][i];
            input[NETWORK_CORRECTION_EARLIER_RATIOS + e] = ratio[e][i];
        }
    }
}

/* The first columns of the two sets of weights that channel c of a pixel uses. */
EX void correction_sets(const scan_pixel *p, int c, int column[2])
{
    const float expected = p->expected[c];
    column[0] = 2 * ((p->y & 1) * 2 + (p->x & 1));
    column[1] = 2 * (CORRECTION_PHASES + (expected >= 1.0f) + (expected >= 2.0f) + (expected >= 4.0f));
}

/* Corrects the outputs of channel c of pixels [from, to) of the mini-batch, at most SCAN_CHUNK. */
static void correction_apply(scan_state *s, int c, int from, int to)
{
    static const float zero[SCAN_CORRECTION_COLUMNS];
    const int m = to - from;
    scan_pixel *p = s->pixel + from;
    float *output = s->output[c] + (ptrdiff_t)from * NETWORK_OUTPUTS;
    float *input = s->correction_input[c] + (ptrdiff_t)from * SCAN_CORRECTION_STRIDE;
    float sum[SCAN_CHUNK * SCAN_CORRECTION_COLUMNS];
    mixture_inputs known;
    mixture mix;
    mixture_load(m, c, p, &known);
    mixture_prepare(m, &known, output, s->bin_edge, &s->range, &mix);
    correction_expect(m, c, &mix, p);
    if (c == 0) correction_see_nearby(s, from, to);
    correction_see_here(s, m, c, p, input);
    gemm(m, SCAN_CORRECTION_COLUMNS, NETWORK_CORRECTIONS, input, SCAN_CORRECTION_STRIDE, 1, s->correction[c],
         SCAN_CORRECTION_COLUMNS, zero, sum, SCAN_CORRECTION_COLUMNS);
    for (int i = 0; i < m; i++, output += NETWORK_OUTPUTS) {
        int column[2];
        correction_sets(p + i, c, column);
        const float *by_phase = sum + i * SCAN_CORRECTION_COLUMNS + column[0];
        const float *by_size = sum + i * SCAN_CORRECTION_COLUMNS + column[1];
        const float shift = by_size[0] + CORRECTION_PHASE_SHARE * by_phase[0];
        const float stretch = by_size[1] + CORRECTION_PHASE_SHARE * by_phase[1];
        for (int k = 0; k < NETWORK_COMPONENTS; k++) {
            output[NETWORK_OUTPUT_MEANS + k] = output[NETWORK_OUTPUT_MEANS + k] + shift;
            output[NETWORK_OUTPUT_LOG_SCALES + k] = output[NETWORK_OUTPUT_LOG_SCALES + k] + stretch;
        }
    }
}

/* The derivatives of -ln p by the sums, of channel c of m pixels, from those by the outputs. */
static void correction_gradient(int m, int c, const scan_pixel *p, const float *restrict d_output, float *restrict d)
{
    memset(d, 0, (size_t)m * SCAN_CORRECTION_COLUMNS * sizeof *d);
    for (int i = 0; i < m; i++, d_output += NETWORK_OUTPUTS, d += SCAN_CORRECTION_COLUMNS) {
        const float *mean = d_output + NETWORK_OUTPUT_MEANS, *log_scale = d_output + NETWORK_OUTPUT_LOG_SCALES;
        const float shift = (mean[0] + mean[1]) + (mean[2] + mean[3]);
        const float stretch = (log_scale[0] + log_scale[1]) + (log_scale[2] + log_scale[3]);
        int column[2];
        correction_sets(p + i, c, column);
        d[column[0]] = CORRECTION_PHASE_SHARE * shift;
        d[column[0] + 1] = CORRECTION_PHASE_SHARE * stretch;
        d[column[1]] = shift;
        d[column[1] + 1] = stretch;
    }
}

#endif
