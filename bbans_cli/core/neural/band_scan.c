/* Passes: memory, threads and the entry points. The scan_thread itself is in wavefront-inl.h, once per instruction set. */
#include "band_scan.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>

enum {
    SCAN_ALIGN = 64,
    SCAN_MAX_THREADS = 64,
    SCAN_STACK = 1 << 20 /* phase_ls_solve has 140 KB; some systems give a thread 128 */
};

static int scan_check_shape(const bbc_scan_shape *p)
{
    return p->width >= 1 && p->height >= 1 && p->width <= SCAN_MAX_WIDTH && p->height <= 1 << 28 && p->first_row >= 0 &&
           p->first_row <= p->last_row && p->last_row <= p->height && (p->channels == 1 || p->channels == 3) &&
           p->hidden >= 16 && p->hidden <= SCAN_MAX_HIDDEN && p->hidden % 16 == 0 && p->layers >= 1 &&
           p->layers <= SCAN_MAX_LAYERS && p->head >= 16 && p->head <= SCAN_MAX_HEAD && p->head % 16 == 0 &&
           p->batch >= 0 && p->batch <= 1 << 20 && p->update_interval >= 1 && p->update_interval <= 1 << 10 &&
           p->block >= 0 && p->grid_x >= -1 && p->grid_x < SCAN_PHASES && p->grid_y >= -1 && p->grid_y < SCAN_PHASES &&
           (p->grid_x < 0) == (p->grid_y < 0) && p->period >= 1 && p->period <= PHASE_LS_MAX_PERIOD &&
           (p->period & (p->period - 1)) == 0 && (p->grid_x >= 0 || p->period == 1);
}

/* Hands out pieces of the caller's buffer; with no buffer it only counts. */
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

static int64_t scan_lay_network(const bbc_scan_shape *p, scan_network *net, float *flat)
{
    int64_t at = 0;
    const int64_t h = p->hidden, u = p->head;
    for (int layer = 0; layer < p->layers; layer++) {
        net->trunk[layer] = flat + at;
        at += (layer ? h : SCAN_INPUTS) * h;
        net->trunk_bias[layer] = flat + at;
        at += h;
        if (layer > 0) continue;
        net->phase = flat + at;
        at += SCAN_PHASE_ROWS * h;
    }
    for (int c = 0; c < 3; c++) {
        net->head[c] = flat + at;
        at += (h + scan_extra[c]) * u;
        net->head_bias[c] = flat + at;
        at += u;
        net->out[c] = flat + at;
        at += u * SCAN_OUTPUTS;
        net->out_bias[c] = flat + at;
        at += SCAN_OUTPUTS;
    }
    return at;
}

/* Floats in the flat array of weights, or BBC_SCAN_BAD_SHAPE. */
int64_t bbc_scan_weight_count(const bbc_scan_shape *p)
{
    static float none;
    scan_network net;
    return scan_check_shape(p) ? scan_lay_network(p, &net, &none) : BBC_SCAN_BAD_SHAPE;
}

static void scan_lay_phase_ls(phase_ls_system *f, int order, int one, int known, int period, int64_t batch,
                              scan_arena *a)
{
    const int64_t phases = period * period;
    f->order = order;
    f->one = one;
    f->known = known;
    f->period = period;
    f->moments = scan_take_floats(a, phases, PHASE_LS_ORDER * PHASE_LS_ORDER);
    f->prior = scan_take_floats(a, PHASE_LS_ORDER, PHASE_LS_ORDER);
    f->weights = scan_take_floats(a, phases, PHASE_LS_ORDER * PHASE_LS_OUTPUTS);
    f->half_log_sigma = scan_take_floats(a, phases, 2);
    f->vector = scan_take_floats(a, batch, PHASE_LS_ORDER);
}

static int64_t scan_lay_state(scan_state *s, scan_arena *a)
{
    const bbc_scan_shape *p = &s->shape;
    const int64_t h = p->hidden, u = p->head, columns = (p->width + SCAN_SKEW - 1) / SCAN_SKEW;
    const int64_t rows = p->last_row - p->first_row, batch = rows < columns ? rows : columns;
    const int64_t n = batch + (p->batch ? p->batch : 0) + SCAN_CHUNK;
    s->capacity = (int32_t)n;
    s->stride = (p->width + 2 * SCAN_PAD + 15) / 16 * 16;
    for (int c = 0; c < 3; c++) s->plane[c] = scan_take(a, s->stride * ((int64_t)p->height + SCAN_PAD));
    s->weights = scan_take_floats(a, 1, s->weight_count);
    s->log_activity = scan_take_floats(a, 1, SCAN_ACTIVITIES);
    s->inverse_activity = scan_take_floats(a, 1, SCAN_ACTIVITIES);
    s->bin_edge = scan_take_floats(a, 3, SCAN_BIN_EDGES);
    s->bin_edge_count = scan_take_floats(a, 3, SCAN_BIN_EDGES);
    s->pixel = scan_take(a, n * (int64_t)sizeof *s->pixel);
    s->input = scan_take_floats(a, n, SCAN_INPUT_STRIDE);
    for (int layer = 0; layer < p->layers; layer++) {
        int last = layer == p->layers - 1;
        s->active[layer] = scan_take_floats(a, n, h);
        s->hidden[layer] = layer == 0 && !last ? s->active[0] : scan_take_floats(a, n, h + (last ? SCAN_EXTRAS : 0));
    }
    for (int c = 0; c < 3; c++) {
        s->unit[c] = scan_take_floats(a, n, u);
        s->output[c] = scan_take_floats(a, n, SCAN_OUTPUTS);
    }
    local_ls *r = &s->local_ls;
    r->width = p->width;
    r->stride = local_ls_stride(p->width);
    r->moments = scan_take_floats(a, LOCAL_LS_MOMENTS, r->stride);
    r->factor = scan_take_floats(a, LOCAL_LS_FACTOR, r->stride);
    r->vector = scan_take_floats(a, LOCAL_LS_BLOCK * LOCAL_LS_ORDER, r->stride);
    scan_lay_phase_ls(&s->phase_ls.green, PHASE_LS_GREEN, PHASE_LS_GREEN - 2, PHASE_LS_GREEN - 1, 1, batch, a);
    scan_lay_phase_ls(&s->phase_ls.chroma, PHASE_LS_CHROMA, PHASE_LS_CHROMA - 4, PHASE_LS_CHROMA - 2, p->period, batch,
                      a);
    s->phase_ls.errors = scan_take_floats(a, PHASE_LS_RING * rows, 6);
    s->window = scan_take(a, n * SCAN_WINDOW * (int64_t)sizeof *s->window);
    if (p->batch) {
        s->gradients = scan_take_floats(a, 1, s->weight_count);
        s->first = scan_take_floats(a, 1, s->weight_count);
        s->second = scan_take_floats(a, 1, s->weight_count);
        s->transpose_buffer = scan_take_floats(a, 1, s->weight_count);
        s->d_hidden = scan_take_floats(a, n, h);
        for (int layer = 0; layer < p->layers; layer++) s->d_active[layer] = scan_take_floats(a, n, h);
        for (int c = 0; c < 3; c++) {
            s->d_unit[c] = scan_take_floats(a, n, u);
            s->d_output[c] = scan_take_floats(a, n, SCAN_OUTPUTS);
        }
    }
    return a->used;
}

/* Bytes of the buffer that a pass needs, or BBC_SCAN_BAD_SHAPE. */
int64_t bbc_scan_size(const bbc_scan_shape *p)
{
    scan_arena a = {NULL, 0};
    scan_state s;
    if (!scan_check_shape(p)) return BBC_SCAN_BAD_SHAPE;
    memset(&s, 0, sizeof s);
    s.shape = *p;
    s.weight_count = bbc_scan_weight_count(p);
    scan_take(&a, sizeof s);
    return scan_lay_state(&s, &a);
}

/* Nothing known, nothing predicted. */
static void scan_begin_phase_ls(const phase_ls_system *f)
{
    const size_t phases = (size_t)f->period * (size_t)f->period;
    memset(f->moments, 0, phases * PHASE_LS_ORDER * PHASE_LS_ORDER * sizeof(float));
    memset(f->weights, 0, phases * PHASE_LS_ORDER * PHASE_LS_OUTPUTS * sizeof(float));
    memset(f->half_log_sigma, 0, phases * 2 * sizeof(float));
}

/* Lay out `state` (64-byte aligned, `size` bytes) for a pass.
 *
 * weights: bbc_scan_weight_count floats. modulation: (blocks, layers, 2, hidden) floats, blocks in raster order, or NULL; it
 * and pixels, (height, width, channels) bytes, must stay where they are for all calls on this state. Of the rows above
 * first_row the last SCAN_PAD are read now. */
int bbc_scan_begin(void *state, int64_t size, const bbc_scan_shape *p, const float *weights, const float *modulation,
                   uint8_t *pixels)
{
    scan_state *s = state;
    int64_t need = bbc_scan_size(p);
    if (need < 0) return (int)need;
    if (size < need || (uintptr_t)state % SCAN_ALIGN || (modulation && p->block < 1)) return BBC_SCAN_SMALL_BUFFER;
    memset(s, 0, sizeof *s);
    s->shape = *p;
    s->kernels = bbc_kernels_now();
    s->modulation = modulation;
    s->pixels = pixels;
    s->weight_count = bbc_scan_weight_count(p);
    scan_arena a = {state, 0};
    scan_take(&a, sizeof *s);
    scan_lay_state(s, &a);
    memset(s->local_ls.moments, 0, LOCAL_LS_MOMENTS * (size_t)s->local_ls.stride * sizeof(float));
    memset(s->local_ls.factor, 0, LOCAL_LS_FACTOR * (size_t)s->local_ls.stride * sizeof(float));
    memset(s->local_ls.vector, 0, LOCAL_LS_BLOCK * LOCAL_LS_ORDER * (size_t)s->local_ls.stride * sizeof(float));
    scan_begin_phase_ls(&s->phase_ls.green);
    scan_begin_phase_ls(&s->phase_ls.chroma);
    memset(s->phase_ls.errors, 0, (size_t)PHASE_LS_RING * 6 * (size_t)(p->last_row - p->first_row) * sizeof(float));
    memcpy(s->weights, weights, (size_t)s->weight_count * sizeof *weights);
    scan_lay_network(p, &s->net, s->weights);
    if (p->batch) {
        size_t bytes = (size_t)s->weight_count * sizeof(float);
        memset(s->gradients, 0, bytes);
        memset(s->first, 0, bytes);
        memset(s->second, 0, bytes);
        scan_lay_network(p, &s->transposed, s->transpose_buffer);
        for (int layer = 1; layer < p->layers; layer++)
            scan_transpose(0, p->hidden, p->hidden, p->hidden, s->net.trunk[layer], s->transposed.trunk[layer]);
        for (int c = 0; c < 3; c++) {
            scan_transpose(0, p->hidden, p->hidden, p->head, s->net.head[c], s->transposed.head[c]);
            scan_transpose(0, p->head, p->head, SCAN_OUTPUTS, s->net.out[c], s->transposed.out[c]);
        }
        s->beta2 = 1.0f;
    }
    bbc_fp_state saved = bbc_fp_enter();
    for (int sum = 0; sum < SCAN_ACTIVITIES; sum++) {
        float activity = 0.7f + (float)sum / 12.0f, log_activity;
        s->inverse_activity[sum] = 1.0f / activity;
        s->kernels->map32(BBC_LOG, 1, &activity, &log_activity);
        s->log_activity[sum] = log_activity * 0x1.715476p-1f - 1.0f; /* (log2(activity) - 2) / 2 */
    }
    bbc_fp_leave(saved);
    for (int i = 0; i < 3 * SCAN_BIN_EDGES; i++) {
        s->bin_edge[i] = (float)(i % SCAN_BIN_EDGES) - 0.5f;
        s->bin_edge_count[i] = 0.0f;
    }
    for (int c = 0; c < 3; c++) memset(s->plane[c], 128, (size_t)s->stride * ((size_t)p->height + SCAN_PAD));
    for (int y = p->first_row > SCAN_PAD ? p->first_row - SCAN_PAD : 0; y < p->first_row; y++)
        for (int x = 0; x < p->width; x++) {
            const uint8_t *q = pixels + ((ptrdiff_t)y * p->width + x) * p->channels;
            int32_t value[3] = {q[p->channels == 3 ? 1 : 0], q[0], q[p->channels == 3 ? 2 : 0]};
            scan_enter(s, x, y, value);
        }
    s->diagonal = SCAN_SKEW * p->first_row;
    s->last_diagonal = p->last_row > p->first_row ? p->width - 1 + SCAN_SKEW * (p->last_row - 1) : s->diagonal - 1;
    return 0;
}

typedef struct {
    scan_state *state;
    int index;
} scan_worker;

static void *scan_thread(void *argument)
{
    scan_worker *w = argument;
    while (!atomic_load_explicit(&w->state->ready, memory_order_acquire)) sched_yield();
    bbc_fp_state saved = bbc_fp_enter();
    w->state->kernels->wavefront(w->state, w->index);
    bbc_fp_leave(saved);
    return NULL;
}

/* Threads live for one call, which lasts tens of milliseconds: no pool that would outlive a fork or an error. */
static int64_t scan_run(scan_state *s, int threads, int64_t budget)
{
    pthread_t thread[SCAN_MAX_THREADS];
    scan_worker workers[SCAN_MAX_THREADS];
    if (threads < 1 || threads > SCAN_MAX_THREADS) return BBC_SCAN_THREADS;
    s->threads = 1;
    s->budget = budget;
    s->done = 0;
    s->error = 0;
    int started = 1;
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes)) return BBC_SCAN_THREADS;
    pthread_attr_setstacksize(&attributes, SCAN_STACK);
    atomic_store(&s->arrived, 0);
    atomic_store(&s->ready, 0);
    for (; started < threads; started++) {
        workers[started] = (scan_worker){s, started};
        if (pthread_create(&thread[started], &attributes, scan_thread, &workers[started])) break;
    }
    pthread_attr_destroy(&attributes);
    s->threads = started;
    atomic_store_explicit(&s->ready, 1, memory_order_release);
    workers[0] = (scan_worker){s, 0};
    scan_thread(&workers[0]);
    for (int i = 1; i < started; i++) pthread_join(thread[i], NULL);
    s->coded += s->done;
    return s->error ? s->error : s->done;
}

/* Intervals of further pixels of the pass, in coding order: step by step, in a step G, R, B, in a channel by rows.
 *
 * Stops after the step in which `budget` pixels are reached; returns the number of pixels, 0 at the end of the pass.
 * starts, freqs: room for channels * (budget + height) sub-pixels; precision is 24. */
int64_t bbc_scan_encode(void *state, int threads, int64_t budget, uint32_t *starts, uint32_t *freqs)
{
    scan_state *s = state;
    s->decode = 0;
    s->starts = starts;
    s->freqs = freqs;
    return scan_run(s, threads, budget);
}

/* Pops further pixels of the pass from the message and writes them to the pixels given at the start. Returns their number,
 * 0 at the end of the pass, or an error of the stack (negative): the pass cannot go on then. */
int64_t bbc_scan_decode(void *state, int threads, int64_t budget, uint64_t *ans_state, bbc_ans_words *words)
{
    scan_state *s = state;
    s->decode = 1;
    s->ans_state = ans_state;
    s->words = words;
    return scan_run(s, threads, budget);
}

/* What both least squares say of each pixel of the rows of a pass that has just begun, which it uses up: least_squares (rows, width,
 * BBC_SCAN_LS_COLUMNS). 9: predictions of the regression less the bases, blames and deviations as in local_ls_predict; 3: predictions by
 * place, given the earlier channels, less the bases; 15: the network's inputs from SCAN_PHASE_LS + 1 on. Returns the number of
 * pixels. */
int64_t bbc_scan_least_squares(void *state, float *least_squares)
{
    scan_state *s = state;
    s->decode = 0;
    s->threads = 1;
    bbc_fp_state saved = bbc_fp_enter();
    s->kernels->least_squares(s, least_squares);
    bbc_fp_leave(saved);
    return (int64_t)(s->shape.last_row - s->shape.first_row) * s->shape.width;
}

/* The weights as they are after what was learned so far. */
int bbc_scan_weights(const void *state, float *weights)
{
    const scan_state *s = state;
    memcpy(weights, s->weights, (size_t)s->weight_count * sizeof *weights);
    return 0;
}

/* The gradient of the last step of learning, in nats per pixel; BBC_SCAN_BAD_SHAPE if the pass does not learn. */
int bbc_scan_gradient(const void *state, float *gradient)
{
    const scan_state *s = state;
    if (!s->shape.batch) return BBC_SCAN_BAD_SHAPE;
    memcpy(gradient, s->gradients, (size_t)s->weight_count * sizeof *gradient);
    return 0;
}
