/* Pixels of few colours. A pixel is first compared with the colours that its surroundings suggest: what followed the
 * same neighbours before (at three sizes of neighbourhood), and the neighbours themselves; each is a yes or a no. If
 * all are wrong, its samples are coded bit by bit, with the help of predictions from their neighbours. mixer.h has
 * the machinery; here are the contexts.
 */
#include "kernels.h"
#include "mixer.h"
#include "windowed_ls.h"

enum { FLAGS = 6, FLAG_CONTEXTS = 9, FLAG_ROOM = BBC_ROOM(2 * FLAG_CONTEXTS + 1), FLAG_SETS = FLAGS * 256 };
enum { SAMPLE_CONTEXTS = 21, SAMPLE_ROOM = BBC_ROOM(2 * SAMPLE_CONTEXTS + 1), SAMPLE_SETS = 4 * 4096 };
enum { MEMORIES = 3, MEMORY_BITS = 16, MARGIN = 4, CHANNELS = 4, SOLVERS = 2 };
/* Of learning: fast, since the sets of weights are many and pictures small. */
enum { RATE = 32 };
/* Of the least squares: forgetting per sample, and samples between two solutions. */
static const double FORGET[SOLVERS] = {0.9985, 0.99}, RIDGE = 0.02;
enum { EVERY = 4 };

/* What followed a neighbourhood, and how often in a row it did. */
typedef struct {
    uint64_t pixel;
    uint32_t check, hits;
} memory;

typedef struct {
    bbc_bit_coder coder;
    bbc_blend_tables tables;
    bbc_mixing_shape shape;
    uint64_t coded;      /* the bits of a packed pixel that are not known */
    uint64_t *rows[3];   /* packed pixels: this row, the one above, the one above that; with margins */
    uint8_t *outcome[2]; /* which suggestion was right: this row, the one above; with margins */
    memory *memories[MEMORIES];
    bbc_slot *lines;
    int32_t *flag_weights[2], *sample_weights[3];
    uint16_t *flag_points, *sample_points;
    bbc_squares squares[SOLVERS][CHANNELS];
} discrete;

/* The packed pixels around one: W is the pixel on the left, N above, NN two above, ... */
typedef struct {
    uint64_t w, n, nw, ne, ww, nn, nne, nww, nee, nnw;
} around;

static size_t row_of(const bbc_mixing_shape *s) { return (size_t)s->width + 2 * MARGIN; }

size_t bbc_few_colours_size(const bbc_mixing_shape *s)
{
    if (s->width < 1 || s->channels < 1 || s->channels > CHANNELS || s->known < 0 || s->known >= s->channels ||
        s->depth < 1 || s->depth > 16 || s->low != 0 || s->bucket_bits < 8 || s->bucket_bits > 20)
        return 0;
    size_t words = (size_t)(FLAG_SETS * 2 * FLAG_ROOM + SAMPLE_SETS * 3 * SAMPLE_ROOM) * sizeof(int32_t);
    size_t points = (size_t)(FLAGS * 64 + SAMPLE_SETS) * BBC_POINTS * sizeof(uint16_t);
    return sizeof(discrete) + 64 + ((size_t)1 << s->bucket_bits) * BBC_LINE * sizeof(bbc_slot) +
           MEMORIES * sizeof(memory) * ((size_t)1 << MEMORY_BITS) + 3 * row_of(s) * sizeof(uint64_t) + words + points +
           2 * row_of(s);
}

static int32_t *weights_begin(char **at, int sets, int room)
{
    int32_t *weights = (int32_t *)*at;
    *at += (size_t)sets * (size_t)room * sizeof(int32_t);
    for (int i = 0; i < sets * room; i++) weights[i] = (2 << 16) / room;
    return weights;
}

static uint16_t *points_begin(const bbc_blend_tables *t, char **at, int sets)
{
    uint16_t *points = (uint16_t *)*at;
    *at += (size_t)sets * BBC_POINTS * sizeof(uint16_t);
    for (int i = 0; i < sets; i++) bbc_correction_begin(t, points + i * BBC_POINTS);
    return points;
}

void bbc_few_colours_begin(void *state, const bbc_mixing_shape *shape, const uint8_t *in, uint8_t *out, size_t size)
{
    discrete *d = state;
    d->shape = *shape;
    bbc_coder_begin(&d->coder, in, out, size);
    bbc_blend_tables_fill(&d->tables);
    for (int c = shape->known; c < shape->channels; c++) d->coded |= (uint64_t)0xFFFF << (16 * c);

    /* The arrays follow, those of wider types first; lines begin at a multiple of their size. */
    char *at = (char *)(d + 1);
    at += -(uintptr_t)at & 63;
    d->lines = (bbc_slot *)at;
    at += ((size_t)1 << shape->bucket_bits) * BBC_LINE * sizeof(bbc_slot);
    for (int i = 0; i < MEMORIES; i++, at += sizeof(memory) << MEMORY_BITS) d->memories[i] = (memory *)at;
    for (int i = 0; i < 3; i++, at += row_of(shape) * sizeof(uint64_t)) d->rows[i] = (uint64_t *)at;
    for (int i = 0; i < 2; i++) d->flag_weights[i] = weights_begin(&at, FLAG_SETS, FLAG_ROOM);
    /* Channels that the picture does not have keep their zeros. */
    for (int i = 0; i < 3; i++) {
        d->sample_weights[i] = (int32_t *)at;
        char *used = at;
        weights_begin(&used, SAMPLE_SETS / CHANNELS * shape->channels, SAMPLE_ROOM);
        at += (size_t)SAMPLE_SETS * SAMPLE_ROOM * sizeof(int32_t);
    }
    d->flag_points = points_begin(&d->tables, &at, FLAGS * 64);
    char *used = at;
    d->sample_points = points_begin(&d->tables, &used, SAMPLE_SETS / CHANNELS * shape->channels);
    at += (size_t)SAMPLE_SETS * BBC_POINTS * sizeof(uint16_t);
    for (int i = 0; i < 2; i++, at += row_of(shape)) d->outcome[i] = (uint8_t *)at;
}

static uint64_t mix(uint64_t a, uint64_t b)
{
    uint64_t h = (a ^ (b << 29 | b >> 35)) * 0x9E3779B97F4A7C15u;
    return h ^ h >> 29;
}

static int sample_of(uint64_t pixel, int channel) { return (int)(pixel >> (16 * channel) & 0xFFFF); }

static int distance(int a, int b) { return a < b ? b - a : a - b; }

/* ---- samples ---- */

/* What the neighbours and the channels before say about sample c: features of least squares, against *base. */
static int features_of(const around *a, uint64_t done, int c, double *features, int *base)
{
    int count = 0;
    *base = bbc_median_edge(sample_of(a->w, c), sample_of(a->n, c), sample_of(a->nw, c));
    const uint64_t own[] = {a->w, a->n, a->nw, a->ne, a->ww, a->nn};
    for (int i = 0; i < 6; i++) features[count++] = sample_of(own[i], c) - *base;
    for (int k = 0; k < c; k++) {
        int other = bbc_median_edge(sample_of(a->w, k), sample_of(a->n, k), sample_of(a->nw, k));
        const uint64_t theirs[] = {done, a->w, a->n, a->nw};
        for (int i = 0; i < 4; i++) features[count++] = sample_of(theirs[i], k) - other;
    }
    return count;
}

/* The contexts of sample c, given two predictions of it. */
static void contexts_of(const around *a, uint64_t done, int c, const int *predicted, uint64_t *contexts)
{
    const int w = sample_of(a->w, c), n = sample_of(a->n, c), nw = sample_of(a->nw, c), ne = sample_of(a->ne, c);
    const int before = c ? c - 1 : 0, first = c ? sample_of(done, 0) : 0, last = c ? sample_of(done, before) : 0;
    const int second = c > 1 ? sample_of(done, 1) : 0, plane = w + n - nw;
    /* How the channel before changed from the neighbours to here. */
    const int slope_w = c ? last - sample_of(a->w, before) : 0, slope_n = c ? last - sample_of(a->n, before) : 0;
    const int rough = 31 - __builtin_clz(1u + 2u * (unsigned)(distance(w, nw) + distance(n, nw) + distance(n, ne)));
#define PAIR(x, y) mix((uint64_t)(int64_t)(x), (uint64_t)(int64_t)(y))
    const uint64_t found[SAMPLE_CONTEXTS] = {
        0,
        PAIR(w, n),
        PAIR(predicted[0], -1),
        PAIR(predicted[1], predicted[0] - predicted[1]),
        PAIR(predicted[0], PAIR(rough, 3)),
        PAIR(predicted[0], last),
        mix(PAIR(w, n), PAIR(nw, ne)),
        PAIR(PAIR(w, last), first),
        PAIR(PAIR(n, last), first),
        PAIR(PAIR(first, last), second),
        PAIR(w + slope_w, n + slope_n),
        PAIR(w + slope_w, last),
        PAIR(plane, slope_w + slope_n),
        PAIR(PAIR(plane, last), 7),
        PAIR(PAIR(w, sample_of(a->ww, c)), last),
        PAIR(PAIR(n, sample_of(a->nn, c)), last),
        mix(mix(a->w, a->n), done),
        mix(a->w, done),
        mix(a->n, done),
        mix(mix(a->w, a->n), mix(mix(a->nw, a->ne), done)),
        PAIR((w + n) >> 1, PAIR((w - n) >> 2, slope_w)),
    };
    memcpy(contexts, found, sizeof found);
}

/* Where bit i of a sample stands: below (0) or above (1) the prediction already, or with its next four bits (2..17). */
static uint32_t state_of(uint32_t prefix, uint32_t predicted, int depth, int i)
{
    uint32_t same = (predicted | 1u << depth) >> (depth - i);
    return prefix < same ? 0 : prefix > same ? 1 : 2 + ((predicted << 3 >> (depth - 1 - i)) & 15);
}

/* The samples of a pixel that was not suggested, bit by bit from the top, those of earlier channels known. */
static uint64_t code_samples(discrete *d, uint64_t pixel, uint64_t given, const around *a)
{
    const int depth = d->shape.depth, top = (1 << depth) - 1;
    uint64_t done = given;
    for (int c = d->shape.known; c < d->shape.channels; c++) {
        double features[BBC_FEATURES];
        int base, predicted[SOLVERS], count = features_of(a, done, c, features, &base);
        for (int i = 0; i < SOLVERS; i++) {
            double sum = base + bbc_squares_predict(&d->squares[i][c], features, count) + 0.5;
            predicted[i] = sum > 0 ? sum < top ? (int)sum : top : 0;
        }
        uint64_t contexts[SAMPLE_CONTEXTS];
        contexts_of(a, done, c, predicted, contexts);
        const int w = sample_of(a->w, c), n = sample_of(a->n, c), nw = sample_of(a->nw, c), ne = sample_of(a->ne, c);
        const uint32_t equal = (uint32_t)((w == n) | (w == nw) << 1 | (n == ne) << 2 | (w == nw + n - w) << 3);

        bbc_slot *lines[SAMPLE_CONTEXTS];
        uint32_t value = (uint32_t)sample_of(pixel, c), prefix = 1, node = 1;
        for (int i = 0; i < depth; i++) {
            if (i % 4 == 0) {
                uint32_t hashes[SAMPLE_CONTEXTS];
                uint64_t group = (uint64_t)c << 20 | prefix;
                for (int k = 0; k < SAMPLE_CONTEXTS; k++)
                    hashes[k] = bbc_hash((uint64_t)(k + 64) << 24 | group, contexts[k]);
                bbc_find_lines(d->lines, d->shape.bucket_bits, hashes, lines, SAMPLE_CONTEXTS);
                node = 1;
            }
            bbc_blend b = {.sets = 3};
            for (int k = 0; k < SAMPLE_CONTEXTS; k++) bbc_blend_add(&d->tables, &b, lines[k] + node);
            /* Beyond 8 bits, low ones share what is learned. */
            const uint32_t place = (uint32_t)c << 12 | (uint32_t)i << 8;
            const uint32_t state =
                (uint32_t)c << 12 | (uint32_t)i << 6 | state_of(prefix, (uint32_t)predicted[0], depth, i);
            const uint32_t sets[3] = {i < 8 ? (uint32_t)c << 12 | (prefix & 255) : place, place | equal, state};
            for (int s = 0; s < 3; s++) b.weights[s] = d->sample_weights[s] + (size_t)sets[s] * SAMPLE_ROOM;
            int bit = bbc_decide(&d->coder, &d->tables, &b, value >> (depth - 1 - i) & 1,
                                 d->sample_points + (size_t)state * BBC_POINTS, RATE, SAMPLE_ROOM);
            prefix = prefix << 1 | (uint32_t)bit;
            node = node << 1 | (uint32_t)bit;
        }
        value = prefix & (uint32_t)top;
        for (int i = 0; i < SOLVERS; i++) {
            bbc_squares_meet(&d->squares[i][c], features, count, FORGET[i]);
            bbc_squares_learn(&d->squares[i][c], features, (int)value - base, count, FORGET[i], RIDGE, EVERY);
        }
        done |= (uint64_t)value << (16 * c);
    }
    return done;
}

/* ---- pixels ---- */

/* Suggestions for a pixel, all different: the memories' first, then the neighbours. */
typedef struct {
    uint64_t keys[MEMORIES], values[FLAGS];
    memory *cells[MEMORIES];
    uint32_t sources[FLAGS], trust; /* trust: two bits for each memory, 0 if it knows nothing */
    int count;
} suggestions;

static void suggest(discrete *d, const around *a, suggestions *s)
{
    const uint64_t neighbours[] = {a->w, a->n, a->ne, a->nw};
    s->count = 0;
    s->trust = 0;
    for (uint32_t i = 0; i < MEMORIES + 4; i++) {
        uint64_t value;
        if (i < MEMORIES) {
            memory *m = s->cells[i] = d->memories[i] + (s->keys[i] >> (64 - MEMORY_BITS));
            if (m->check != ((uint32_t)s->keys[i] | 1)) continue;
            s->trust |= (m->hits == 0 ? 1u : m->hits < 3 ? 2u : 3u) << (2 * i);
            value = m->pixel;
        } else value = neighbours[i - MEMORIES] & d->coded;
        int seen = s->count == FLAGS;
        for (int k = 0; k < s->count; k++) seen |= s->values[k] == value;
        if (seen) continue;
        s->values[s->count] = value;
        s->sources[s->count++] = i;
    }
}

static void remember(discrete *d, suggestions *s, uint64_t pixel)
{
    for (int i = 0; i < MEMORIES; i++) {
        memory *m = s->cells[i];
        uint32_t check = (uint32_t)s->keys[i] | 1;
        if (m->check == check && m->pixel == (pixel & d->coded)) m->hits++;
        else *m = (memory){pixel & d->coded, check, 0};
    }
}

/* Code the pixel at x of the current row; `pixel` holds only what is known when decoding. */
static uint64_t code_pixel(discrete *d, uint64_t pixel, size_t x)
{
    const uint64_t *r0 = d->rows[0] + MARGIN + x, *r1 = d->rows[1] + MARGIN + x, *r2 = d->rows[2] + MARGIN + x;
    uint8_t *o0 = d->outcome[0] + MARGIN + x, *o1 = d->outcome[1] + MARGIN + x;
    const around a = {r0[-1], r1[0], r1[-1], r1[1], r0[-2], r2[0], r2[1], r1[-2], r1[2], r2[-1]};
    const uint64_t known = pixel & ~d->coded;
    const uint64_t near3 = mix(mix(a.w, a.n), mix(a.nw, known)), near6 = mix(mix(near3, a.ne), mix(a.ww, a.nn));
    const uint64_t near12 = mix(mix(mix(near6, a.nne), mix(a.nww, a.nee)), mix(mix(a.nnw, r0[-3]), r2[2]));
    suggestions s = {.keys = {near12, near6, near3}};
    suggest(d, &a, &s);

    const uint32_t equal = (uint32_t)((a.w == a.n) | (a.w == a.nw) << 1 | (a.n == a.ne) << 2 | (a.n == a.nw) << 3 |
                                      (a.w == a.ww) << 4 | (a.n == a.nn) << 5);
    const uint32_t outcomes = o0[-1] | (uint32_t)o1[0] << 3 | (uint32_t)o1[1] << 6 | (uint32_t)o1[-1] << 9;
    uint64_t from = 0;
    for (int k = 0; k < s.count; k++) from = from << 3 | s.sources[k];
    const uint64_t contexts[FLAG_CONTEXTS] = {
        mix(outcomes, from),
        mix(equal, mix(s.trust, from)),
        mix(a.w, mix(a.n, from)),
        near3,
        near6,
        near12,
        mix(outcomes, mix(equal, o0[-2])),
        mix(mix(a.w, a.ww), mix(known, from)),
        mix(mix(a.n, a.ne), mix(known, o1[0])),
    };
    uint32_t hashes[FLAG_CONTEXTS];
    bbc_slot *lines[FLAG_CONTEXTS];
    for (int k = 0; k < FLAG_CONTEXTS; k++) hashes[k] = bbc_hash((uint64_t)k, contexts[k]);
    bbc_find_lines(d->lines, d->shape.bucket_bits, hashes, lines, FLAG_CONTEXTS);

    const size_t lately = o0[-1] | (size_t)o1[0] << 3;
    int hit = FLAGS;
    for (int f = 0; f < s.count && hit == FLAGS; f++) {
        bbc_blend b = {.sets = 2};
        for (int k = 0; k < FLAG_CONTEXTS; k++) bbc_blend_add(&d->tables, &b, lines[k] + 1 + f);
        b.weights[0] = d->flag_weights[0] + ((size_t)f * 256 + (s.trust << 2 | (equal & 3))) * FLAG_ROOM;
        b.weights[1] = d->flag_weights[1] + ((size_t)f * 256 + lately) * FLAG_ROOM;
        uint16_t *points = d->flag_points + ((size_t)f * 64 + lately) * BBC_POINTS;
        int same = (pixel & d->coded) == s.values[f];
        if (bbc_decide(&d->coder, &d->tables, &b, same, points, RATE, FLAG_ROOM)) hit = f;
    }
    pixel = hit < FLAGS ? known | s.values[hit] : code_samples(d, pixel, known, &a);
    o0[0] = (uint8_t)(hit < FLAGS ? s.sources[hit] : 7);
    remember(d, &s, pixel);
    return pixel;
}

int bbc_few_colours_rows(void *state, uint16_t *samples, size_t rows)
{
    discrete *d = state;
    const size_t width = (size_t)d->shape.width;
    const int channels = d->shape.channels, decoding = d->coder.in != NULL;
    const bbc_fp_state saved = bbc_fp_enter();
    for (size_t r = 0; r < rows; r++) {
        /* What lies beside the row counts as the pixel above the first one; above the picture all is 0. */
        uint64_t *row = d->rows[0] + MARGIN;
        for (int i = 1; i <= MARGIN; i++) row[-i] = d->rows[1][MARGIN];
        for (size_t x = 0; x < width; x++, samples += channels) {
            uint64_t pixel = 0;
            for (int c = 0; c < (decoding ? d->shape.known : channels); c++) pixel |= (uint64_t)samples[c] << (16 * c);
            row[x] = pixel = code_pixel(d, pixel, x);
            if (decoding)
                for (int c = d->shape.known; c < channels; c++) samples[c] = (uint16_t)sample_of(pixel, c);
        }
        for (size_t i = 0; i < MARGIN; i++) row[width + i] = row[width - 1];
        bbc_turn((void **)d->rows, 3);
        bbc_turn((void **)d->outcome, 2);
    }
    bbc_fp_leave(saved);
    return d->coder.full ? -1 : 0;
}

size_t bbc_few_colours_end(void *state) { return bbc_coder_end(&((discrete *)state)->coder); }
