/* From the network's mixtures to intervals, or back from a message to values: the pixels of one diagonal, shared by
 * threads. */
#ifndef BBC_WAVEFRONT_SYMBOLS_H
#define BBC_WAVEFRONT_SYMBOLS_H

#include "network-inl.h"

enum {
    WAVEFRONT_PIXELS = 16, /* of a diagonal, that threads share: as many as the lanes of a vector */
    WAVEFRONT_SPINS = 4000 /* before a thread without work gives the core away; tuned by hand, not recorded */
};

/* How many times WAVEFRONT_PIXELS n pixels are. */
EX int wavefront_vectors(int n) { return (n + WAVEFRONT_PIXELS - 1) / WAVEFRONT_PIXELS; }

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

/* Write pixels [from, to) of the diagonal, whose first one is the at-th of the mini-batch, back: into the planes and,
 * decoding, to the caller. */
static void wavefront_enter(scan_state *s, int at, int from, int to)
{
    for (int i = from; i < to; i++) {
        scan_pixel *p = s->pixel + at + i;
        if (s->shape.channels == 1) p->value[1] = p->value[2] = p->value[0];
        if (s->decode) scan_write(s, p->x, p->y, p->value);
        scan_enter(s, p->x, p->y, p->value);
        neighbourhood_record(s, p, i);
        if (scan_corrects(s)) correction_enter(s, p);
    }
}

/* Intervals of pixels [from, to), at most SCAN_CHUNK, of a diagonal of n, whose first row is `first`. */
static void wavefront_encode(scan_state *s, int first, int n, int from, int to)
{
    const int symbols = network_symbols(s), a = s->count + from, b = s->count + to;
    wavefront_locate(s, first, from, to);
    network_trunk(s, a, b);
    for (int c = 0; c < s->shape.channels; c++) {
        network_head(s, c, a, b);
        network_intervals(s, c, a, b, network_symbol_at(s, c * symbols, n) + from, n);
        for (int j = a; j < b; j++) network_residual(s, s->pixel + j, c);
    }
}

/* This thread's share of a diagonal's intervals. */
static void wavefront_encode_share(scan_state *s, int index, int first, int n)
{
    const int units = wavefront_vectors(n);
    int owner, unit;
    team_offer(&s->team, index, team_part(units, index, s->team.threads), team_part(units, index + 1, s->team.threads));
    for (int taken; (taken = team_take(&s->team, index, SCAN_CHUNK / WAVEFRONT_PIXELS, &owner, &unit)) > 0;) {
        const int from = unit * WAVEFRONT_PIXELS, to = from + taken * WAVEFRONT_PIXELS;
        wavefront_encode(s, first, n, from, to < n ? to : n);
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

/* Pops the number-th of all symbols' pieces of a diagonal of n pixels. */
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

/* Pop the pieces that are prepared, unless another thread pops. Returns whether this one did, and has to look again: who
 * prepares a piece meanwhile, and may not pop, leaves it to this one. Hence the strongest order of `popping` and
 * `prepared`. */
static int wavefront_pop_prepared(scan_state *s, int pieces, int all, int n)
{
    int next = atomic_load_explicit(&s->popped, memory_order_acquire);
    if (next >= all || !atomic_load(s->prepared + next) || atomic_exchange(&s->popping, 1)) return 0;
    while ((next = atomic_load(&s->popped)) < all && atomic_load(s->prepared + next)) wavefront_pop(s, next, pieces, n);
    atomic_store(&s->popping, 0);
    return 1;
}

/* A diagonal of n pixels. Its pieces are prepared by whoever has time, symbol by symbol, and popped in coding order, which
 * is the same, by one thread at a time. */
static void wavefront_decode(scan_state *s, int first, int n)
{
    const int size = wavefront_piece(s, n), pieces = (n + size - 1) / size;
    const int all = pieces * s->shape.channels * network_symbols(s);
    for (int spins = 0; atomic_load_explicit(&s->popped, memory_order_acquire) < all;) {
        if (wavefront_pop_prepared(s, pieces, all, n)) continue;
        int number = atomic_load_explicit(&s->next_piece, memory_order_relaxed);
        if (number >= all) return; /* those who still prepare will pop */
        if (wavefront_can_prepare(s, number, pieces) &&
            atomic_compare_exchange_weak(&s->next_piece, &number, number + 1)) {
            const int from = number % pieces * size, to = from + size < n ? from + size : n;
            wavefront_prepare(s, number / pieces, first, s->count + from, s->count + to);
            atomic_store(s->prepared + number, 1);
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

#endif
