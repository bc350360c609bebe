/* A part of a sequential scan decoded before its place is known: stream_ahead.h. */
#include "stream_ahead.h"
#include "stream_read_sequential.h"

enum { STREAM_AHEAD_PLAIN, STREAM_AHEAD_ODD, STREAM_AHEAD_END };

/* An MCU, into `blocks` or, if that is NULL, into those of the scan; a STREAM_AHEAD_... */
static int stream_read_ahead_mcu(stream_decoder *d, stream_cursor at, int16_t *blocks)
{
    for (; at.left; stream_cursor_next(&at)) {
        int16_t *block = blocks ? blocks : stream_cursor_block(&at);
        memcpy(block, stream_read_zeros, sizeof stream_read_zeros);
        d->zero_runs = 0;
        const int outcome = stream_read_sequential(d, at.part, block);
        if (stream_reader_left(&d->bits) < 0) return STREAM_AHEAD_END;
        if (outcome == STREAM_BLOCK_RAW || d->zero_runs) return STREAM_AHEAD_ODD;
        if (blocks) blocks += 64;
    }
    return STREAM_AHEAD_PLAIN;
}

void bbc_stream_read_ahead(const bbc_stream_scan *scan, const uint8_t *data, size_t size, bbc_stream_ahead *a)
{
    stream_decoder decoder = {.scan = scan}, *d = &decoder;
    const int64_t blocks = stream_mcu_blocks(scan);
    const size_t stuffed = a->begin > 0 && data[a->begin - 1] == 0xff;
    d->bits = stream_reader_at(data, size, a->begin + stuffed);
    a->begins[0] = stream_ahead_position(&d->bits);
    a->count = 0;
    while (a->count < a->capacity && a->begins[a->count] < 8 * (int64_t)a->end) {
        int16_t *into = a->blocks ? a->blocks + a->count * blocks * 64 : NULL;
        const int outcome = stream_read_ahead_mcu(d, stream_cursor_at(scan, a->blocks ? 0 : a->count, 1), into);
        if (outcome == STREAM_AHEAD_END || (outcome == STREAM_AHEAD_ODD && !a->blocks)) break;
        if (outcome == STREAM_AHEAD_ODD) { /* not yet in step, or to be noted, which another decoder does */
            a->count = -1;
            memset(d->dc, 0, sizeof d->dc);
        }
        a->begins[++a->count] = stream_ahead_position(&d->bits);
    }
}
