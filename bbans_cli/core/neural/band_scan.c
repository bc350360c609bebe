/* Band scans: their beginning, their threads and the entry points. band_scan_layout.c lays out the memory; the work
 * itself is in wavefront-inl.h, once per instruction set. */
#include "band_scan.h"

#include <string.h>

static void scan_begin_weights(scan_state *s, const float *weights)
{
    const bbc_scan_shape *p = &s->shape;
    memcpy(s->weights, weights, (size_t)s->weight_count * sizeof *weights);
    scan_lay_network(p, &s->net, s->weights);
    s->beta2 = 1.0f;
}

/* The activity is 0.7 + the mean of the 12 nearest absolute differences. 0.7 was tuned by hand, not recorded. */
static void scan_begin_activities(scan_state *s)
{
    bbc_fp_state saved = bbc_fp_enter();
    for (int sum = 0; sum < SCAN_ACTIVITIES; sum++) {
        float activity = 0.7f + (float)sum / 12.0f, log_activity;
        s->inverse_activity[sum] = 1.0f / activity;
        s->kernels->map32(BBC_MAP32_LOG, 1, &activity, &log_activity);
        s->log_activity[sum] = log_activity * 0x1.715476p-1f - 1.0f; /* (log2(activity) - 2) / 2 */
    }
    bbc_fp_leave(saved);
}

/* The samples whose lights are the squares of even steps: between those of two samples, in proportion. */
static void scan_begin_sample_of_root(scan_state *s, int32_t last)
{
    int32_t value = 0;
    for (int32_t i = 0; i <= LINEAR_LIGHT_ROOTS; i++) {
        const float light = (float)(i * i) * (1.0f / (LINEAR_LIGHT_ROOTS * LINEAR_LIGHT_ROOTS)) * s->range.top;
        while (value + 1 < last && s->light[value + 1] <= light) value++;
        const float step = s->light[value + 1] - s->light[value];
        s->sample_of_root[i] = ((float)value + (light - s->light[value]) / step) * s->range.step;
    }
}

/* The light of each sample, in the network's units, and back. */
static void scan_begin_light(scan_state *s)
{
    const int32_t last = (256 << s->range.low_bits) - 1;
    const float contrast = (float)(s->shape.light - 1) * 0.125f;
    bbc_fp_state saved = bbc_fp_enter();
    for (int32_t value = 0; value <= last; value++) {
        float share = (float)value / (float)last;
        share = share + contrast * share * (1.0f - share) * (1.0f - (share + share));
        if (share <= 0.04045f) {
            share = share / 12.92f;
        } else {
            share = (share + 0.055f) / 1.055f;
            s->kernels->map32(BBC_MAP32_LOG, 1, &share, &share);
            share = share * 2.4f;
            s->kernels->map32(BBC_MAP32_EXP, 1, &share, &share);
        }
        s->light[value] = share * s->range.top;
    }
    scan_begin_sample_of_root(s, last);
    bbc_fp_leave(saved);
}

static void scan_begin_bins(scan_state *s)
{
    for (int c = 0; c < 3; c++) s->point[c] = s->range.low_bits ? SCAN_FIRST_POINT : 0.0f;
    const scan_range *range = &s->range;
    for (int i = 0; i < 3 * SCAN_BIN_EDGES; i++)
        s->bin_edge[i] = ((float)((i % SCAN_BIN_EDGES) << range->low_bits) - 0.5f) * range->step;
}

/* Reads the last SCAN_PAD rows above the first. The very first pixel of a band sees the middle of the range. */
static void scan_begin_planes(scan_state *s)
{
    const bbc_scan_shape *p = &s->shape;
    for (int c = 0; c < 3; c++)
        for (ptrdiff_t i = 0; i < s->stride * ((ptrdiff_t)p->height + SCAN_PAD); i++)
            s->plane[c][i] = (uint16_t)(128 << p->low_bits);
    for (int y = p->first_row > SCAN_PAD ? p->first_row - SCAN_PAD : 0; y < p->first_row; y++)
        for (int x = 0; x < p->width; x++) {
            int32_t value[3];
            scan_read(s, x, y, value);
            scan_enter(s, x, y, value);
        }
}

/* Lay out `state` (64-byte aligned, `size` bytes) for a scan. Returns 0 or a code.
 *
 * weights: bbc_scan_weight_count floats. modulation: (blocks, layers, 2, hidden) floats, blocks in raster order, or
 * NULL; it and pixels, (height, width, channels) bytes or, with low_bits, uint16_t, must stay where they are for all calls on this state. Of the
 * rows above first_row the last SCAN_PAD are read now. */
int bbc_scan_begin(void *state, int64_t size, const bbc_scan_shape *shape, const float *weights,
                   const float *modulation, void *pixels)
{
    scan_state *s = state;
    const int64_t need = bbc_scan_size(shape);
    if (need < 0) return (int)need;
    if (size < need || (uintptr_t)state % SCAN_ALIGN) return BBC_SCAN_SMALL_BUFFER;
    if (modulation && shape->block < 1) return BBC_SCAN_BAD_BLOCK;
    memset(s, 0, sizeof *s);
    s->shape = *shape;
    s->kernels = bbc_kernels_now();
    s->modulation = modulation;
    s->pixels = pixels;
    s->range = scan_range_of(shape->low_bits, shape->fraction);
    s->weight_count = bbc_scan_weight_count(shape);
    scan_lay_state(s, state);
    scan_begin_weights(s, weights);
    scan_begin_activities(s);
    if (s->light) scan_begin_light(s);
    scan_begin_bins(s);
    scan_begin_planes(s);
    s->diagonal = SCAN_SKEW * shape->first_row;
    s->last_diagonal =
        shape->last_row > shape->first_row ? shape->width - 1 + SCAN_SKEW * (shape->last_row - 1) : s->diagonal - 1;
    return 0;
}

static void scan_work(void *state, int index)
{
    scan_state *s = state;
    s->kernels->wavefront(s, index);
}

static int64_t scan_run(scan_state *s, int threads, int64_t budget)
{
    s->budget = budget;
    s->done = 0;
    s->error = 0;
    if (bbc_team_run(&s->team, threads, scan_work, s) == TEAM_REFUSED) return BBC_SCAN_BAD_THREADS;
    s->coded += s->done;
    return s->error ? s->error : s->done;
}

/* Intervals of further pixels, in coding order: diagonal by diagonal, in a diagonal G, R, B, in a channel by rows.
 *
 * Stops after the diagonal in which `budget` pixels are reached; returns the number of pixels, 0 at the end of the
 * scan. starts, freqs: room for channels * (budget + height) sub-pixels; precision is SCAN_PRECISION. */
int64_t bbc_scan_encode(void *state, int threads, int64_t budget, uint32_t *starts, uint32_t *freqs)
{
    scan_state *s = state;
    s->decode = 0;
    s->starts = starts;
    s->freqs = freqs;
    return scan_run(s, threads, budget);
}

/* Pops further pixels from the message and writes them to the pixels given at the start. Returns their number, 0 at the
 * end of the scan, or an error of the rANS stack (negative), after which the scan cannot go on. freqs: as in
 * bbc_scan_encode, or NULL. */
int64_t bbc_scan_decode(void *state, int threads, int64_t budget, uint64_t *ans_state, bbc_ans_words *words,
                        uint32_t *freqs)
{
    scan_state *s = state;
    s->decode = 1;
    s->ans_state = ans_state;
    s->words = words;
    s->freqs = freqs;
    return scan_run(s, threads, budget);
}

/* What both least squares predict of each pixel of a scan that has just begun, and is used up by this: least_squares
 * (rows, width, NETWORK_LS_COLUMNS). Returns the number of pixels. */
int64_t bbc_scan_least_squares(void *state, float *least_squares)
{
    scan_state *s = state;
    s->decode = 0;
    s->team.threads = 1;
    bbc_fp_state saved = bbc_fp_enter();
    s->kernels->least_squares(s, least_squares);
    bbc_fp_leave(saved);
    return (int64_t)(s->shape.last_row - s->shape.first_row) * s->shape.width;
}

/* The weights as learning has left them. */
int bbc_scan_weights(const void *state, float *weights)
{
    const scan_state *s = state;
    memcpy(weights, s->weights, (size_t)s->weight_count * sizeof *weights);
    return 0;
}

/* From now on each step of the optimiser leaves its gradient there, (weight_count) in nats per pixel; or NULL.
 * BBC_SCAN_STATIC if the scan does not learn. */
int bbc_scan_keep_gradient(void *state, float *gradient)
{
    scan_state *s = state;
    if (!s->shape.batch) return BBC_SCAN_STATIC;
    s->gradient = gradient;
    return 0;
}
