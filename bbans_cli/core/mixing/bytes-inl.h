/* A coder of bytes by context mixing, after M. Mahoney's lpaq: a byte is eight decisions, from the top bit on, each seen
 * in contexts of the last bytes, of the current word, of bytes at the distances that tables of 2, 4 and 12 bytes an entry
 * have (TIFF directories are such), and by a match model, which predicts the byte that followed the longest context
 * when that was last seen. Counters lie in hashed buckets, one for each half of a byte. Integers only. */
#ifndef BBC_BYTES_INL_H
#define BBC_BYTES_INL_H

#include "bytes_types.h"

/* ---- the match model ---- */

static int bytes_match_level(const bytes_state *p)
{
    const uint32_t length = p->match_length;
    if (length == 0) return 0;
    const uint32_t level = length < 8 ? length / 2 : length < 32 ? 3 + length / 8 : 7 + length / 32;
    return (int)(level < BYTES_MATCH_LEVELS - 1 ? level + 1 : BYTES_MATCH_LEVELS - 1);
}

/* The byte before `at` is known now: go on with the match, or look for one. */
static void bytes_match_update(bytes_state *p, const uint8_t *data, size_t at)
{
    const uint32_t hash = bucket_hash(p->recent & 0xFFFFFFFF, 77) >> (32 - BYTES_MATCH_BITS);
    if (p->match_length && data[p->match] == data[at - 1]) {
        p->match++;
        p->match_length += p->match_length < 1023;
    } else p->match_length = 0;
    if (p->match_length == 0 && p->last_seen[hash]) {
        p->match = p->last_seen[hash];
        while (p->match_length < 32 && p->match_length < p->match &&
               data[p->match - 1 - p->match_length] == data[at - 1 - p->match_length])
            p->match_length++;
        if (p->match_length < BYTES_MATCH_LEAST) p->match_length = 0;
    }
    if (at >= BYTES_MATCH_LEAST) p->last_seen[hash] = (uint32_t)at;
}

/* ---- contexts ---- */

/* Contexts of the byte at `at`; those of its lower half know its upper one. */
static void bytes_find_contexts(const bytes_state *p, const uint8_t *data, size_t at, uint32_t upper, bytes_half *h)
{
    const uint64_t r = p->recent;
    const uint8_t c1 = (uint8_t)r, c2 = (uint8_t)(r >> 8), c3 = (uint8_t)(r >> 16), c4 = (uint8_t)(r >> 24);
    const uint8_t above = at >= 12 ? data[at - 12] : 0, beside = at >= 12 ? data[at - 11] : 0;
    const uint64_t contexts[BYTES_CONTEXTS] = {
        0,
        c1,
        r & 0xFFFF,
        r & 0xFFFFFF,
        r & 0xFFFFFFFF,
        r & 0xFFFFFFFFFF,
        r & 0xFFFFFFFFFFFFFF,
        (uint64_t)p->word << 8 | c1,
        (uint64_t)p->word,
        (uint64_t)above << 8 | c1,
        (uint64_t)above << 16 | (uint64_t)beside << 8 | c2,
        (uint64_t)c2 << 8 | c4,
        (uint64_t)c4 << 16 | (uint64_t)c3 << 8,
        (uint64_t)(p->match_length ? data[p->match] + 1 : 0) << 8 | (uint64_t)bytes_match_level(p),
    };
    for (uint32_t k = 0; k < BYTES_CONTEXTS; k++) h->hashes[k] = bucket_hash(contexts[k], (uint64_t)(upper << 8 | k));
    bucket_find(p->buckets, p->shape.bucket_bits, h->hashes, h->buckets, BYTES_CONTEXTS);
    h->distinct = bucket_all_distinct(p->shape.bucket_bits, h->hashes, BYTES_CONTEXTS);
}

/* ---- bits ---- */

/* One bit. partial: the bits of the byte before it, below a leading one; index: of the counter within the buckets */
static int bytes_code_bit(bytes_state *p, const bytes_half *h, uint32_t partial, int index, int predicted, int bit)
{
    mixer m;
    mixer_begin(&m, BYTES_MIXED);
    m.distinct = h->distinct;
    mixer_add_buckets(&p->tables, &m, h->buckets, index, BYTES_CONTEXTS);
    const int level = predicted < 0 ? 0 : bytes_match_level(p);
    counter *right = p->match_counters + level;
    int32_t sure = 0, centred = 0;
    if (level) {
        const counter value = *right ? *right : 3u << 30;
        sure = p->tables.logistic.stretch[value >> 18];
        centred = (int32_t)(value >> 21) - 1024;
    }
    m.inputs[m.input_count++] = (int16_t)(predicted ? sure : -sure);
    m.inputs[m.input_count++] = (int16_t)(predicted ? centred : -centred);
    const uint32_t sets[BYTES_MIXED] = {(uint32_t)(level << 3) | (uint32_t)(__builtin_clz(partial) - 24), partial,
                                        (uint32_t)(p->recent & 255)};
    for (int i = 0; i < BYTES_MIXED; i++) m.weights[i] = p->weights[i] + sets[i] * BYTES_PADDED;
    bit = mixer_code(&p->coder, &p->tables, &m, bit, p->apms + partial * APM_POINTS, BYTES_LEARNING_RATE, BYTES_PADDED);
    if (level) counter_update(&p->tables.rates, &right, 1, bit == predicted);
    return bit;
}

/* The counter, within its bucket, of the bit at that place */
static int bytes_counter(uint32_t partial, int place)
{
    return (int)(place > 3 ? partial : (partial & ((1u << (3 - place)) - 1)) | 1u << (3 - place));
}

/* One byte; when decoding, `byte` is found, and returned. */
static uint8_t bytes_code_byte(bytes_state *p, const uint8_t *data, size_t at, uint8_t byte)
{
    bytes_half h;
    uint32_t partial = 1;
    const uint32_t expected = p->match_length ? 256u + data[p->match] : 0;
    for (int place = 7; place >= 0; place--) {
        if (place == 7 || place == 3) bytes_find_contexts(p, data, at, place == 7 ? 0 : partial, &h);
        const int index = bytes_counter(partial, place);
        const int predicted = expected >> (place + 1) == partial ? (int)(expected >> place & 1) : -1;
        partial = partial << 1 | (uint32_t)bytes_code_bit(p, &h, partial, index, predicted, byte >> place & 1);
    }
    return (uint8_t)partial;
}

static void bytes_mark_known(bytes_state *p, const uint8_t *data, size_t at)
{
    const uint8_t byte = data[at];
    const int letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte >= 128;
    p->word = letter ? (p->word + byte + 1) * 0x2F0B4C47u : 0;
    p->recent = p->recent << 8 | byte;
    bytes_match_update(p, data, at + 1);
}

/* Let the counters learn the byte at `at`, without mixing them. */
static void bytes_learn_byte(bytes_state *p, const uint8_t *data, size_t at)
{
    bytes_half h;
    counter *counters[BYTES_CONTEXTS];
    uint32_t partial = 1;
    for (int place = 7; place >= 0; place--) {
        if (place == 7 || place == 3) bytes_find_contexts(p, data, at, place == 7 ? 0 : partial, &h);
        const int index = bytes_counter(partial, place), bit = data[at] >> place & 1;
        for (int i = 0; i < BYTES_CONTEXTS; i++) counters[i] = h.buckets[i] + index;
        if (h.distinct) counter_update_distinct(&p->tables.rates, counters, BYTES_CONTEXTS, bit);
        else counter_update(&p->tables.rates, counters, BYTES_CONTEXTS, bit);
        partial = partial << 1 | (uint32_t)bit;
    }
}

/* Learn a dictionary: matches are found in all of it, counters learn its end. */
static void bytes_learn(bytes_state *p, const uint8_t *data, size_t size)
{
    for (size_t at = 0; at < size; at++) {
        if (size - at <= BYTES_LEARNED) bytes_learn_byte(p, data, at);
        bytes_mark_known(p, data, at);
    }
}

static void bytes_code(bytes_state *p, uint8_t *data, size_t from, size_t to)
{
    for (size_t at = from; at < to && !binary_coder_spent(&p->coder); at++) {
        data[at] = bytes_code_byte(p, data, at, data[at]);
        bytes_mark_known(p, data, at);
    }
}

#endif
