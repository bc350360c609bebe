/* The loop over diagonals that every thread of a call runs, encoding or decoding.
 *
 * Threads meet at barriers. Between two of them a thread writes only what this table says, and no other thread reads or
 * writes that. "Own" is a share that depends on the thread's index alone. A bar is a barrier after the row above it.
 *
 *   work of every thread          writes                                     reads
 *   ----------------------------  -----------------------------------------  ------------------------------------------
 *   wavefront_solve               own blocks of local_ls.factor              local_ls.moments
 *   |  (first diagonal of a wave)
 *   wavefront_encode              own pixels: scan_pixel, input to output,   planes, local_ls.factor, phase_ls weights,
 *                                 starts, freqs, local_ls.vector and         errors, network, bin edges, modulation
 *                                 phase_ls vectors but for own values        and correction_record
 *   or wavefront_decode           the same, and window: of the piece that    the same; popped
 *   |                             it has taken; next_piece, prepared
 *   |  thread 0 also              value and residual of a piece that is       prepared, window, output, bin edges
 *   |                             prepared, popped, ANS state, words, error
 *   wavefront_enter               own pixels: planes, border extension, the  scan_pixel
 *   |                             caller's pixels, values in vectors, errors,
 *   |                             correction_record
 *   phase_ls_update               own rows of the moments of own phases      phase_ls vectors
 *   |  |  if due: phase_ls_pool   own rows of the prior                      moments
 *   |  |  phase_ls_refresh        own phases: weights, half_log_sigma,       moments, prior
 *   |                             moments
 *   |  thread 0:                  new_pixels
 *   wavefront_accumulate          own blocks of local_ls.moments             local_ls.vector
 *   |  (last diagonal of a wave)
 *   wavefront_advance, thread 0   diagonal, done, count; next_piece, popped,
 *   |                             prepared
 *   |
 *   learn_backward_heads, _trunk   own pixels: d_output to d_active, density, values, activations, network, transposed,
 *   |  (full mini-batch)           d_correction                              bin edges
 *   learn_step                    own rows of gradients, optimiser moments,  activations and derivatives of all pixels
 *   |                             weights, transposed; thread 0: biases and
 *   |                             bin edges
 *   wavefront_finish, thread 0    count, batches, updates, beta2
 *   |
 *
 * new_pixels is written after a barrier and read before the next one of the same kind, with others between. A thread
 * keeps `diagonal % LOCAL_LS_BLOCK` and the number of pixels in variables, since thread 0 may have advanced. Border
 * extension: the thread that enters (0, y) writes left of rows y and y + 1, that which enters (x, 0) above row 0; no
 * two pixels of a diagonal write the same byte. */
#ifndef BBC_WAVEFRONT_H
#define BBC_WAVEFRONT_H

#include "online_learning-inl.h"

enum { WAVEFRONT_SPINS = 4000 /* before a thread without work gives the core away; tuned by hand, not recorded */ };

/* Position of the pixels [from, to) of a diagonal in the mini-batch: row, column, block, and for the encoder the
 * values. */
static void wavefront_locate(scan_state *s, int first, int from, int to)
{
    const bbc_scan_shape *shape = &s->shape;
    int across = (shape->width + shape->block - 1) / (shape->block ? shape->block : 1);
    for (int i = from; i < to; i++) {
        scan_pixel *p = s->pixel + s->count + i;
        p->y = first + i;
        p->x = s->diagonal - SCAN_SKEW * p->y;
        p->modulation = NULL;
        if (s->modulation)
            p->modulation = s->modulation + ((ptrdiff_t)(p->y / shape->block) * across + p->x / shape->block) * 2 *
                                                shape->layers * shape->hidden;
        if (!s->decode) scan_read(s, p->x, p->y, p->value);
    }
}

/* Write pixels [from, to) of the diagonal back, into the planes and, decoding, to the caller. */
static void wavefront_enter(scan_state *s, int from, int to)
{
    for (int i = from; i < to; i++) {
        scan_pixel *p = s->pixel + s->count + i;
        if (s->shape.channels == 1) p->value[1] = p->value[2] = p->value[0];
        if (s->decode) scan_write(s, p->x, p->y, p->value);
        scan_enter(s, p->x, p->y, p->value);
        neighbourhood_record(s, p);
        if (scan_corrects(s)) correction_enter(s, p);
    }
}

/* Intervals of pixels [from, to) of a diagonal of n, whose first row is `first`. */
static void wavefront_encode(scan_state *s, int first, int n, int from, int to)
{
    const int symbols = network_symbols(s);
    wavefront_locate(s, first, from, to);
    for (int i = from; i < to; i += SCAN_CHUNK) {
        int end = i + SCAN_CHUNK < to ? i + SCAN_CHUNK : to, a = s->count + i, b = s->count + end;
        network_trunk(s, a, b);
        for (int c = 0; c < s->shape.channels; c++) {
            network_head(s, c, a, b);
            network_intervals(s, c, a, b, network_symbol_at(s, c * symbols, n) + i, n);
            for (int j = a; j < b; j++) network_residual(s, s->pixel + j, c);
        }
    }
}

/* Pixels of a piece of a diagonal of n: few enough for threads to share them evenly, and to pop one while others
 * compute; in few pieces vectors are full. */
EX int wavefront_piece(const scan_state *s, int n)
{
    const int even = n / (4 * s->team.threads), rounded = (even + 15) / 16 * 16;
    if (s->team.threads == 1 || rounded > SCAN_CHUNK) return SCAN_CHUNK;
    return rounded < 16 ? 16 : rounded;
}

/* What must be known before a symbol of pixels [from, to) of the mini-batch is popped. plane: of which symbols, the high
 * bits of G, its low bits if it has any, those of R, ... first: row of the diagonal's first pixel. */
static void wavefront_prepare(scan_state *s, int plane, int first, int from, int to)
{
    const int symbols = network_symbols(s), c = plane / symbols;
    if (plane == 0) {
        wavefront_locate(s, first, from - s->count, to - s->count);
        network_trunk(s, from, to);
    }
    if (plane % symbols == 0) {
        network_head(s, c, from, to);
        network_windows(s, c, from, to);
    } else network_low_windows(s, c, from, to);
}

/* Thread 0: pops the number-th of all symbols' pieces of a diagonal of n pixels. */
static void wavefront_pop(scan_state *s, int number, int pieces, int n)
{
    const int size = wavefront_piece(s, n), symbols = network_symbols(s), plane = number / pieces;
    const int at = number % pieces * size, from = s->count + at, to = s->count + (at + size < n ? at + size : n);
    const int64_t symbol = network_symbol_at(s, plane, n) + at;
    if (plane % symbols == 0) s->error = network_pop(s, plane / symbols, from, to, symbol);
    else s->error = network_pop_low(s, plane / symbols, from, to, symbol);
    atomic_store_explicit(&s->popped, s->error ? SCAN_STOPPED : number + 1, memory_order_release);
}

/* Whether piece `number` of all symbols' pieces can be prepared: the symbol before of the same pixels is popped. */
EX int wavefront_can_prepare(scan_state *s, int number, int pieces)
{
    const int popped = atomic_load_explicit(&s->popped, memory_order_acquire);
    return popped > number - pieces && popped != SCAN_STOPPED;
}

/* A diagonal of n pixels. Its pieces are prepared by whoever has time, symbol by symbol, and popped by thread 0 in
 * coding order, which is the same. */
static void wavefront_decode(scan_state *s, int index, int first, int n)
{
    const int size = wavefront_piece(s, n), pieces = (n + size - 1) / size;
    const int all = pieces * s->shape.channels * network_symbols(s);
    for (int spins = 0;;) {
        const int popped = atomic_load_explicit(&s->popped, memory_order_acquire);
        if (popped >= all) return;
        if (index == 0 && atomic_load_explicit(s->prepared + popped, memory_order_acquire)) {
            wavefront_pop(s, popped, pieces, n);
            continue;
        }
        int number = atomic_load_explicit(&s->next_piece, memory_order_relaxed);
        if (number >= all && index > 0) return;
        if (number < all && wavefront_can_prepare(s, number, pieces) &&
            atomic_compare_exchange_weak(&s->next_piece, &number, number + 1)) {
            const int from = number % pieces * size, to = from + size < n ? from + size : n;
            wavefront_prepare(s, number / pieces, first, s->count + from, s->count + to);
            atomic_store_explicit(s->prepared + number, 1, memory_order_release);
            spins = 0;
        } else if (++spins > WAVEFRONT_SPINS) sched_yield();
    }
}

/* Thread 0, when all are past a diagonal of n pixels: the next one's pieces begin anew. */
static void wavefront_clear_pieces(scan_state *s, int n)
{
    const int size = wavefront_piece(s, n), pieces = (n + size - 1) / size;
    for (int i = 0; i < pieces * s->shape.channels * network_symbols(s); i++)
        atomic_store_explicit(s->prepared + i, 0, memory_order_relaxed);
    atomic_store_explicit(&s->next_piece, 0, memory_order_relaxed);
    atomic_store_explicit(&s->popped, 0, memory_order_relaxed);
}

/* Before the first diagonal of a wave of the local least squares: factors of its blocks. Threads share groups of lanes.
 * */
static void wavefront_solve(const scan_state *s, int index)
{
    int from, to;
    local_ls_wave(s->shape.width, s->shape.first_row, s->shape.last_row, s->diagonal / LOCAL_LS_BLOCK, &from, &to);
    for (int block = from + index * LOCAL_LS_LANES; block < to; block += s->team.threads * LOCAL_LS_LANES)
        local_ls_solve(&s->local_ls, block);
}

/* After the last diagonal of a wave: its pixels into the moments of its blocks. */
static void wavefront_accumulate(const scan_state *s, int index)
{
    int from, to;
    local_ls_wave(s->shape.width, s->shape.first_row, s->shape.last_row, s->diagonal / LOCAL_LS_BLOCK, &from, &to);
    for (int block = from + index * LOCAL_LS_LANES; block < to; block += s->team.threads * LOCAL_LS_LANES)
        local_ls_update(&s->local_ls, block, block + LOCAL_LS_LANES < to ? block + LOCAL_LS_LANES : to);
}

/* The columns of bbc_scan_least_squares of one pixel whose inputs are known. */
static void wavefront_ls_row(const scan_state *s, scan_pixel *p, const float *input, float *row)
{
    for (int c = 0; c < 3; c++) network_residual(s, p, c);
    for (int c = 1; c < s->shape.channels; c++) {
        network_local_conditional(s, p, c);
        network_phase_prediction(s, p, c);
    }
    for (int c = s->shape.channels; c < 3; c++) p->local_conditional[c] = p->phase_prediction[c] = 0.0f;
    for (int c = 0; c < 3; c++) {
        row[NETWORK_LS_LOCAL_PREDICTION + c] = p->local_prediction[c];
        row[NETWORK_LS_PHASE_PREDICTION + c] = p->phase_prediction[c];
        row[NETWORK_LS_LOCAL_GAIN + c] = input[NETWORK_INPUT_LOCAL_GAIN + c];
        row[NETWORK_LS_LOCAL_HALF_LOG_SIGMA + c] = input[NETWORK_INPUT_LOCAL_HALF_LOG_SIGMA + c];
        row[NETWORK_LS_PHASE_HALF_LOG_SIGMA + c] = input[NETWORK_INPUT_PHASE_HALF_LOG_SIGMA + c];
        row[NETWORK_LS_LOCAL_ERROR_SIZE + c] = input[NETWORK_INPUT_LOCAL_ERROR_SIZE + c];
        row[NETWORK_LS_PHASE_ERROR_SIZE + c] = input[NETWORK_INPUT_PHASE_ERROR_SIZE + c];
        row[NETWORK_LS_PHASE_ERROR_WEST + c] = input[NETWORK_INPUT_PHASE_ERROR_WEST + c];
        row[NETWORK_LS_PHASE_ERROR_NORTH + c] = input[NETWORK_INPUT_PHASE_ERROR_NORTH + c];
    }
}

/* What both least squares predict of every pixel of the scan: least_squares (rows, width, NETWORK_LS_COLUMNS). The
 * network has no part in it. One thread. */
static void wavefront_least_squares(scan_state *s, float *least_squares)
{
    for (; s->diagonal <= s->last_diagonal; s->diagonal++) {
        int first, n = scan_diagonal_pixels(s, s->diagonal, &first);
        if (s->diagonal % LOCAL_LS_BLOCK == 0) wavefront_solve(s, 0);
        for (int from = 0; from < n; from += SCAN_CHUNK) {
            int to = from + SCAN_CHUNK < n ? from + SCAN_CHUNK : n;
            wavefront_locate(s, first, from, to);
            neighbourhood_inputs(s, from, to);
            for (int i = from; i < to; i++) {
                scan_pixel *p = s->pixel + i;
                const ptrdiff_t at = (ptrdiff_t)(p->y - s->shape.first_row) * s->shape.width + p->x;
                wavefront_ls_row(s, p, s->input + (ptrdiff_t)i * SCAN_INPUT_STRIDE,
                                 least_squares + at * NETWORK_LS_COLUMNS);
            }
        }
        wavefront_enter(s, 0, n);
        phase_ls_update(s, first, n, 0);
        s->done += n;
        if (s->diagonal % LOCAL_LS_BLOCK == LOCAL_LS_BLOCK - 1) wavefront_accumulate(s, 0);
    }
}

/* One diagonal, by every thread, up to the barrier before wavefront_advance. Returns the number of its pixels. */
static int wavefront_diagonal(scan_state *s, int index)
{
    int first, n = scan_diagonal_pixels(s, s->diagonal, &first);
    const int from = (int)((int64_t)n * index / s->team.threads),
              to = (int)((int64_t)n * (index + 1) / s->team.threads);
    const int offset = s->diagonal % LOCAL_LS_BLOCK;
    if (offset == 0) {
        wavefront_solve(s, index);
        team_barrier(&s->team);
    }
    if (s->decode) wavefront_decode(s, index, first, n);
    else wavefront_encode(s, first, n, from, to);
    team_barrier(&s->team);
    if (s->error) return 0;
    wavefront_enter(s, from, to);
    team_barrier(&s->team);
    phase_ls_update(s, first, n, index);
    if (offset == LOCAL_LS_BLOCK - 1) {
        wavefront_accumulate(s, index);
        team_barrier(&s->team);
    }
    return n;
}

/* Thread 0 counts the n pixels of a diagonal. */
static void wavefront_advance(scan_state *s, int n)
{
    if (s->decode) wavefront_clear_pieces(s, n);
    s->count = s->shape.batch ? s->count + n : 0;
    s->done += n;
    s->diagonal++;
}

/* Thread 0, after a mini-batch, and a step of the optimiser if any of it was learned from. */
static void wavefront_finish(scan_state *s, int learned)
{
    s->count = 0;
    s->batches++;
    if (!learned) return;
    s->updates++;
    s->beta2 = s->beta2 * LEARN_BETA2;
}

/* This thread's share of the backward pass. Threads share the pixels of each group, or, where there are enough groups that
 * only the heads learn from, take turns with whole ones: the mixture of half a group takes as long as that of a group. */
static void wavefront_backward(scan_state *s, float scale, int index)
{
    const int threads = s->team.threads, turns = s->count >= 2 * SCAN_CHUNK * threads;
    for (int group = 0, turn = 0; group < s->count; group += SCAN_CHUNK) {
        const int trunk = learn_uses_in_trunk(s, group / SCAN_CHUNK), n = learn_group_end(s, group) - group;
        int from = group + n * index / threads, to = group + n * (index + 1) / threads;
        if (!learn_uses(s, group / SCAN_CHUNK)) continue;
        if (turns && !trunk) {
            from = group;
            to = turn++ % threads == index ? group + n : group;
        }
        if (from >= to) continue;
        learn_backward_heads(s, scale, from, to);
        if (trunk) learn_backward_trunk(s, from, to);
    }
}

/* The backward pass and one step of the optimiser, by every thread. */
static void wavefront_learn(scan_state *s, int index)
{
    const int learned = learn_pixels(s, learn_uses);
    wavefront_backward(s, 1.0f / (float)learned, index);
    team_barrier(&s->team);
    if (learned) learn_step(s, index);
    team_barrier(&s->team);
    if (index == 0) wavefront_finish(s, learned > 0);
    team_barrier(&s->team);
}

/* Diagonals until the budget of pixels is used up or the scan ends. Called by every thread with its index. */
static void wavefront_run(scan_state *s, int index)
{
    while (s->diagonal <= s->last_diagonal && s->done < s->budget) {
        int n = wavefront_diagonal(s, index);
        if (s->error) return;
        if (index == 0) wavefront_advance(s, n);
        team_barrier(&s->team);
        if (s->shape.batch && s->count >= s->shape.batch) wavefront_learn(s, index);
    }
}

#endif
