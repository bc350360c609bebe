/* Pixels of few colours. A pixel is first compared with the colours that its surroundings suggest: what followed the
 * same neighbours before (at three sizes of neighbourhood), and the neighbours themselves; each is a yes or a no. If
 * all are wrong, its samples are coded bit by bit. blend.h has the machinery; here are the contexts.
 */
#include "blend.h"

enum { FLAGS = 6, FLAG_INPUTS = 2 * 9 + 1, SAMPLE_INPUTS = 2 * 17 + 1, MEMORIES = 3, MEMORY_BITS = 16, MARGIN = 4 };
enum { FLAG_SETS = FLAGS * 256, SAMPLE_SETS = 4 * 4096 };

/* What followed a neighbourhood, and how often in a row it did. */
typedef struct {
    uint64_t pixel;
    uint32_t check, hits;
} memory;

typedef struct {
    bbc_bit_coder coder;
    bbc_blend_tables tables;
    bbc_blend_shape shape;
    uint64_t coded;      /* the bits of a packed pixel that are not known */
    size_t row;          /* rows coded so far */
    uint64_t *rows[3];   /* packed pixels: this row, the one above, the one above that */
    uint8_t *outcome[2]; /* which suggestion was right: this row, the one above */
    memory *memories[MEMORIES];
    bbc_slot *lines;
    int32_t *flag_weights[2], *sample_weights[2];
    uint16_t *flag_points, *sample_points;
} discrete;

/* The pixels around one: W is the pixel on the left, N above, NN two above, ... */
typedef struct {
    uint64_t w, n, nw, ne, ww, nn, nne, nww, nee, nnw;
} around;

static size_t rows_of(const bbc_blend_shape *s)
{
    return (size_t)s->width + 2 * MARGIN;
}

size_t bbc_discrete_size(const bbc_blend_shape *s)
{
    if (s->width < 1 || s->channels < 1 || s->channels > 4 || s->known < 0 || s->known >= s->channels || s->depth < 1 ||
        s->depth > 16 || s->low != 0 || s->line_bits < 8 || s->line_bits > 20)
        return 0;
    size_t words = (FLAG_SETS * 2 * FLAG_INPUTS + SAMPLE_SETS * 2 * SAMPLE_INPUTS) * sizeof(int32_t);
    size_t points = (size_t)(FLAGS * 64 + 4 * 4096) * BBC_POINTS * sizeof(uint16_t);
    return sizeof(discrete) + 64 + ((size_t)1 << s->line_bits) * BBC_LINE * sizeof(bbc_slot) +
           MEMORIES * sizeof(memory) * ((size_t)1 << MEMORY_BITS) + 3 * rows_of(s) * sizeof(uint64_t) + words + points +
           2 * rows_of(s);
}

void bbc_discrete_begin(void *state, const bbc_blend_shape *shape, const uint8_t *in, uint8_t *out, size_t size)
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
    at += ((size_t)1 << shape->line_bits) * BBC_LINE * sizeof(bbc_slot);
    for (int i = 0; i < MEMORIES; i++, at += sizeof(memory) << MEMORY_BITS) d->memories[i] = (memory *)at;
    for (int i = 0; i < 3; i++, at += rows_of(shape) * sizeof(uint64_t)) d->rows[i] = (uint64_t *)at;
    for (int i = 0; i < 2; i++, at += FLAG_SETS * FLAG_INPUTS * sizeof(int32_t)) d->flag_weights[i] = (int32_t *)at;
    for (int i = 0; i < 2; i++, at += SAMPLE_SETS * SAMPLE_INPUTS * sizeof(int32_t)) d->sample_weights[i] = (int32_t *)at;
    d->flag_points = (uint16_t *)at;
    at += FLAGS * 64 * BBC_POINTS * sizeof(uint16_t);
    d->sample_points = (uint16_t *)at;
    at += 4 * 4096 * BBC_POINTS * sizeof(uint16_t);
    for (int i = 0; i < 2; i++, at += rows_of(shape)) d->outcome[i] = (uint8_t *)at;

    for (int i = 0; i < 2; i++) {
        for (int j = 0; j < FLAG_SETS * FLAG_INPUTS; j++) d->flag_weights[i][j] = 65536 * 3 / FLAG_INPUTS;
        for (int j = 0; j < SAMPLE_SETS * SAMPLE_INPUTS; j++) d->sample_weights[i][j] = 65536 * 3 / SAMPLE_INPUTS;
    }
    for (int i = 0; i < FLAGS * 64; i++) bbc_correction_begin(&d->tables, d->flag_points + i * BBC_POINTS);
    for (int i = 0; i < 4 * 4096; i++) bbc_correction_begin(&d->tables, d->sample_points + i * BBC_POINTS);
}

static inline bbc_slot *line(discrete *d, uint64_t number, uint64_t context)
{
    return bbc_line(d->lines, d->shape.line_bits, bbc_hash(number, context));
}

static uint64_t mix(uint64_t a, uint64_t b)
{
    uint64_t h = (a ^ (b << 29 | b >> 35)) * 0x9E3779B97F4A7C15u;
    return h ^ h >> 29;
}

static int sample_of(uint64_t pixel, int channel)
{
    return (int)(pixel >> (16 * channel) & 0xFFFF);
}

/* The samples of a pixel that was not suggested, bit by bit from the top, those of earlier channels known. */
static uint64_t code_samples(discrete *d, uint64_t pixel, uint64_t given, const around *a)
{
    const int depth = d->shape.depth;
    uint64_t done = given; /* channels that both sides know */
    for (int c = d->shape.known; c < d->shape.channels; c++) {
        int w = sample_of(a->w, c), n = sample_of(a->n, c), nw = sample_of(a->nw, c), ne = sample_of(a->ne, c);
        int ww = sample_of(a->ww, c), nn = sample_of(a->nn, c);
        int before = c ? c - 1 : 0, first = c ? sample_of(done, 0) : 0, last = c ? sample_of(done, before) : 0;
        int slope_w = last - sample_of(a->w, before), slope_n = last - sample_of(a->n, before);
        int plane = w + n - nw, second = c > 1 ? sample_of(done, 1) : 0;
        if (c == 0) slope_w = slope_n = 0;
        uint64_t contexts[] = {
            0,
            mix(w, n),
            mix(mix(w, n), mix(nw, ne)),
            mix(mix(w, last), first),
            mix(mix(n, last), first),
            mix(mix(first, last), second),
            mix(w + slope_w, n + slope_n),
            mix(w + slope_w, last),
            mix(plane, slope_w + slope_n),
            mix(mix(plane, last), 7),
            mix(mix(w, ww), last),
            mix(mix(n, nn), last),
            mix(mix(a->w, a->n), done),
            mix(a->w, done),
            mix(a->n, done),
            mix(mix(a->w, a->n), mix(mix(a->nw, a->ne), done)),
            mix((w + n) >> 1, mix((w - n) >> 2, slope_w)),
        };
        enum { COUNT = sizeof contexts / sizeof *contexts };
        bbc_slot *lines[COUNT] = {0};
        int equal = (w == n) | (w == nw) << 1 | (n == ne) << 2 | (slope_w == 0) << 3;
        uint32_t value = (uint32_t)sample_of(pixel, c), prefix = 1, node = 1;
        for (int i = 0; i < depth; i++) {
            if (i % 4 == 0) {
                node = 1;
                for (int k = 0; k < COUNT; k++)
                    lines[k] = line(d, (uint64_t)(k + 64) << 24 | (uint64_t)c << 20 | prefix, contexts[k]);
            }
            bbc_blend b = {.sets = 2};
            for (int k = 0; k < COUNT; k++) bbc_blend_add(&d->tables, &b, lines[k] + node);
            /* Beyond 8 bits, low ones share what is learned. */
            uint32_t place = (uint32_t)c << 12 | (uint32_t)i << 8;
            uint32_t set = i < 8 ? (uint32_t)c << 12 | (prefix & 255) : place;
            b.weights[0] = d->sample_weights[0] + (size_t)set * SAMPLE_INPUTS;
            b.weights[1] = d->sample_weights[1] + (size_t)(place | (uint32_t)equal) * SAMPLE_INPUTS;
            int bit = bbc_decide(&d->coder, &d->tables, &b, value >> (depth - 1 - i) & 1, d->sample_points + (size_t)set * BBC_POINTS, 3);
            prefix = prefix << 1 | (uint32_t)bit;
            node = node << 1 | (uint32_t)bit;
        }
        done |= (uint64_t)(prefix & ((1u << depth) - 1)) << (16 * c);
    }
    return done;
}

/* Code the pixel at x of the current row; `pixel` holds only what is known when decoding. */
static uint64_t code_pixel(discrete *d, uint64_t pixel, size_t x)
{
    const uint64_t *r0 = d->rows[0] + MARGIN + x, *r1 = d->rows[1] + MARGIN + x, *r2 = d->rows[2] + MARGIN + x;
    uint8_t *o0 = d->outcome[0] + MARGIN + x, *o1 = d->outcome[1] + MARGIN + x;
    around a = {r0[-1], r1[0], r1[-1], r1[1], r0[-2], r2[0], r2[1], r1[-2], r1[2], r2[-1]};
    uint64_t known = pixel & ~d->coded;
    uint64_t near3 = mix(mix(a.w, a.n), mix(a.nw, known)), near6 = mix(mix(near3, a.ne), mix(a.ww, a.nn));
    uint64_t near12 = mix(mix(mix(near6, a.nne), mix(a.nww, a.nee)), mix(mix(a.nnw, r0[-3]), r2[2]));
    const uint64_t keys[MEMORIES] = {near12, near6, near3};

    memory *cells[MEMORIES];
    uint64_t suggested[FLAGS];
    int source[FLAGS], count = 0;
    uint32_t trust = 0;
    const uint64_t neighbours[] = {a.w, a.n, a.ne, a.nw};
    for (int i = 0; i < MEMORIES + 4; i++) {
        uint64_t value;
        if (i < MEMORIES) {
            cells[i] = d->memories[i] + (keys[i] >> (64 - MEMORY_BITS));
            if (cells[i]->check != ((uint32_t)keys[i] | 1)) continue;
            uint32_t hits = cells[i]->hits;
            trust |= (hits == 0 ? 1u : hits < 3 ? 2u : 3u) << (2 * i);
            value = cells[i]->pixel;
        } else value = neighbours[i - MEMORIES] & d->coded;
        int seen = 0;
        for (int k = 0; k < count; k++) seen |= suggested[k] == value;
        if (seen || count == FLAGS) continue;
        suggested[count] = value;
        source[count++] = i;
    }

    uint32_t equal = (a.w == a.n) | (a.w == a.nw) << 1 | (a.n == a.ne) << 2 | (a.n == a.nw) << 3 | (a.w == a.ww) << 4 |
                     (a.n == a.nn) << 5;
    uint32_t outcomes = o0[-1] | (uint32_t)o1[0] << 3 | (uint32_t)o1[1] << 6 | (uint32_t)o1[-1] << 9;
    uint64_t from = 0;
    for (int k = 0; k < count; k++) from = from << 3 | (uint64_t)source[k];
    const uint64_t contexts[] = {
        mix(outcomes, from), mix(equal, mix(trust, from)), mix(a.w, mix(a.n, from)), near3, near6, near12,
        mix(outcomes, mix(equal, o0[-2])), mix(mix(a.w, a.ww), mix(known, from)), mix(mix(a.n, a.ne), mix(known, o1[0])),
    };
    enum { COUNT = sizeof contexts / sizeof *contexts };
    bbc_slot *lines[COUNT];
    for (int k = 0; k < COUNT; k++) lines[k] = line(d, (uint64_t)k, contexts[k]);

    int hit = FLAGS;
    for (int f = 0; f < count && hit == FLAGS; f++) {
        bbc_blend b = {.sets = 2};
        for (int k = 0; k < COUNT; k++) bbc_blend_add(&d->tables, &b, lines[k] + 1 + f);
        b.weights[0] = d->flag_weights[0] + (size_t)(f * 256 + (int)(trust << 2 & 0xFC) + (int)(equal & 3)) * FLAG_INPUTS;
        b.weights[1] = d->flag_weights[1] + (size_t)(f * 256 + (int)(o0[-1] | o1[0] << 3)) * FLAG_INPUTS;
        uint16_t *points = d->flag_points + (size_t)(f * 64 + (int)(o0[-1] | o1[0] << 3)) * BBC_POINTS;
        if (bbc_decide(&d->coder, &d->tables, &b, (pixel & d->coded) == suggested[f], points, 3)) hit = f;
    }
    if (hit < FLAGS) pixel = known | suggested[hit];
    else pixel = code_samples(d, pixel, known, &a);
    o0[0] = (uint8_t)(hit == FLAGS ? 7 : source[hit]);

    for (int i = 0; i < MEMORIES; i++) {
        memory *m = cells[i];
        if (m->check == ((uint32_t)keys[i] | 1) && m->pixel == (pixel & d->coded)) m->hits++;
        else *m = (memory){pixel & d->coded, (uint32_t)keys[i] | 1, 0};
    }
    return pixel;
}

int bbc_discrete_rows(void *state, uint16_t *samples, size_t rows)
{
    discrete *d = state;
    const size_t width = (size_t)d->shape.width;
    const int channels = d->shape.channels;
    for (size_t r = 0; r < rows; r++, d->row++) {
        /* What lies beside the row counts as the pixel above the first one; above the picture all is 0. */
        uint64_t *row = d->rows[0] + MARGIN;
        for (int i = 1; i <= MARGIN; i++) row[-i] = d->rows[1][MARGIN];
        for (size_t x = 0; x < width; x++, samples += channels) {
            uint64_t pixel = 0;
            for (int c = 0; c < channels; c++)
                if (!d->coder.in || c < d->shape.known) pixel |= (uint64_t)samples[c] << (16 * c);
            row[x] = pixel = code_pixel(d, pixel, x);
            if (d->coder.in)
                for (int c = d->shape.known; c < channels; c++) samples[c] = (uint16_t)sample_of(pixel, c);
        }
        for (size_t i = 0; i < MARGIN; i++) row[width + i] = row[width - 1];
        uint64_t *oldest = d->rows[2];
        d->rows[2] = d->rows[1];
        d->rows[1] = d->rows[0];
        d->rows[0] = oldest;
        uint8_t *older = d->outcome[1];
        d->outcome[1] = d->outcome[0];
        d->outcome[0] = older;
    }
    return d->coder.full ? -1 : 0;
}

size_t bbc_discrete_end(void *state)
{
    discrete *d = state;
    size_t size = bbc_coder_end(&d->coder);
    return d->coder.full ? SIZE_MAX : size;
}
