/* Coefficients to the entropy-coded data of a scan: what stream_read.c has read, from the same notes. */
#include "stream_write_progressive.h"

static void stream_write_block(stream_encoder *e, int part, int64_t number, const int16_t *block)
{
    const bbc_stream_scan *scan = e->scan;
    if (!scan->progressive) stream_write_sequential(e, part, block);
    else if (scan->first == 0 && scan->high) stream_write_dc_refined(e, block);
    else if (scan->first == 0) stream_write_dc_first(e, part, block);
    else if (scan->high) stream_write_ac_refined(e, number, block);
    else stream_write_ac_first(e, number, block);
}

/* Take the notes of block `number`. Returns 1 if its bits are among them; then they are written. */
static int stream_write_noted(stream_encoder *e, int64_t number)
{
    stream_note_reader *notes = &e->notes;
    e->zero_runs = e->split = 0;
    if (notes->position[BBC_STREAM_ZERO_RUNS] == number) {
        const uint64_t runs = stream_noted_number(notes, BBC_STREAM_ZERO_RUNS);
        e->zero_runs = runs < 64 ? (int)runs : 64;
        notes->failed |= runs == 0;
        stream_noted_next(notes, BBC_STREAM_ZERO_RUNS, number);
    }
    if (notes->position[BBC_STREAM_SPLITS] == number) {
        e->split = 1;
        stream_noted_next(notes, BBC_STREAM_SPLITS, number);
    }
    if (notes->position[BBC_STREAM_RAW] != number) return 0;
    if (e->scan->progressive && e->scan->first) stream_write_run(e, 0);
    uint64_t left = stream_noted_number(notes, BBC_STREAM_RAW);
    const size_t bytes = notes->notes->sizes[BBC_STREAM_RAW] - notes->at[BBC_STREAM_RAW];
    if (left / 8 + (left % 8 != 0) > bytes) {
        notes->failed = 1;
        return 1;
    }
    for (int bits; left; left -= (uint64_t)bits) {
        bits = left < 8 ? (int)left : 8;
        const uint8_t byte = notes->notes->bytes[BBC_STREAM_RAW][notes->at[BBC_STREAM_RAW]++];
        stream_put(&e->bits, byte & ((1u << bits) - 1), bits);
        if (e->bits.size >= STREAM_WRITER_FULL) stream_drain(&e->bits);
    }
    stream_noted_next(notes, BBC_STREAM_RAW, number);
    return 1;
}

static void stream_write_blocks(stream_encoder *e, stream_cursor at)
{
    int64_t position[BBC_STREAM_KINDS], next = INT64_MAX;
    for (; at.left; stream_cursor_next(&at)) {
        memcpy(position, e->notes.position, sizeof position);
        next = position[BBC_STREAM_ZERO_RUNS];
        if (position[BBC_STREAM_SPLITS] < next) next = position[BBC_STREAM_SPLITS];
        if (position[BBC_STREAM_RAW] < next) next = position[BBC_STREAM_RAW];
        const int16_t *block = stream_cursor_block(&at);
        if (next != at.number || !stream_write_noted(e, at.number)) stream_write_block(e, at.part, at.number, block);
        else if (!e->scan->progressive) e->dc[at.part] = block[0];
        e->zero_runs = e->split = 0;
        if (e->bits.size >= STREAM_WRITER_FULL) stream_drain(&e->bits);
        if (e->bits.failed | e->notes.failed) return;
    }
}

/* How the interval ends (stream_notes.h). */
typedef struct {
    int64_t missing, run;
    uint32_t padding;
    uint64_t bytes;
    int flags, end;
} stream_write_end;

/* The end of interval `index`, which usually is followed by `expected`. */
static stream_write_end stream_write_end_of(stream_encoder *e, int64_t index, int expected)
{
    stream_note_reader *notes = &e->notes;
    stream_write_end end = {.end = expected};
    if (notes->position[BBC_STREAM_INTERVALS] != index) return end;
    end.flags = stream_noted_byte(notes, BBC_STREAM_INTERVALS);
    if (end.flags & STREAM_NOTE_BLOCKS) end.missing = (int64_t)stream_noted_number(notes, BBC_STREAM_INTERVALS);
    if (end.flags & STREAM_NOTE_RUN) end.run = (int64_t)stream_noted_number(notes, BBC_STREAM_INTERVALS);
    if (end.flags & STREAM_NOTE_PADDING) end.padding = stream_noted_byte(notes, BBC_STREAM_INTERVALS);
    if (end.flags & STREAM_NOTE_BYTES) end.bytes = stream_noted_number(notes, BBC_STREAM_INTERVALS);
    if (end.flags & STREAM_NOTE_END) end.end = stream_noted_byte(notes, BBC_STREAM_INTERVALS);
    notes->failed |= end.flags > STREAM_NOTE_ALL || end.end > STREAM_END_RST7;
    stream_noted_next(notes, BBC_STREAM_INTERVALS, index);
    return end;
}

/* All after the blocks of an interval, up to the next one. */
static void stream_write_rest(stream_encoder *e, const stream_write_end *end)
{
    stream_note_reader *notes = &e->notes;
    const int padded = -e->bits.count & 7;
    uint32_t padding = e->scan->padding ? 255u : 0;
    if (end->flags & STREAM_NOTE_PADDING) padding = end->padding;
    stream_put(&e->bits, padding & ((1u << padded) - 1), padded);
    stream_drain(&e->bits);
    stream_writer *bits = &e->bits;
    if (end->bytes > notes->notes->sizes[BBC_STREAM_LITERALS] - notes->at[BBC_STREAM_LITERALS] ||
        end->bytes > bits->capacity - bits->at) {
        notes->failed = 1;
        return;
    }
    if (end->bytes) {
        const uint8_t *literals = notes->notes->bytes[BBC_STREAM_LITERALS] + notes->at[BBC_STREAM_LITERALS];
        memcpy(bits->out + bits->at, literals, end->bytes);
        notes->at[BBC_STREAM_LITERALS] += end->bytes;
        bits->at += end->bytes;
    }
    if (end->end == STREAM_END_NO_MARKER || end->end == STREAM_END_LAST) return;
    if (bits->capacity - bits->at < 2) {
        bits->failed = 1;
        return;
    }
    bits->out[bits->at++] = 0xff;
    bits->out[bits->at++] = (uint8_t)(STREAM_RST0 + end->end - STREAM_END_RST0);
}

int64_t bbc_stream_write(const bbc_stream_scan *scan, const bbc_stream_notes *notes, uint8_t *out, size_t capacity)
{
    stream_encoder encoder = {.scan = scan, .bits = {.out = out, .capacity = capacity}}, *e = &encoder;
    const int64_t all = (int64_t)scan->mcu_columns * scan->mcu_rows;
    e->bits.bytes = e->bytes;
    e->notes = stream_note_reader_begin(notes);
    stream_write_spread_begin(e);
    stream_write_end end = {0};
    int64_t mcu = 0;
    for (int64_t index = 0; end.end != STREAM_END_LAST; index++) {
        const int64_t left = all - mcu, mcus = scan->interval && scan->interval < left ? scan->interval : left;
        const int expected = left > mcus ? STREAM_END_RST0 + (int)(index & 7) : STREAM_END_LAST;
        end = stream_write_end_of(e, index, expected);
        stream_cursor at = stream_cursor_at(scan, mcu, mcus);
        if (end.missing > at.left || end.run > 0x7fff) return -1;
        /* An interval without blocks, bytes and marker would have no end. */
        if (end.missing == at.left && !end.bytes && end.end == STREAM_END_NO_MARKER) return -1;
        at.left -= end.missing;
        memset(e->dc, 0, sizeof e->dc);
        stream_write_blocks(e, at);
        if (scan->progressive && scan->first) stream_write_run(e, end.run);
        else if (end.run) return -1;
        stream_write_rest(e, &end);
        mcu += mcus;
        if (e->bits.failed | e->notes.failed) return -1;
    }
    return stream_notes_left(&e->notes) ? -1 : (int64_t)e->bits.at;
}

int64_t bbc_stream_write_part(const bbc_stream_scan *scan, int64_t first, int64_t mcus, uint8_t *out, size_t capacity)
{
    const bbc_stream_notes none = {0};
    stream_encoder encoder = {.scan = scan, .bits = {.out = out, .capacity = capacity, .unstuffed = 1}}, *e = &encoder;
    e->bits.bytes = e->bytes;
    e->notes = stream_note_reader_begin(&none);
    if (first > 0)
        for (stream_cursor at = stream_cursor_at(scan, first - 1, 1); at.left; stream_cursor_next(&at))
            e->dc[at.part] = stream_cursor_block(&at)[0];
    stream_write_blocks(e, stream_cursor_at(scan, first, mcus));
    const int last = e->bits.count;
    stream_put(&e->bits, 0, -last & 7);
    stream_drain(&e->bits);
    return e->bits.failed ? -1 : 8 * (int64_t)e->bits.at - (-last & 7);
}

int64_t bbc_stream_join_parts(const bbc_stream_scan *scan, const uint8_t *const *parts, const int64_t *bits,
                              int32_t count, uint8_t *out, size_t capacity)
{
    uint8_t bytes[STREAM_WRITER_BYTES];
    stream_writer writer = {.out = out, .capacity = capacity, .bytes = bytes}, *w = &writer;
    for (int part = 0; part < count; part++) {
        const uint8_t *from = parts[part];
        int64_t left = bits[part];
        for (; left >= 64; left -= 64, from += 8) {
            stream_put_word(w, stream_load8(from));
            if (w->size >= STREAM_WRITER_FULL) stream_drain(w);
        }
        for (; left > 0; left -= 8, from++) {
            const int some = left < 8 ? (int)left : 8;
            stream_put(w, (uint32_t)*from >> (8 - some), some);
        }
    }
    const int padded = -w->count & 7;
    stream_put(w, (scan->padding ? 255u : 0) & ((1u << padded) - 1), padded);
    stream_drain(w);
    return w->failed ? -1 : (int64_t)w->at;
}
