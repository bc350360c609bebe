/* Passes: memory, threads and the entry points. The work itself is in wavefront-inl.h, once per instruction set. */
#include "band_scan.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>

enum { ALIGN = 64, MAX_THREADS = 64, STACK = 1 << 20 /* periodic_solve has 140 KB; some systems give a thread 128 */ };

static int shape_ok(const bbc_pass *p)
{
    return p->width >= 1 && p->height >= 1 && p->width <= PASS_MAX_WIDTH && p->height <= 1 << 28 && p->first_row >= 0 &&
           p->first_row <= p->last_row && p->last_row <= p->height && (p->channels == 1 || p->channels == 3) &&
           p->hidden >= 16 && p->hidden <= PASS_MAX_HIDDEN && p->hidden % 16 == 0 && p->layers >= 1 &&
           p->layers <= PASS_MAX_LAYERS && p->head >= 16 && p->head <= PASS_MAX_HEAD && p->head % 16 == 0 &&
           p->run >= 0 && p->run <= 1 << 20 && p->every >= 1 && p->every <= 1 << 10 && p->block >= 0 &&
           p->grid_x >= -1 && p->grid_x < PASS_PHASES && p->grid_y >= -1 && p->grid_y < PASS_PHASES &&
           (p->grid_x < 0) == (p->grid_y < 0) && p->period >= 1 && p->period <= PERIODIC_MAX_PERIOD &&
           (p->period & (p->period - 1)) == 0 && (p->grid_x >= 0 || p->period == 1);
}

/* Hands out pieces of the caller's buffer; with no buffer it only counts. */
typedef struct {
    char *base;
    int64_t used;
} arena;

static void *take(arena *a, int64_t bytes)
{
    void *p = a->base ? a->base + a->used : NULL;
    a->used += (bytes + ALIGN - 1) / ALIGN * ALIGN;
    return p;
}

static float *take_floats(arena *a, int64_t rows, int64_t columns)
{
    return take(a, rows * columns * (int64_t)sizeof(float));
}

static int64_t lay_net(const bbc_pass *p, pass_net *net, float *flat)
{
    int64_t at = 0;
    const int64_t h = p->hidden, u = p->head;
    for (int layer = 0; layer < p->layers; layer++) {
        net->trunk[layer] = flat + at;
        at += (layer ? h : PASS_INPUTS) * h;
        net->trunk_bias[layer] = flat + at;
        at += h;
        if (layer > 0) continue;
        net->phase = flat + at;
        at += PASS_PHASE_ROWS * h;
    }
    for (int c = 0; c < 3; c++) {
        net->head[c] = flat + at;
        at += (h + pass_extra[c]) * u;
        net->head_bias[c] = flat + at;
        at += u;
        net->out[c] = flat + at;
        at += u * PASS_OUTPUTS;
        net->out_bias[c] = flat + at;
        at += PASS_OUTPUTS;
    }
    return at;
}

/* Floats in the flat array of weights, or BBC_PASS_BAD_SHAPE. */
int64_t bbc_pass_weights(const bbc_pass *p)
{
    static float none;
    pass_net net;
    return shape_ok(p) ? lay_net(p, &net, &none) : BBC_PASS_BAD_SHAPE;
}

static void lay_periodic(periodic_system *f, int order, int one, int known, int period, int64_t batch, arena *a)
{
    const int64_t places = period * period;
    f->order = order;
    f->one = one;
    f->known = known;
    f->period = period;
    f->moments = take_floats(a, places, PERIODIC_ORDER * PERIODIC_ORDER);
    f->prior = take_floats(a, PERIODIC_ORDER, PERIODIC_ORDER);
    f->weights = take_floats(a, places, PERIODIC_ORDER * PERIODIC_OUTPUTS);
    f->deviation = take_floats(a, places, 2);
    f->vector = take_floats(a, batch, PERIODIC_ORDER);
}

static int64_t lay_state(pass_state *s, arena *a)
{
    const bbc_pass *p = &s->shape;
    const int64_t h = p->hidden, u = p->head, columns = (p->width + PASS_SKEW - 1) / PASS_SKEW;
    const int64_t rows = p->last_row - p->first_row, batch = rows < columns ? rows : columns;
    const int64_t n = batch + (p->run ? p->run : 0) + PASS_CHUNK;
    s->capacity = (int32_t)n;
    s->stride = (p->width + 2 * PASS_PAD + 15) / 16 * 16;
    for (int c = 0; c < 3; c++) s->plane[c] = take(a, s->stride * ((int64_t)p->height + PASS_PAD));
    s->weights = take_floats(a, 1, s->weight_count);
    s->log_activity = take_floats(a, 1, PASS_ACTIVITIES);
    s->inverse_activity = take_floats(a, 1, PASS_ACTIVITIES);
    s->edge = take_floats(a, 3, PASS_EDGES);
    s->edge_count = take_floats(a, 3, PASS_EDGES);
    s->pixel = take(a, n * (int64_t)sizeof *s->pixel);
    s->input = take_floats(a, n, PASS_INPUT_STRIDE);
    for (int layer = 0; layer < p->layers; layer++) {
        int last = layer == p->layers - 1;
        s->active[layer] = take_floats(a, n, h);
        s->hidden[layer] = layer == 0 && !last ? s->active[0] : take_floats(a, n, h + (last ? PASS_EXTRAS : 0));
    }
    for (int c = 0; c < 3; c++) {
        s->unit[c] = take_floats(a, n, u);
        s->output[c] = take_floats(a, n, PASS_OUTPUTS);
    }
    regression *r = &s->regression;
    r->width = p->width;
    r->stride = regression_stride(p->width);
    r->moments = take_floats(a, REGRESSION_MOMENTS, r->stride);
    r->factor = take_floats(a, REGRESSION_FACTOR, r->stride);
    r->vector = take_floats(a, REGRESSION_CELL * REGRESSION_ORDER, r->stride);
    lay_periodic(&s->periodic.green, PERIODIC_GREEN, PERIODIC_GREEN - 2, PERIODIC_GREEN - 1, 1, batch, a);
    lay_periodic(&s->periodic.chroma, PERIODIC_CHROMA, PERIODIC_CHROMA - 4, PERIODIC_CHROMA - 2, p->period, batch, a);
    s->periodic.errors = take_floats(a, PERIODIC_RING * rows, 6);
    s->window = take(a, n * PASS_WINDOW * (int64_t)sizeof *s->window);
    if (p->run) {
        s->gradients = take_floats(a, 1, s->weight_count);
        s->first = take_floats(a, 1, s->weight_count);
        s->second = take_floats(a, 1, s->weight_count);
        s->transpose_buffer = take_floats(a, 1, s->weight_count);
        s->d_hidden = take_floats(a, n, h);
        for (int layer = 0; layer < p->layers; layer++) s->d_active[layer] = take_floats(a, n, h);
        for (int c = 0; c < 3; c++) {
            s->d_unit[c] = take_floats(a, n, u);
            s->d_output[c] = take_floats(a, n, PASS_OUTPUTS);
        }
    }
    return a->used;
}

/* Bytes of the buffer that a pass needs, or BBC_PASS_BAD_SHAPE. */
int64_t bbc_pass_size(const bbc_pass *p)
{
    arena a = {NULL, 0};
    pass_state s;
    if (!shape_ok(p)) return BBC_PASS_BAD_SHAPE;
    memset(&s, 0, sizeof s);
    s.shape = *p;
    s.weight_count = bbc_pass_weights(p);
    take(&a, sizeof s);
    return lay_state(&s, &a);
}

/* Nothing known, nothing predicted. */
static void begin_periodic(const periodic_system *f)
{
    const size_t places = (size_t)f->period * (size_t)f->period;
    memset(f->moments, 0, places * PERIODIC_ORDER * PERIODIC_ORDER * sizeof(float));
    memset(f->weights, 0, places * PERIODIC_ORDER * PERIODIC_OUTPUTS * sizeof(float));
    memset(f->deviation, 0, places * 2 * sizeof(float));
}

/* Lay out `state` (64-byte aligned, `size` bytes) for a pass.
 *
 * weights: bbc_pass_weights floats. modulation: (blocks, layers, 2, hidden) floats, blocks in raster order, or NULL; it
 * and pixels, (height, width, channels) bytes, must stay where they are for all calls on this state. Of the rows above
 * first_row the last PASS_PAD are read now. */
int bbc_pass_begin(void *state, int64_t size, const bbc_pass *p, const float *weights, const float *modulation,
                   uint8_t *pixels)
{
    pass_state *s = state;
    int64_t need = bbc_pass_size(p);
    if (need < 0) return (int)need;
    if (size < need || (uintptr_t)state % ALIGN || (modulation && p->block < 1)) return BBC_PASS_SMALL_BUFFER;
    memset(s, 0, sizeof *s);
    s->shape = *p;
    s->kernels = bbc_kernels_now();
    s->modulation = modulation;
    s->pixels = pixels;
    s->weight_count = bbc_pass_weights(p);
    arena a = {state, 0};
    take(&a, sizeof *s);
    lay_state(s, &a);
    memset(s->regression.moments, 0, REGRESSION_MOMENTS * (size_t)s->regression.stride * sizeof(float));
    memset(s->regression.factor, 0, REGRESSION_FACTOR * (size_t)s->regression.stride * sizeof(float));
    memset(s->regression.vector, 0, REGRESSION_CELL * REGRESSION_ORDER * (size_t)s->regression.stride * sizeof(float));
    begin_periodic(&s->periodic.green);
    begin_periodic(&s->periodic.chroma);
    memset(s->periodic.errors, 0, (size_t)PERIODIC_RING * 6 * (size_t)(p->last_row - p->first_row) * sizeof(float));
    memcpy(s->weights, weights, (size_t)s->weight_count * sizeof *weights);
    lay_net(p, &s->net, s->weights);
    if (p->run) {
        size_t bytes = (size_t)s->weight_count * sizeof(float);
        memset(s->gradients, 0, bytes);
        memset(s->first, 0, bytes);
        memset(s->second, 0, bytes);
        lay_net(p, &s->transposed, s->transpose_buffer);
        for (int layer = 1; layer < p->layers; layer++)
            pass_transpose(0, p->hidden, p->hidden, p->hidden, s->net.trunk[layer], s->transposed.trunk[layer]);
        for (int c = 0; c < 3; c++) {
            pass_transpose(0, p->hidden, p->hidden, p->head, s->net.head[c], s->transposed.head[c]);
            pass_transpose(0, p->head, p->head, PASS_OUTPUTS, s->net.out[c], s->transposed.out[c]);
        }
        s->beta2 = 1.0f;
    }
    bbc_fp_state saved = bbc_fp_enter();
    for (int sum = 0; sum < PASS_ACTIVITIES; sum++) {
        float activity = 0.7f + (float)sum / 12.0f, log_activity;
        s->inverse_activity[sum] = 1.0f / activity;
        s->kernels->map32(BBC_LOG, 1, &activity, &log_activity);
        s->log_activity[sum] = log_activity * 0x1.715476p-1f - 1.0f; /* (log2(activity) - 2) / 2 */
    }
    bbc_fp_leave(saved);
    for (int i = 0; i < 3 * PASS_EDGES; i++) {
        s->edge[i] = (float)(i % PASS_EDGES) - 0.5f;
        s->edge_count[i] = 0.0f;
    }
    for (int c = 0; c < 3; c++) memset(s->plane[c], 128, (size_t)s->stride * ((size_t)p->height + PASS_PAD));
    for (int y = p->first_row > PASS_PAD ? p->first_row - PASS_PAD : 0; y < p->first_row; y++)
        for (int x = 0; x < p->width; x++) {
            const uint8_t *q = pixels + ((ptrdiff_t)y * p->width + x) * p->channels;
            int32_t value[3] = {q[p->channels == 3 ? 1 : 0], q[0], q[p->channels == 3 ? 2 : 0]};
            pass_enter(s, x, y, value);
        }
    s->step = PASS_SKEW * p->first_row;
    s->last_step = p->last_row > p->first_row ? p->width - 1 + PASS_SKEW * (p->last_row - 1) : s->step - 1;
    return 0;
}

typedef struct {
    pass_state *state;
    int index;
} worker;

static void *work(void *argument)
{
    worker *w = argument;
    while (!atomic_load_explicit(&w->state->ready, memory_order_acquire)) sched_yield();
    bbc_fp_state saved = bbc_fp_enter();
    w->state->kernels->wavefront(w->state, w->index);
    bbc_fp_leave(saved);
    return NULL;
}

/* Threads live for one call, which lasts tens of milliseconds: no pool that would outlive a fork or an error. */
static int64_t run(pass_state *s, int threads, int64_t budget)
{
    pthread_t thread[MAX_THREADS];
    worker workers[MAX_THREADS];
    if (threads < 1 || threads > MAX_THREADS) return BBC_PASS_THREADS;
    s->threads = 1;
    s->budget = budget;
    s->done = 0;
    s->error = 0;
    int started = 1;
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes)) return BBC_PASS_THREADS;
    pthread_attr_setstacksize(&attributes, STACK);
    atomic_store(&s->arrived, 0);
    atomic_store(&s->ready, 0);
    for (; started < threads; started++) {
        workers[started] = (worker){s, started};
        if (pthread_create(&thread[started], &attributes, work, &workers[started])) break;
    }
    pthread_attr_destroy(&attributes);
    s->threads = started;
    atomic_store_explicit(&s->ready, 1, memory_order_release);
    workers[0] = (worker){s, 0};
    work(&workers[0]);
    for (int i = 1; i < started; i++) pthread_join(thread[i], NULL);
    s->coded += s->done;
    return s->error ? s->error : s->done;
}

/* Intervals of further pixels of the pass, in coding order: step by step, in a step G, R, B, in a channel by rows.
 *
 * Stops after the step in which `budget` pixels are reached; returns the number of pixels, 0 at the end of the pass.
 * starts, freqs: room for channels * (budget + height) sub-pixels; precision is 24. */
int64_t bbc_pass_encode(void *state, int threads, int64_t budget, uint32_t *starts, uint32_t *freqs)
{
    pass_state *s = state;
    s->decode = 0;
    s->starts = starts;
    s->freqs = freqs;
    return run(s, threads, budget);
}

/* Pops further pixels of the pass from the message and writes them to the pixels given at the start. Returns their number,
 * 0 at the end of the pass, or an error of the stack (negative): the pass cannot go on then. */
int64_t bbc_pass_decode(void *state, int threads, int64_t budget, uint64_t *head, bbc_ans_words *words)
{
    pass_state *s = state;
    s->decode = 1;
    s->head = head;
    s->words = words;
    return run(s, threads, budget);
}

/* What both least squares say of each pixel of the rows of a pass that has just begun, which it uses up: maps (rows, width,
 * BBC_PASS_MAPS). 9: predictions of the regression less the bases, blames and deviations as in regression_predict; 3: predictions by
 * place, given the earlier channels, less the bases; 15: the network's inputs from PASS_PERIODIC + 1 on. Returns the number of
 * pixels. */
int64_t bbc_pass_regress(void *state, float *maps)
{
    pass_state *s = state;
    s->decode = 0;
    s->threads = 1;
    bbc_fp_state saved = bbc_fp_enter();
    s->kernels->regress(s, maps);
    bbc_fp_leave(saved);
    return (int64_t)(s->shape.last_row - s->shape.first_row) * s->shape.width;
}

/* The weights as they are after what was learned so far. */
int bbc_pass_weights_now(const void *state, float *weights)
{
    const pass_state *s = state;
    memcpy(weights, s->weights, (size_t)s->weight_count * sizeof *weights);
    return 0;
}

/* The gradient of the last step of learning, in nats per pixel; BBC_PASS_BAD_SHAPE if the pass does not learn. */
int bbc_pass_gradient_now(const void *state, float *gradient)
{
    const pass_state *s = state;
    if (!s->shape.run) return BBC_PASS_BAD_SHAPE;
    memcpy(gradient, s->gradients, (size_t)s->weight_count * sizeof *gradient);
    return 0;
}
