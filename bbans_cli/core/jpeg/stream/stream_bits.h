/* Bits of entropy-coded data, in which a byte FF is followed by a stuffed 00 (T.81, F.1.2.3). */
#ifndef BBC_STREAM_BITS_H
#define BBC_STREAM_BITS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "stream.cdef.h"

/* Row-by-row indices in zigzag order (T.81, figure 5). */
static const uint8_t stream_zigzag[64] = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48,
    41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23,
    30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
};

enum { STREAM_LOOKUP = 10, STREAM_LENGTH = 31, STREAM_ALIAS = 32 };

/* Inlined always, so that readers and writers that are local to a function stay in registers. */
#define STREAM_INLINE static inline __attribute__((always_inline))

/* Reads up to the next marker; after it come zeros, which are counted. */
typedef struct {
    const uint8_t *data;
    size_t size, at; /* the next byte to load */
    uint64_t bits;   /* loaded and not consumed, from the highest bit on */
    int count;       /* how many */
    int beyond;      /* bits that were loaded after the end of data, consumed ones included */
    int64_t loaded;  /* bytes loaded from data, without stuffing */
} stream_reader;

STREAM_INLINE stream_reader stream_reader_at(const uint8_t *data, size_t size, size_t at)
{
    return (stream_reader){data, size, at, 0, 0, 0, 0};
}

/* Bits of data that are loaded and not consumed; negative if more was read than there is. */
STREAM_INLINE int stream_reader_left(const stream_reader *r) { return r->count - r->beyond; }

STREAM_INLINE int64_t stream_reader_consumed(const stream_reader *r) { return 8 * r->loaded - stream_reader_left(r); }

STREAM_INLINE uint64_t stream_load8(const uint8_t *p)
{
    uint64_t word = 0;
    for (int i = 0; i < 8; i++) word = word << 8 | p[i];
    return word;
}

/* At least 56 bits; call it where count is at most 63. */
STREAM_INLINE void stream_refill(stream_reader *r)
{
    if (r->size - r->at >= 8) {
        const uint64_t word = stream_load8(r->data + r->at), flipped = ~word;
        if (!((flipped - 0x0101010101010101) & word & 0x8080808080808080)) { /* no byte is FF */
            const int bytes = (63 - r->count) >> 3;
            r->bits |= word >> r->count; /* further bits are those that the next call sets again */
            r->at += (size_t)bytes;
            r->loaded += bytes;
            r->count += 8 * bytes;
            return;
        }
    }
    for (; r->count <= 56; r->count += 8) {
        const uint8_t *p = r->data + r->at;
        if (r->at == r->size || (*p == 0xff && (r->size - r->at < 2 || p[1] != 0))) {
            r->beyond += 8;
            continue;
        }
        r->bits |= (uint64_t)*p << (56 - r->count);
        r->at += *p == 0xff ? 2 : 1;
        r->loaded++;
    }
}

STREAM_INLINE void stream_need(stream_reader *r, int bits)
{
    if (r->count < bits) stream_refill(r);
}

STREAM_INLINE void stream_skip(stream_reader *r, int bits)
{
    r->bits <<= bits;
    r->count -= bits;
}

/* The next 0..32 bits, which must be loaded. */
STREAM_INLINE uint32_t stream_take(stream_reader *r, int bits)
{
    const uint32_t value = (uint32_t)(r->bits >> 1 >> (63 - bits));
    stream_skip(r, bits);
    return value;
}

STREAM_INLINE uint32_t stream_take_bit(stream_reader *r)
{
    stream_need(r, 1);
    return stream_take(r, 1);
}

/* EXTEND of T.81, figure F.12: the value of a category of 0..16 bits. */
STREAM_INLINE int32_t stream_extend(int32_t bits, int category)
{
    const int32_t half = (1 << category) >> 1;
    return bits < half ? bits - 2 * half + 1 : bits;
}

STREAM_INLINE int32_t stream_take_value(stream_reader *r, int category)
{
    return stream_extend((int32_t)stream_take(r, category), category);
}

/* The entry of the next code, which is consumed; 0 if there is none such. 16 bits must be loaded. */
STREAM_INLINE int stream_take_code(stream_reader *r, const bbc_stream_table *table)
{
    int entry = table->lookup[r->bits >> (64 - STREAM_LOOKUP)];
    if (!entry) {
        const int32_t next = (int32_t)(r->bits >> 48);
        int length = STREAM_LOOKUP + 1;
        while (length <= 16 && next >= table->limits[length]) length++;
        if (length > 16) return 0;
        entry = table->entries[table->offsets[length] + (next >> (16 - length))];
    }
    stream_skip(r, entry & STREAM_LENGTH);
    return entry;
}

enum { STREAM_WRITER_BYTES = 4096, STREAM_WRITER_FULL = 1024 };

/* Writes bits to `bytes` without stuffing, which stream_drain adds on the way to `out`: so a put has no branches. */
typedef struct {
    uint8_t *out;
    size_t at, capacity;
    uint8_t *bytes; /* STREAM_WRITER_BYTES; before a block they must be below STREAM_WRITER_FULL */
    size_t size;    /* whole bytes there */
    uint64_t bits;  /* the highest count bits are to be written; the others are 0 */
    int count;      /* below 8 between calls */
    int failed;     /* the output is full, or what was to be written has no code */
    int unstuffed;  /* FF is not followed by 00 */
} stream_writer;

/* The lowest 0..32 bits of value; those above must be 0. */
STREAM_INLINE void stream_put(stream_writer *w, uint32_t value, int bits)
{
    w->count += bits;
    w->bits |= (uint64_t)value << 1 << (63 - w->count);
    for (int i = 0; i < 8; i++) w->bytes[w->size + (size_t)i] = (uint8_t)(w->bits >> (56 - 8 * i));
    w->size += (size_t)(w->count >> 3);
    w->bits <<= w->count & ~7;
    w->count &= 7;
}

/* 64 bits. */
STREAM_INLINE void stream_put_word(stream_writer *w, uint64_t word)
{
    const uint64_t first = w->bits | word >> w->count;
    for (int i = 0; i < 8; i++) w->bytes[w->size + (size_t)i] = (uint8_t)(first >> (56 - 8 * i));
    w->size += 8;
    w->bits = word << 1 << (63 - w->count);
}

static inline void stream_drain(stream_writer *w)
{
    size_t from = 0;
    if (w->unstuffed && w->size <= w->capacity - w->at) {
        memcpy(w->out + w->at, w->bytes, w->size);
        w->at += w->size;
        from = w->size;
    }
    while (from < w->size) {
        const uint64_t word = stream_load8(w->bytes + from), flipped = ~word;
        if (w->size - from >= 8 && w->capacity - w->at >= 8 &&
            !((flipped - 0x0101010101010101) & word & 0x8080808080808080)) { /* no byte is FF */
            for (size_t i = 0; i < 8; i++) w->out[w->at + i] = w->bytes[from + i];
            w->at += 8;
            from += 8;
            continue;
        }
        const uint8_t byte = w->bytes[from++];
        if (w->unstuffed || w->capacity - w->at < 2) {
            w->failed = 1;
            break;
        }
        w->out[w->at++] = byte;
        if (byte == 0xff) w->out[w->at++] = 0;
    }
    w->size = 0;
}

/* A symbol, and after it the lowest 0..16 bits of value. */
STREAM_INLINE void stream_put_code(stream_writer *w, const bbc_stream_table *table, int symbol, uint32_t value,
                                   int bits)
{
    const uint32_t code = table->codes[symbol & 255];
    w->failed |= code == 0;
    if (table->uses) table->uses[symbol & 255]++;
    stream_put(w, (code >> 8) << bits | (value & ((1u << bits) - 1)), (int)(code & 255) + bits);
}

/* SSSS of T.81, table F.1: bits of a magnitude. */
STREAM_INLINE int stream_category(uint32_t magnitude) { return magnitude ? 32 - __builtin_clz(magnitude) : 0; }

#endif
