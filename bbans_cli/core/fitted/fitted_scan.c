/* The fitted coder: entry points, and where everything lies in the caller's buffer. */
#include <string.h>

#include "fitted_types.h"

_Static_assert(sizeof(fitted_sample) == BBC_FITTED_SAMPLE, "the size that Python knows");

static int64_t fitted_scan_lay(fitted_state *s, char *base)
{
    int64_t used = (int64_t)(sizeof *s + FITTED_ALIGN - 1) / FITTED_ALIGN * FITTED_ALIGN;
    float **const array[] = {&s->ring, &s->error, &s->moments, &s->fit, &s->vector};
    const int64_t rows[] = {3 * FITTED_RING, 3 * FITTED_RING, FITTED_LS_MOMENTS, FITTED_LS_FIT,
                            FITTED_CELL * FITTED_LS_ORDER};
    for (int i = 0; i < 5; i++) {
        if (base) *array[i] = (float *)(base + used);
        used += (rows[i] * s->stride * (int64_t)sizeof(float) + FITTED_ALIGN - 1) / FITTED_ALIGN * FITTED_ALIGN;
    }
    return used;
}

static void fitted_scan_shape(fitted_state *s, int32_t width, int32_t height, int32_t channels)
{
    memset(s, 0, sizeof *s);
    s->width = width;
    s->height = height;
    s->channels = channels;
    s->cells = (width + FITTED_CELL - 1) / FITTED_CELL;
    /* an odd number of lines of a cache, so that the rows of a column do not share a few of its sets */
    s->stride = ((s->cells + 2 * FITTED_PAD + 15) / 16 | 1) * 16;
}

/* Bytes of the state of a band, or BBC_FITTED_BAD_SHAPE. */
int64_t bbc_fitted_size(int32_t width, int32_t height, int32_t channels)
{
    fitted_state s;
    if (width < 1 || width > FITTED_MAX_WIDTH || height < 1 || height > 1 << 24) return BBC_FITTED_BAD_SHAPE;
    if (channels != 1 && channels != 3) return BBC_FITTED_BAD_SHAPE;
    fitted_scan_shape(&s, width, height, channels);
    return fitted_scan_lay(&s, NULL);
}

int bbc_fitted_begin(void *state, int64_t size, int32_t width, int32_t height, int32_t channels, const float *weights,
                     uint8_t *pixels)
{
    fitted_state *s = state;
    const int64_t need = bbc_fitted_size(width, height, channels);
    if (need < 0) return (int)need;
    if (size < need || (uintptr_t)state % FITTED_ALIGN) return BBC_FITTED_SMALL_BUFFER;
    memset(state, 0, (size_t)need);
    fitted_scan_shape(s, width, height, channels);
    s->kernels = bbc_kernels_now();
    s->weights = weights;
    s->pixels = pixels;
    fitted_scan_lay(s, state);
    for (int64_t i = 0; i < 3 * FITTED_RING * s->stride; i++) s->ring[i] = 128.0f;
    return 0;
}

static int64_t fitted_scan_run(fitted_state *s, int task, int64_t budget)
{
    bbc_fp_state saved = bbc_fp_enter();
    s->budget = budget;
    s->done = 0;
    s->kernels->fitted_run(s, task);
    bbc_fp_leave(saved);
    return s->failure ? s->failure : s->done;
}

int64_t bbc_fitted_encode(void *state, int64_t budget, uint32_t *starts, uint32_t *freqs)
{
    fitted_state *s = state;
    s->starts = starts;
    s->freqs = freqs;
    return fitted_scan_run(s, FITTED_ENCODE, budget);
}

int64_t bbc_fitted_decode(void *state, int64_t budget, uint64_t *ans_state, bbc_ans_words *words)
{
    fitted_state *s = state;
    s->ans_state = ans_state;
    s->words = words;
    return fitted_scan_run(s, FITTED_DECODE, budget);
}

/* The sixteens of cell columns, rounded up, of a wave; of them those that have a pixel at `place` in their cell. */
static int fitted_scan_sixteens(const fitted_state *s, int wave, int place)
{
    const int low = wave - (s->height - 1) > 0 ? wave - (s->height - 1) : 0;
    const int most = s->width - 1 < place ? -1 : (s->width - 1 - place) / FITTED_CELL;
    const int high = wave < most ? wave : most;
    return high < low ? 0 : (high - low + FITTED_LANES) / FITTED_LANES;
}

/* The number of chunks of a band: of each diagonal, its pixels by sixteens, rounded up. */
int64_t bbc_fitted_chunks(const void *state)
{
    const fitted_state *s = state;
    const int last = s->width - 1 + FITTED_CELL * (s->height - 1);
    int64_t chunks = 0;
    for (int d = 0; d <= last; d++) chunks += fitted_scan_sixteens(s, d / FITTED_CELL, d % FITTED_CELL);
    return chunks;
}

/* Bytes of what the least squares give to a band. */
int64_t bbc_fitted_forecasts_size(const void *state)
{
    const fitted_state *s = state;
    int64_t sixteens = 0;
    for (int wave = 0; wave < s->cells + s->height - 1; wave++) sixteens += fitted_scan_sixteens(s, wave, 0);
    return bbc_fitted_chunks(s) * (int64_t)sizeof(fitted_predicted) + sixteens * (int64_t)sizeof(fitted_solved);
}

/* Where collecting, of a state that just began, keeps that, or encoding, of another, finds it. */
int bbc_fitted_keep_forecasts(void *state, int64_t size, void *forecasts)
{
    fitted_state *s = state;
    if (size < bbc_fitted_forecasts_size(s) || (uintptr_t)forecasts % FITTED_ALIGN) return BBC_FITTED_SMALL_BUFFER;
    s->predicted = forecasts;
    s->solved = (fitted_solved *)(s->predicted + bbc_fitted_chunks(s));
    return 0;
}

int64_t bbc_fitted_collect(void *state, int64_t budget, int64_t interval, void *samples)
{
    fitted_state *s = state;
    s->samples = samples;
    s->interval = interval;
    s->groups = bbc_fitted_chunks(s) / interval;
    return fitted_scan_run(s, FITTED_COLLECT, budget);
}

/* What samples say of their pixels: rows (chunks, 16, BBC_FITTED_ROW) of the inputs; base, activity, value and
 * conditional prediction of each channel; what the channels before tell those of R, and of B; and 1, or 0 for a lane
 * without a pixel. */
int bbc_fitted_unpack(int64_t chunks, const void *samples, float *rows)
{
    bbc_fp_state saved = bbc_fp_enter();
    bbc_kernels_now()->fitted_unpack(chunks, samples, rows);
    bbc_fp_leave(saved);
    return 0;
}

/* The vectors, (INPUTS, INPUTS), of the basis in which the trunk's weights are best fitted to samples. */
int bbc_fitted_basis(int64_t chunks, const void *samples, float *basis)
{
    bbc_fp_state saved = bbc_fp_enter();
    bbc_kernels_now()->fitted_basis(chunks, samples, basis);
    bbc_fp_leave(saved);
    return 0;
}

/* Numbers laid out like weights to the order of shares. */
static void fitted_scan_to_shares(const float *from, fitted_shares *to)
{
    for (int i = 0; i < FITTED_INPUTS; i++)
        for (int j = 0; j < FITTED_UNITS; j++) to->trunk[j / FITTED_HALF][i][j % FITTED_HALF] = *from++;
    float *heads = to->heads;
    for (int c = 0; c < 3; c++, from += FITTED_HEAD_WEIGHTS) {
        const int n = fitted_rows(c) * FITTED_OUTPUT_STRIDE;
        memcpy(heads, from, (size_t)n * sizeof(float));
        heads += n;
    }
}

int64_t bbc_fitted_fit_size(void) { return (int64_t)sizeof(fitted_fit); }

int bbc_fitted_fit_begin(void *fit, int64_t size, int32_t channels, const float *weights, const float *basis,
                         const float *second, const float *factor)
{
    fitted_fit *f = fit;
    if (size < bbc_fitted_fit_size() || (uintptr_t)fit % FITTED_ALIGN) return BBC_FITTED_SMALL_BUFFER;
    if (channels != 1 && channels != 3) return BBC_FITTED_BAD_SHAPE;
    memset(f, 0, sizeof *f);
    f->kernels = bbc_kernels_now();
    f->channels = channels;
    memcpy(f->worker->weights, weights, sizeof f->worker->weights);
    memcpy(f->basis, basis, sizeof f->basis);
    fitted_scan_to_shares(weights, &f->weights);
    fitted_scan_to_shares(second, &f->second);
    fitted_scan_to_shares(factor, &f->factor);
    return 0;
}

static void fitted_scan_fit(void *fit, int index)
{
    fitted_fit *f = fit;
    f->kernels->fitted_fit(f, index);
}

/* Steps with the rates given, each on a mini-batch of the chunks whose numbers come next. Threads change
 * no bit. */
int bbc_fitted_fit(void *fit, int threads, int64_t steps, const float *rate, const int32_t *chunk, const void *samples)
{
    fitted_fit *f = fit;
    f->steps = steps;
    f->rate = rate;
    f->chunk = chunk;
    f->samples = samples;
    if (threads > FITTED_PARTS) return BBC_FITTED_BAD_THREADS;
    return bbc_team_run(&f->team, threads, fitted_scan_fit, f) == TEAM_REFUSED ? BBC_FITTED_BAD_THREADS : 0;
}

int bbc_fitted_fit_weights(const void *fit, float *weights)
{
    const fitted_fit *f = fit;
    memcpy(weights, f->worker->weights, sizeof f->worker->weights);
    return 0;
}
