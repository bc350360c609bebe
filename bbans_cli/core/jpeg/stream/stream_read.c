/* Entropy-coded data of a scan to coefficients. The data are read in intervals, each of which begins at a byte boundary
 * (T.81, E.2.4). An interval gives blocks until it has all that it should have, or until the data stop to make sense;
 * what is left up to the next marker is padding, or noted as it is. */
#include "stream_ahead.h"
#include "stream_read_progressive.h"
#include "stream_read_sequential.h"

static int stream_read_block(stream_decoder *d, int part, int16_t *block)
{
    const bbc_stream_scan *scan = d->scan;
    if (!scan->progressive) {
        memcpy(block, stream_read_zeros, sizeof stream_read_zeros);
        return stream_read_sequential(d, part, block);
    }
    if (scan->first == 0) return scan->high ? stream_read_dc_refined(d, block) : stream_read_dc_first(d, part, block);
    const bbc_stream_table *table = scan->components[0].ac;
    return scan->high ? stream_read_ac_refined(d, table, block) : stream_read_ac_first(d, table, block);
}

/* Note the bits of block `number`, from where `from` stands. */
static void stream_read_note_raw(stream_decoder *d, int64_t number, stream_reader from)
{
    int64_t left = stream_reader_consumed(&d->bits) - stream_reader_consumed(&from);
    stream_note_position(&d->notes, BBC_STREAM_RAW, number);
    stream_note_number(&d->notes, BBC_STREAM_RAW, (uint64_t)left);
    d->counts->literal_bits += left;
    for (; left > 0; left -= 8) {
        const int bits = left < 8 ? (int)left : 8;
        stream_need(&from, 8);
        stream_note_byte(&d->notes, BBC_STREAM_RAW, (uint8_t)stream_take(&from, bits));
    }
}

static void stream_read_note_block(stream_decoder *d, int64_t number)
{
    if (d->split) {
        stream_note_position(&d->notes, BBC_STREAM_SPLITS, number);
        d->counts->splits++;
    }
    if (d->zero_runs) {
        stream_note_position(&d->notes, BBC_STREAM_ZERO_RUNS, number);
        stream_note_number(&d->notes, BBC_STREAM_ZERO_RUNS, (uint64_t)d->zero_runs);
    }
}

/* Blocks of an interval, up to the first whose bits are not all there. Returns their number. */
static int64_t stream_read_interval(stream_decoder *d, int64_t mcu, int64_t mcus)
{
    stream_cursor at = stream_cursor_at(d->scan, mcu, mcus);
    const int64_t first = at.number;
    memset(d->dc, 0, sizeof d->dc);
    d->run = d->covered = d->corrections = 0;
    while (at.left) {
        if (d->aheads && !(at.part | at.x | at.y)) {
            stream_ahead_take(d, &at);
            if (!at.left) break;
        }
        if (d->run && !d->scan->high) {
            const int64_t covered = d->run < at.left ? d->run : at.left;
            stream_read_run_blocks(d, covered, 0);
            stream_cursor_skip(&at, covered);
            continue;
        }
        int16_t *block = d->scan->probe ? d->scratch : stream_cursor_block(&at), before[64];
        const stream_reader start = d->bits;
        const int64_t run = d->run;
        const int32_t dc = d->dc[at.part];
        if (d->scan->progressive) memcpy(before, block, sizeof before);
        d->zero_runs = d->split = 0;
        const int outcome = stream_read_block(d, at.part, block);
        if (stream_reader_left(&d->bits) < 0) {
            d->bits = start;
            d->run = run;
            d->dc[at.part] = dc;
            if (d->scan->progressive) memcpy(block, before, sizeof before);
            else memset(block, 0, sizeof before);
            break;
        }
        if (outcome == STREAM_BLOCK_RAW) stream_read_note_raw(d, at.number, start);
        else if (d->zero_runs | d->split) stream_read_note_block(d, at.number);
        stream_cursor_next(&at);
    }
    return at.number - first;
}

/* The next restart marker, or the end of data. */
static size_t stream_read_limit(const uint8_t *data, size_t size, size_t at)
{
    for (; size - at >= 2; at++) {
        const uint8_t *found = memchr(data + at, 0xff, size - at - 1);
        if (!found) return size;
        at = (size_t)(found - data);
        if ((data[at + 1] & 0xf8) == STREAM_RST0) return at;
    }
    return size;
}

typedef struct {
    size_t next;      /* where the next interval begins */
    size_t from, to;  /* literal bytes */
    int64_t missing;  /* blocks */
    uint32_t padding; /* the bits up to the byte boundary */
    int padded;       /* how many */
    int end;          /* a STREAM_END_... */
} stream_read_end;

/* What follows the blocks of an interval. */
static stream_read_end stream_read_end_at(stream_decoder *d, int64_t missing)
{
    stream_reader bits = d->bits;
    const uint8_t *data = bits.data;
    stream_read_end end = {.missing = missing, .end = STREAM_END_LAST};
    end.padded = stream_reader_left(&bits) & 7;
    end.padding = stream_take(&bits, end.padded);
    end.from = stream_read_boundary(&bits);
    if (end.from > d->marker || !d->marker) d->marker = stream_read_limit(data, bits.size, end.from);
    end.to = end.next = d->marker;
    if (end.to < bits.size) {
        end.end = STREAM_END_RST0 + (data[end.to + 1] & 7);
        end.next += 2;
    }
    return end;
}

/* Note the end of interval `index`, where it is not as usual: all blocks there, padding as always, then `expected`. */
static void stream_read_note_end(stream_decoder *d, int64_t index, const stream_read_end *end, int expected)
{
    const uint32_t ones = (1u << end->padded) - 1, usual = d->scan->padding ? ones : 0;
    const int flags = (end->missing ? STREAM_NOTE_BLOCKS : 0) | (d->run ? STREAM_NOTE_RUN : 0) |
                      (end->padding != usual ? STREAM_NOTE_PADDING : 0) |
                      (end->to != end->from ? STREAM_NOTE_BYTES : 0) | (end->end != expected ? STREAM_NOTE_END : 0);
    if (end->padded && !end->missing) {
        d->counts->padding[0] += end->padding == 0;
        d->counts->padding[1] += end->padding == ones;
    }
    if (!flags) return;
    d->counts->unexpected++;
    stream_note_writer *notes = &d->notes;
    stream_note_position(notes, BBC_STREAM_INTERVALS, index);
    stream_note_byte(notes, BBC_STREAM_INTERVALS, (uint8_t)flags);
    if (flags & STREAM_NOTE_BLOCKS) stream_note_number(notes, BBC_STREAM_INTERVALS, (uint64_t)end->missing);
    if (flags & STREAM_NOTE_RUN) stream_note_number(notes, BBC_STREAM_INTERVALS, (uint64_t)d->run);
    if (flags & STREAM_NOTE_PADDING) stream_note_byte(notes, BBC_STREAM_INTERVALS, (uint8_t)end->padding);
    if (flags & STREAM_NOTE_BYTES) {
        stream_note_number(notes, BBC_STREAM_INTERVALS, end->to - end->from);
        d->counts->literal_bits += 8 * (int64_t)(end->to - end->from);
        for (size_t i = end->from; i < end->to; i++) stream_note_byte(notes, BBC_STREAM_LITERALS, d->bits.data[i]);
    }
    if (flags & STREAM_NOTE_END) stream_note_byte(notes, BBC_STREAM_INTERVALS, (uint8_t)end->end);
}

/* Whether the bytes that an interval leaves are the next interval, its marker missing: they begin with a block, and the
 * marker after them is not the missing one. */
static int stream_read_continues(const stream_decoder *d, const stream_read_end *end, int64_t mcu, int expected)
{
    if (end->missing || end->to == end->from || expected == STREAM_END_LAST || end->end == expected) return 0;
    bbc_stream_scan scan = *d->scan;
    bbc_stream_counts counts = {0};
    bbc_stream_notes none = {0};
    stream_decoder trial = {.scan = &scan, .counts = &counts, .notes = {.notes = &none}};
    scan.probe = 1;
    trial.bits = stream_reader_at(d->bits.data, d->bits.size, end->from);
    return stream_read_interval(&trial, mcu, 1) > 0;
}

int bbc_stream_read(const bbc_stream_scan *scan, const uint8_t *data, size_t size, const bbc_stream_ahead *ahead,
                    int32_t aheads, bbc_stream_notes *notes, bbc_stream_counts *counts)
{
    stream_decoder decoder = {.scan = scan, .notes = {.notes = notes}, .counts = counts}, *d = &decoder;
    d->ahead = ahead;
    d->aheads = aheads;
    const int64_t all = (int64_t)scan->mcu_columns * scan->mcu_rows, blocks = stream_mcu_blocks(scan);
    int64_t mcu = 0;
    stream_read_end end = {0};
    memset(counts, 0, sizeof *counts);
    memset(notes->sizes, 0, sizeof notes->sizes);
    for (int64_t index = 0; end.end != STREAM_END_LAST; index++) {
        const int64_t left = all - mcu, mcus = scan->interval && scan->interval < left ? scan->interval : left;
        const int expected = left > mcus ? STREAM_END_RST0 + (int)(index & 7) : STREAM_END_LAST;
        d->bits = stream_reader_at(data, size, end.next);
        const int64_t done = stream_read_interval(d, mcu, mcus);
        end = stream_read_end_at(d, mcus * blocks - done);
        counts->blocks += done;
        if (done) counts->mcus = mcu + (done + blocks - 1) / blocks;
        mcu += mcus;
        if (stream_read_continues(d, &end, mcu, expected)) {
            end.end = STREAM_END_NO_MARKER;
            end.to = end.next = end.from;
        }
        stream_read_note_end(d, index, &end, expected);
        if (d->notes.full) return -1;
    }
    return 0;
}
