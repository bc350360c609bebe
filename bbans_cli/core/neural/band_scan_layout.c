/* Band scans: which shapes are valid, and where everything lies in the caller's buffer. */
#include <string.h>

#include "band_scan.h"

static int scan_multiple_of_16(int32_t n, int32_t most) { return n >= 16 && n <= most && n % 16 == 0; }

static int scan_power_of_two(int32_t n) { return n >= 1 && (n & (n - 1)) == 0; }

/* 0, or the BBC_SCAN_BAD_ code of the first field that no scan can have. */
static int scan_check_shape(const bbc_scan_shape *p)
{
    const int no_grid = p->grid_x == -1 && p->grid_y == -1;
    const int in_grid = p->grid_x >= 0 && p->grid_x < SCAN_PHASES && p->grid_y >= 0 && p->grid_y < SCAN_PHASES;
    if (p->width < 1 || p->width > SCAN_MAX_WIDTH) return BBC_SCAN_BAD_WIDTH;
    if (p->height < 1 || p->height > 1 << 28) return BBC_SCAN_BAD_HEIGHT;
    if (p->first_row < 0 || p->first_row > p->last_row || p->last_row > p->height) return BBC_SCAN_BAD_ROWS;
    if (p->channels != 1 && p->channels != 3) return BBC_SCAN_BAD_CHANNELS;
    if (!scan_multiple_of_16(p->hidden, SCAN_MAX_HIDDEN)) return BBC_SCAN_BAD_HIDDEN;
    if (p->layers < 1 || p->layers > SCAN_MAX_LAYERS) return BBC_SCAN_BAD_LAYERS;
    if (!scan_multiple_of_16(p->head, SCAN_MAX_HEAD)) return BBC_SCAN_BAD_HEAD;
    if (p->block < 0) return BBC_SCAN_BAD_BLOCK;
    if (p->batch < 0 || p->batch > 1 << 20) return BBC_SCAN_BAD_BATCH;
    if (p->update_interval < 1 || p->update_interval > 1 << 10) return BBC_SCAN_BAD_UPDATE_INTERVAL;
    if (p->trunk_after < 0) return BBC_SCAN_BAD_TRUNK_AFTER;
    if (!no_grid && !in_grid) return BBC_SCAN_BAD_GRID;
    if (!scan_power_of_two(p->period) || p->period > PHASE_LS_MAX_PERIOD) return BBC_SCAN_BAD_PERIOD;
    if (no_grid && p->period != 1) return BBC_SCAN_BAD_PERIOD;
    if (p->low_bits < 0 || p->low_bits > 8) return BBC_SCAN_BAD_DEPTH;
    if (p->fraction < 0 || p->fraction > p->low_bits) return BBC_SCAN_BAD_DEPTH;
    if (p->light < 0 || p->light > LINEAR_LIGHT_CURVES || (p->light && p->period != PHASE_LS_MOSAIC))
        return BBC_SCAN_BAD_LIGHT;
    if (p->correction < 0 || p->correction > 1) return BBC_SCAN_BAD_CORRECTION;
    return 0;
}

/* Hands out pieces of the caller's buffer; without a buffer it only counts. */
typedef struct {
    char *base;
    int64_t used;
} scan_arena;

static void *scan_take(scan_arena *a, int64_t bytes)
{
    void *p = a->base ? a->base + a->used : NULL;
    a->used += (bytes + SCAN_ALIGN - 1) / SCAN_ALIGN * SCAN_ALIGN;
    return p;
}

static float *scan_take_floats(scan_arena *a, int64_t rows, int64_t columns)
{
    return scan_take(a, rows * columns * (int64_t)sizeof(float));
}

static float *scan_take_zeros(scan_arena *a, int64_t rows, int64_t columns)
{
    float *p = scan_take_floats(a, rows, columns);
    if (p) memset(p, 0, (size_t)(rows * columns) * sizeof(float));
    return p;
}

int64_t scan_lay_network(const bbc_scan_shape *p, scan_network *net, float *flat)
{
    int64_t at = 0;
    const int64_t h = p->hidden, u = p->head;
    for (int layer = 0; layer < p->layers; layer++) {
        net->trunk[layer] = flat + at;
        at += (layer ? h : NETWORK_INPUTS) * h;
        net->trunk_bias[layer] = flat + at;
        at += h;
        if (layer > 0) continue;
        net->phase = flat + at;
        at += SCAN_PHASE_ROWS * h;
    }
    for (int c = 0; c < 3; c++) {
        net->head[c] = flat + at;
        at += (h + network_extra_count[c]) * u;
        net->head_bias[c] = flat + at;
        at += u;
        net->out[c] = flat + at;
        at += u * NETWORK_OUTPUTS;
        net->out_bias[c] = flat + at;
        at += NETWORK_OUTPUTS;
    }
    return at;
}

/* Floats in the flat array of weights, or a BBC_SCAN_BAD_ code. */
int64_t bbc_scan_weight_count(const bbc_scan_shape *shape)
{
    static float none;
    scan_network net;
    const int status = scan_check_shape(shape);
    return status ? status : scan_lay_network(shape, &net, &none);
}

static void scan_lay_local_ls(local_ls *r, int32_t width, scan_arena *a)
{
    r->width = width;
    r->stride = local_ls_stride(width);
    r->moments = scan_take_zeros(a, LOCAL_LS_MOMENTS, r->stride);
    r->factor = scan_take_zeros(a, LOCAL_LS_FACTOR, r->stride);
    r->vector = scan_take_zeros(a, LOCAL_LS_BLOCK * LOCAL_LS_ORDER, r->stride);
}

/* own: elements of a vector that hold the pixel's own values; targets: how many of them are predicted. */
static void scan_lay_phase_ls_system(phase_ls_system *f, int order, int own, int targets, int period, int64_t pixels,
                                     scan_arena *a)
{
    const int64_t phases = period * period;
    f->order = order;
    f->one = order - own - 1;
    f->known = order - targets;
    f->period = period;
    f->moments = scan_take_zeros(a, phases, PHASE_LS_ORDER * PHASE_LS_ORDER);
    f->prior = scan_take_floats(a, PHASE_LS_ORDER, PHASE_LS_ORDER);
    f->weights = scan_take_zeros(a, phases, PHASE_LS_ORDER * PHASE_LS_OUTPUTS);
    f->half_log_sigma = scan_take_zeros(a, phases, 2);
    f->vector = scan_take_floats(a, pixels, PHASE_LS_ORDER);
}

/* What the forward pass keeps of each of n pixels. */
static void scan_lay_forward(scan_state *s, int64_t n, scan_arena *a)
{
    const bbc_scan_shape *p = &s->shape;
    s->pixel = scan_take(a, n * (int64_t)sizeof *s->pixel);
    s->input = scan_take_floats(a, n, SCAN_INPUT_STRIDE);
    for (int layer = 0; layer < p->layers; layer++) {
        int last = layer == p->layers - 1;
        s->active[layer] = scan_take_floats(a, n, p->hidden);
        s->hidden[layer] =
            layer == 0 && !last ? s->active[0] : scan_take_floats(a, n, p->hidden + (last ? SCAN_EXTRA_ROOM : 0));
    }
    for (int c = 0; c < 3; c++) {
        s->unit[c] = scan_take_floats(a, n, p->head);
        s->output[c] = scan_take_floats(a, n, NETWORK_OUTPUTS);
    }
    s->window = scan_take(a, n * SCAN_WINDOW * (int64_t)sizeof *s->window);
}

/* What learning needs: of each weight, and of each of n pixels. */
static void scan_lay_learning(scan_state *s, int64_t n, scan_arena *a)
{
    const bbc_scan_shape *p = &s->shape;
    const int64_t weights = s->weight_count + 3 * SCAN_CORRECTION_WEIGHTS;
    s->first = scan_take_zeros(a, 1, weights);
    s->second = scan_take_zeros(a, 1, weights);
    s->correction_record = scan_take_zeros(a, SCAN_CORRECTION_RING * (int64_t)(p->last_row - p->first_row), 6);
    for (int layer = 0; layer < p->layers; layer++) s->d_active[layer] = scan_take_floats(a, n, p->hidden);
    for (int c = 0; c < 3; c++) {
        s->d_unit[c] = scan_take_floats(a, n, p->head);
        s->d_output[c] = scan_take_floats(a, n, NETWORK_OUTPUTS);
        s->correction_input[c] = scan_take_floats(a, n, SCAN_CORRECTION_STRIDE);
        s->d_correction[c] = scan_take_floats(a, n, SCAN_CORRECTION_COLUMNS);
    }
}

int64_t scan_lay_state(scan_state *s, void *base)
{
    scan_arena arena = {base, 0}, *a = &arena;
    const bbc_scan_shape *p = &s->shape;
    const int64_t rows = p->last_row - p->first_row, columns = (p->width + SCAN_SKEW - 1) / SCAN_SKEW;
    const int64_t diagonal = rows < columns ? rows : columns, n = diagonal + p->batch + SCAN_CHUNK;
    const int mosaic = p->period == PHASE_LS_MOSAIC, green = mosaic ? PHASE_LS_ORDER : PHASE_LS_GREEN,
              chroma = mosaic ? PHASE_LS_ORDER : PHASE_LS_CHROMA;
    scan_take(a, sizeof *s);
    s->capacity = (int32_t)n;
    s->stride = (p->width + 2 * SCAN_PAD + 15) / 16 * 16;
    for (int c = 0; c < 3; c++)
        s->plane[c] = scan_take(a, s->stride * ((int64_t)p->height + SCAN_PAD) * (int64_t)sizeof(uint16_t));
    s->weights = scan_take_zeros(a, 1, s->weight_count + 3 * SCAN_CORRECTION_WEIGHTS);
    for (int c = 0; base && c < 3; c++) s->correction[c] = s->weights + s->weight_count + c * SCAN_CORRECTION_WEIGHTS;
    s->log_activity = scan_take_floats(a, 1, SCAN_ACTIVITIES);
    s->inverse_activity = scan_take_floats(a, 1, SCAN_ACTIVITIES);
    s->light = p->light ? scan_take_floats(a, 1, 256 << p->low_bits) : NULL;
    s->sample_of_root = p->light ? scan_take_floats(a, 1, LINEAR_LIGHT_ROOTS + 1) : NULL;
    s->bin_edge = scan_take_floats(a, 3, SCAN_BIN_EDGES);
    s->bin_edge_count = scan_take_zeros(a, 3, SCAN_BIN_EDGES);
    scan_lay_local_ls(&s->local_ls, p->width, a);
    scan_lay_phase_ls_system(&s->phase_ls.green, green, 1, 1, phase_ls_green_period(p->period), diagonal, a);
    scan_lay_phase_ls_system(&s->phase_ls.chroma, chroma, 3, 2, p->period, diagonal, a);
    s->phase_ls.errors = scan_take_zeros(a, PHASE_LS_RING * rows, 6);
    s->prepared = scan_take(a, (diagonal / 16 + 1) * 6 * (int64_t)sizeof *s->prepared);
    for (int64_t i = 0; base && i < (diagonal / 16 + 1) * 6; i++) atomic_init(s->prepared + i, 0);
    scan_lay_forward(s, n, a);
    if (p->batch) scan_lay_learning(s, n, a);
    return a->used;
}

/* Bytes of the buffer that a scan needs, or a BBC_SCAN_BAD_ code. */
int64_t bbc_scan_size(const bbc_scan_shape *shape)
{
    scan_state s;
    const int64_t weights = bbc_scan_weight_count(shape);
    if (weights < 0) return weights;
    memset(&s, 0, sizeof s);
    s.shape = *shape;
    s.weight_count = weights;
    return scan_lay_state(&s, NULL);
}
