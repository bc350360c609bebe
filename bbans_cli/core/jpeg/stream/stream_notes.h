/* Notes on where entropy-coded data differ from what the coefficients give (stream.cdef.h). */
#ifndef BBC_STREAM_NOTES_H
#define BBC_STREAM_NOTES_H

#include <string.h>

#include "stream_bits.h"

/* What an interval's note holds, in this order; fields that are as usual are left out. */
enum {
    STREAM_NOTE_BLOCKS = 1,  /* blocks that were not decoded, of those that the interval should have */
    STREAM_NOTE_RUN = 2,     /* blocks by which the last end-of-band run exceeds the interval */
    STREAM_NOTE_PADDING = 4, /* the bits up to the next byte boundary */
    STREAM_NOTE_BYTES = 8,   /* how many literal bytes follow */
    STREAM_NOTE_END = 16,    /* what follows: a STREAM_END_... */
    STREAM_NOTE_ALL = 31
};

/* How an interval ends: another follows without a marker; it is the last; RST0 to RST7 follow. */
enum { STREAM_END_NO_MARKER, STREAM_END_LAST, STREAM_END_RST0, STREAM_END_RST7 = STREAM_END_RST0 + 7 };
enum { STREAM_RST0 = 0xd0 }; /* the second byte of that marker */

/* Positions of the notes that were written last. */
typedef struct {
    bbc_stream_notes *notes;
    int64_t last[BBC_STREAM_KINDS];
    int full;
} stream_note_writer;

static inline void stream_note_byte(stream_note_writer *w, int kind, uint8_t byte)
{
    if (w->notes->sizes[kind] == w->notes->capacity) w->full = 1;
    else w->notes->bytes[kind][w->notes->sizes[kind]++] = byte;
}

static inline void stream_note_number(stream_note_writer *w, int kind, uint64_t number)
{
    for (; number >= 128; number >>= 7) stream_note_byte(w, kind, (uint8_t)(number | 128));
    stream_note_byte(w, kind, (uint8_t)number);
}

static inline void stream_note_position(stream_note_writer *w, int kind, int64_t position)
{
    stream_note_number(w, kind, (uint64_t)(position - w->last[kind]));
    w->last[kind] = position;
}

/* `position`: that of the next note of each kind, INT64_MAX if there is none. */
typedef struct {
    const bbc_stream_notes *notes;
    size_t at[BBC_STREAM_KINDS];
    int64_t position[BBC_STREAM_KINDS];
    int failed;
} stream_note_reader;

static inline uint8_t stream_noted_byte(stream_note_reader *r, int kind)
{
    if (r->at[kind] < r->notes->sizes[kind]) return r->notes->bytes[kind][r->at[kind]++];
    r->failed = 1;
    return 0;
}

/* A number of at most nine bytes, in its shortest form. */
static inline uint64_t stream_noted_number(stream_note_reader *r, int kind)
{
    uint64_t number = 0;
    for (int shift = 0; shift <= 56; shift += 7) {
        const uint8_t byte = stream_noted_byte(r, kind);
        number |= (uint64_t)(byte & 127) << shift;
        if (byte >= 128) continue;
        r->failed |= shift && !byte;
        return r->failed ? 0 : number;
    }
    r->failed = 1;
    return 0;
}

/* Go on to the next note of a kind; `last` is the position of the one before, which is another one but for the first. */
static inline void stream_noted_next(stream_note_reader *r, int kind, int64_t last)
{
    const int first = r->at[kind] == 0;
    r->position[kind] = INT64_MAX;
    if (r->at[kind] == r->notes->sizes[kind]) return;
    const uint64_t step = stream_noted_number(r, kind);
    if ((step || first) && step < (uint64_t)INT64_MAX / 4 && last < INT64_MAX / 4)
        r->position[kind] = last + (int64_t)step;
    else r->failed = 1;
}

/* Whether there are notes that were not used: of what the scan does not have. */
static inline int stream_notes_left(const stream_note_reader *r)
{
    for (int kind = 0; kind < BBC_STREAM_KINDS; kind++)
        if (r->at[kind] < r->notes->sizes[kind] || (kind != BBC_STREAM_LITERALS && r->position[kind] < INT64_MAX))
            return 1;
    return 0;
}

static inline stream_note_reader stream_note_reader_begin(const bbc_stream_notes *notes)
{
    stream_note_reader r = {.notes = notes};
    for (int kind = 0; kind < BBC_STREAM_KINDS; kind++)
        if (kind != BBC_STREAM_LITERALS) stream_noted_next(&r, kind, 0);
    return r;
}

#endif
