/* The coder of pixels of few colours (screens, drawings, palettes, alpha). Candidates for a pixel are listed: the
 * pixels that match models remember, which hold the pixel last seen after the same neighbours (of three sizes of
 * neighbourhood, as the match model of PAQ does for the longest context), the one seen before that after the largest
 * neighbourhood, and the neighbours themselves. For each
 * candidate in turn one bit says whether it is the pixel. If none is, the samples are coded (few_colours_samples.h).
 * All bits are coded by logistic mixing of counters (mixer.h).
 *
 * This file is compiled once, for the base instruction set: with AVX2 it takes 5 % less time (one picture, measured by
 * hand). */
#include "few_colours_samples.h"
#include "few_colours_start.h"
#include "rows.h"

static size_t few_colours_row_size(const bbc_mixing_shape *s) { return (size_t)s->width + 2 * FEW_COLOURS_MARGIN; }

size_t bbc_few_colours_size(const bbc_mixing_shape *s)
{
    if (s->width < 1 || s->channels < 1 || s->channels > FEW_COLOURS_CHANNELS || s->known < 0 ||
        s->known >= s->channels || s->depth < 1 || s->depth > 16 || s->bucket_bits < 8 || s->bucket_bits > 20)
        return 0;
    size_t buckets = ((size_t)1 << s->bucket_bits) * BUCKET_SIZE * sizeof(counter);
    size_t matches = FEW_COLOURS_MATCHES * sizeof(few_colours_match) * ((size_t)1 << FEW_COLOURS_MATCH_BITS);
    size_t rows = few_colours_row_size(s) * (3 * sizeof(uint64_t) + 2);
    size_t weights = (size_t)(FEW_COLOURS_CANDIDATE_SETS * 2 * FEW_COLOURS_CANDIDATE_PADDED +
                              FEW_COLOURS_SAMPLE_SETS * 3 * FEW_COLOURS_SAMPLE_PADDED) *
                     sizeof(int32_t);
    size_t apms = (size_t)(FEW_COLOURS_CANDIDATE_APMS + FEW_COLOURS_SAMPLE_SETS) * APM_POINTS * sizeof(uint16_t);
    return sizeof(few_colours_state) + 64 + buckets + matches + rows + weights + apms;
}

/* Give `sets` weight sets room at *at, and begin the first `used` of them; the others keep their zeros. */
static int32_t *few_colours_weights_begin(char **at, int sets, int used, int padded)
{
    int32_t *weights = (int32_t *)*at;
    *at += (size_t)sets * (size_t)padded * sizeof(int32_t);
    for (int i = 0; i < used * padded; i++) weights[i] = (2 << 16) / padded;
    return weights;
}

/* The same for APMs. */
static uint16_t *few_colours_apms_begin(const logistic_tables *t, char **at, int maps, int used)
{
    uint16_t *apms = (uint16_t *)*at;
    *at += (size_t)maps * APM_POINTS * sizeof(uint16_t);
    for (int i = 0; i < used; i++) apm_begin(t, apms + i * APM_POINTS);
    return apms;
}

void bbc_few_colours_begin(void *state, const bbc_mixing_shape *shape, const uint8_t *in, uint8_t *out, size_t size)
{
    few_colours_state *d = state;
    d->shape = *shape;
    binary_coder_begin(&d->coder, in, out, size);
    mixer_tables_fill(&d->tables);
    for (int c = shape->known; c < shape->channels; c++) d->coded |= (uint64_t)0xFFFF << (16 * c);

    /* The arrays follow the struct, those of wider types first; buckets begin at a multiple of their size. */
    const size_t row = few_colours_row_size(shape);
    char *at = (char *)(d + 1);
    at += -(uintptr_t)at & 63;
    d->buckets = (counter *)at;
    at += ((size_t)1 << shape->bucket_bits) * BUCKET_SIZE * sizeof(counter);
    for (int i = 0; i < FEW_COLOURS_MATCHES; i++, at += sizeof(few_colours_match) << FEW_COLOURS_MATCH_BITS)
        d->matches[i] = (few_colours_match *)at;
    for (int i = 0; i < 3; i++, at += row * sizeof(uint64_t)) d->rows[i] = (uint64_t *)at;
    const int candidate_sets = FEW_COLOURS_CANDIDATE_SETS, sample_sets = FEW_COLOURS_SAMPLE_SETS;
    const int used = sample_sets / FEW_COLOURS_CHANNELS * shape->channels;
    for (int i = 0; i < 2; i++)
        d->candidate_weights[i] =
            few_colours_weights_begin(&at, candidate_sets, candidate_sets, FEW_COLOURS_CANDIDATE_PADDED);
    for (int i = 0; i < 3; i++)
        d->sample_weights[i] = few_colours_weights_begin(&at, sample_sets, used, FEW_COLOURS_SAMPLE_PADDED);
    const logistic_tables *t = &d->tables.logistic;
    d->candidate_apms = few_colours_apms_begin(t, &at, FEW_COLOURS_CANDIDATE_APMS, FEW_COLOURS_CANDIDATE_APMS);
    d->sample_apms = few_colours_apms_begin(t, &at, sample_sets, used);
    for (int c = shape->known; c < shape->channels; c++)
        for (int k = 0; k < FEW_COLOURS_SAMPLE_CONTEXTS; k++) state_map_begin(t, d->sample_maps[c][k]);
    for (int i = 0; i < 2; i++, at += row) d->outcome[i] = (uint8_t *)at;
}

void bbc_few_colours_start(void *state, const uint8_t *numbers)
{
    few_colours_state *d = state;
    const few_colours_start *start = (const few_colours_start *)numbers;
    for (int place = 0; place < FEW_COLOURS_CANDIDATES; place++)
        for (int n = 0; n < FEW_COLOURS_CANDIDATE_STARTS; n++)
            few_colours_move(few_colours_candidate_set(d, place, n), start->candidates[place][n],
                             FEW_COLOURS_CANDIDATE_INPUTS);
    for (int c = d->shape.known; c < d->shape.channels; c++) {
        const int kind = few_colours_kind(&d->shape, c);
        for (int n = 0; n < FEW_COLOURS_SAMPLE_STARTS; n++)
            few_colours_move(few_colours_sample_set(d, c, n), start->samples[kind][n], FEW_COLOURS_SAMPLE_INPUTS);
        for (int n = 0; n < FEW_COLOURS_APM_STARTS; n++) {
            uint16_t *apm = d->sample_apms + (size_t)few_colours_against_set(c, n) * APM_POINTS;
            const uint8_t (*points)[2] = start->apms[kind][n];
            for (int i = 0; i < APM_POINTS; i++) apm[i] = (uint16_t)(points[i][0] | points[i][1] << 8);
        }
    }
}

void bbc_few_colours_learned(const void *state, int32_t *candidates, int32_t *samples, uint16_t *apms)
{
    const few_colours_state *d = state;
    for (int place = 0; place < FEW_COLOURS_CANDIDATES; place++)
        for (int n = 0; n < FEW_COLOURS_CANDIDATE_STARTS; n++, candidates += FEW_COLOURS_CANDIDATE_INPUTS)
            memcpy(candidates, few_colours_candidate_set(d, place, n), FEW_COLOURS_CANDIDATE_INPUTS * sizeof(int32_t));
    for (int c = 0; c < d->shape.channels; c++) {
        for (int n = 0; n < FEW_COLOURS_SAMPLE_STARTS; n++, samples += FEW_COLOURS_SAMPLE_INPUTS)
            memcpy(samples, few_colours_sample_set(d, c, n), FEW_COLOURS_SAMPLE_INPUTS * sizeof(int32_t));
        for (int n = 0; n < FEW_COLOURS_APM_STARTS; n++, apms += APM_POINTS)
            memcpy(apms, d->sample_apms + (size_t)few_colours_against_set(c, n) * APM_POINTS,
                   APM_POINTS * sizeof(uint16_t));
    }
}

/* ---- candidates ---- */

/* Candidates for a pixel, all different: those of the match models first, then the neighbours. */
typedef struct {
    uint64_t keys[FEW_COLOURS_MATCHES], values[FEW_COLOURS_CANDIDATES];
    few_colours_match *matches[FEW_COLOURS_MATCHES];
    uint32_t sources[FEW_COLOURS_CANDIDATES]; /* FEW_COLOURS_OLDER, or 0 to 2: a match model; 3 to 6: W, N, NE, NW */
    uint32_t confidence;                      /* two bits for each match model, 0 if it has not seen its context */
    int count;
} few_colours_candidates;

enum { FEW_COLOURS_OLDER = 7 };

static void few_colours_list(few_colours_candidates *s, uint64_t value, uint32_t source)
{
    for (int k = 0; k < s->count; k++)
        if (s->values[k] == value) return;
    s->values[s->count] = value;
    s->sources[s->count++] = source;
}

/* keys: the contexts of the match models, set by the caller */
static void few_colours_list_candidates(few_colours_state *d, const few_colours_neighbours *a,
                                        few_colours_candidates *s)
{
    s->count = 0;
    s->confidence = 0;
    for (uint32_t i = 0; i < FEW_COLOURS_MATCHES; i++) {
        few_colours_match *m = s->matches[i] = d->matches[i] + (s->keys[i] >> (64 - FEW_COLOURS_MATCH_BITS));
        if (m->tag != ((uint32_t)s->keys[i] | 1)) continue;
        s->confidence |= (m->repeats == 0 ? 1u : m->repeats < 3 ? 2u : 3u) << (2 * i);
        few_colours_list(s, m->pixel, i);
    }
    if (s->confidence & 3) few_colours_list(s, s->matches[0]->older, FEW_COLOURS_OLDER);
    const uint64_t neighbours[] = {a->w, a->n, a->ne, a->nw};
    for (uint32_t i = 0; i < 4; i++) few_colours_list(s, neighbours[i] & d->coded, FEW_COLOURS_MATCHES + i);
}

/* The pixel that match model i has seen in its context; known: what is known of this one */
static uint64_t few_colours_seen(const few_colours_candidates *s, int i, uint64_t known)
{
    return s->confidence >> (2 * i) & 3 ? s->matches[i]->pixel | known : FEW_COLOURS_UNSEEN;
}

static void few_colours_update_matches(few_colours_state *d, few_colours_candidates *s, uint64_t pixel)
{
    pixel &= d->coded;
    for (int i = 0; i < FEW_COLOURS_MATCHES; i++) {
        few_colours_match *m = s->matches[i];
        const uint32_t tag = (uint32_t)s->keys[i] | 1;
        if (m->tag == tag && m->pixel == pixel) m->repeats++;
        else *m = (few_colours_match){pixel, m->tag == tag ? m->pixel : pixel, tag, 0};
    }
}

/* ---- pixels ---- */

/* What selects counters and weight sets of the decisions about candidates */
typedef struct {
    counter *buckets[FEW_COLOURS_CANDIDATE_CONTEXTS];
    size_t trust, recent; /* in a candidate's weight sets: by confidence and equal neighbours, by outcomes nearby */
} few_colours_context;

/* before, above: outcomes at this pixel's place in this row and the one above */
static void few_colours_find_candidate_contexts(few_colours_state *d, const few_colours_neighbours *a, uint64_t known,
                                                const few_colours_candidates *s, const uint8_t *before,
                                                const uint8_t *above, few_colours_context *context)
{
    const uint32_t equal = (uint32_t)((a->w == a->n) | (a->w == a->nw) << 1 | (a->n == a->ne) << 2 |
                                      (a->n == a->nw) << 3 | (a->w == a->ww) << 4 | (a->n == a->nn) << 5);
    const uint32_t outcomes = before[-1] | (uint32_t)above[0] << 3 | (uint32_t)above[1] << 6 | (uint32_t)above[-1] << 9;
    uint64_t sources = 0;
    for (int k = 0; k < s->count; k++) sources = sources << 3 | s->sources[k];
    const uint64_t contexts[FEW_COLOURS_CANDIDATE_CONTEXTS] = {
        few_colours_mix(outcomes, sources),
        few_colours_mix(equal, few_colours_mix(s->confidence, sources)),
        few_colours_mix(a->w, few_colours_mix(a->n, sources)),
        s->keys[2],
        s->keys[1],
        s->keys[0],
        few_colours_mix(outcomes, few_colours_mix(equal, before[-2])),
        few_colours_mix(few_colours_mix(a->w, a->ww), few_colours_mix(known, sources)),
        few_colours_mix(few_colours_mix(a->n, a->ne), few_colours_mix(known, above[0])),
    };
    uint32_t hashes[FEW_COLOURS_CANDIDATE_CONTEXTS];
    for (int k = 0; k < FEW_COLOURS_CANDIDATE_CONTEXTS; k++) hashes[k] = bucket_hash((uint64_t)k, contexts[k]);
    bucket_find(d->buckets, d->shape.bucket_bits, hashes, context->buckets, FEW_COLOURS_CANDIDATE_CONTEXTS);
    context->trust = s->confidence << 2 | (equal & 3);
    context->recent = before[-1] | (size_t)above[0] << 3;
}

/* Is the pixel the candidate at `place` in the list? */
static int few_colours_code_candidate(few_colours_state *d, const few_colours_context *s, int place, int is_pixel)
{
    mixer m;
    mixer_begin(&m, 2);
    for (int k = 0; k < FEW_COLOURS_CANDIDATE_CONTEXTS; k++) mixer_add(&d->tables, &m, s->buckets[k] + 1 + place);
    const size_t sets[2] = {(size_t)place * 256 + s->trust, (size_t)place * 256 + s->recent};
    for (int i = 0; i < 2; i++) m.weights[i] = d->candidate_weights[i] + sets[i] * FEW_COLOURS_CANDIDATE_PADDED;
    uint16_t *apm = d->candidate_apms + ((size_t)place * 64 + s->recent) * APM_POINTS;
    return mixer_code(&d->coder, &d->tables, &m, is_pixel, apm, FEW_COLOURS_LEARNING_RATE,
                      FEW_COLOURS_CANDIDATE_PADDED);
}

/* Code the pixel at x of the current row; `pixel` holds only what is known when decoding. */
static uint64_t few_colours_code_pixel(few_colours_state *d, uint64_t pixel, size_t x)
{
    const uint64_t *r0 = d->rows[0] + FEW_COLOURS_MARGIN + x, *r1 = d->rows[1] + FEW_COLOURS_MARGIN + x;
    const uint64_t *r2 = d->rows[2] + FEW_COLOURS_MARGIN + x;
    uint8_t *o0 = d->outcome[0] + FEW_COLOURS_MARGIN + x, *o1 = d->outcome[1] + FEW_COLOURS_MARGIN + x;
    const few_colours_neighbours a = {r0[-1], r1[0], r1[-1], r1[1], r0[-2], r2[0], r2[1], r1[-2], r1[2], r2[-1]};
    const uint64_t known = pixel & ~d->coded;
    /* Hashes of 3, 6 and 12 pixels around, and of what is known of this one */
    const uint64_t near3 = few_colours_mix(few_colours_mix(a.w, a.n), few_colours_mix(a.nw, known));
    const uint64_t near6 = few_colours_mix(few_colours_mix(near3, a.ne), few_colours_mix(a.ww, a.nn));
    const uint64_t most12 = few_colours_mix(few_colours_mix(near6, a.nne), few_colours_mix(a.nww, a.nee));
    const uint64_t near12 = few_colours_mix(most12, few_colours_mix(few_colours_mix(a.nnw, r0[-3]), r2[2]));
    few_colours_candidates s = {.keys = {near12, near6, near3}};
    few_colours_list_candidates(d, &a, &s);
    few_colours_context context;
    few_colours_find_candidate_contexts(d, &a, known, &s, o0, o1, &context);
    int hit = -1;
    for (int place = 0; place < s.count && hit < 0; place++)
        if (few_colours_code_candidate(d, &context, place, (pixel & d->coded) == s.values[place])) hit = place;
    const few_colours_matched matched = {few_colours_seen(&s, 2, known), few_colours_seen(&s, 0, known)};
    pixel = hit >= 0 ? known | s.values[hit] : few_colours_code_samples(d, pixel, known, &a, &matched);
    o0[0] = (uint8_t)(hit >= 0 ? s.sources[hit] : 7);
    few_colours_update_matches(d, &s, pixel);
    return pixel;
}

void bbc_few_colours_measure(void *state, int32_t *lengths) { ((few_colours_state *)state)->lengths = lengths; }

int bbc_few_colours_rows(void *state, uint16_t *samples, size_t rows)
{
    few_colours_state *d = state;
    const size_t width = (size_t)d->shape.width;
    const int channels = d->shape.channels, decoding = d->coder.in != NULL;
    const bbc_fp_state saved = bbc_fp_enter();
    for (size_t r = 0; r < rows && !binary_coder_spent(&d->coder); r++) {
        /* What lies beside the row counts as the pixel above the first one; above the picture all is 0. */
        uint64_t *row = d->rows[0] + FEW_COLOURS_MARGIN;
        for (int i = 1; i <= FEW_COLOURS_MARGIN; i++) row[-i] = d->rows[1][FEW_COLOURS_MARGIN];
        for (size_t x = 0; x < width && !binary_coder_spent(&d->coder); x++, samples += channels) {
            uint64_t pixel = 0;
            for (int c = 0; c < (decoding ? d->shape.known : channels); c++) pixel |= (uint64_t)samples[c] << (16 * c);
            row[x] = pixel = few_colours_code_pixel(d, pixel, x);
            if (d->lengths) *d->lengths++ = binary_coder_advance(&d->coder, &d->position);
            if (decoding)
                for (int c = d->shape.known; c < channels; c++) samples[c] = (uint16_t)few_colours_sample(pixel, c);
        }
        for (size_t i = 0; i < FEW_COLOURS_MARGIN; i++) row[width + i] = row[width - 1];
        rows_rotate((void **)d->rows, 3);
        rows_rotate((void **)d->outcome, 2);
    }
    bbc_fp_leave(saved);
    return d->coder.full || binary_coder_spent(&d->coder) ? -1 : 0;
}

size_t bbc_few_colours_end(void *state) { return binary_coder_end(&((few_colours_state *)state)->coder); }
