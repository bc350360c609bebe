/* Writing of a block of a progressive scan from the final coefficients (T.81, G.1.2). */
#ifndef BBC_STREAM_WRITE_PROGRESSIVE_H
#define BBC_STREAM_WRITE_PROGRESSIVE_H

#include "stream_write_sequential.h"

static inline void stream_write_dc_first(stream_encoder *e, int part, const int16_t *block)
{
    const int32_t value = block[0] >> e->scan->low;
    stream_write_dc(&e->bits, e->scan->components[part].dc, (int16_t)(value - e->dc[part]));
    e->dc[part] = value;
}

static inline void stream_write_dc_refined(stream_encoder *e, const int16_t *block)
{
    stream_put(&e->bits, (uint32_t)(block[0] >> e->scan->low) & 1, 1);
}

/* Bits of coefficients that were nonzero before this scan. At most 64. */
typedef struct {
    uint64_t bits;
    int count;
} stream_write_bits;

static inline void stream_write_put_bits(stream_encoder *e, stream_write_bits *buffer)
{
    const int low = buffer->count > 32 ? 32 : buffer->count;
    stream_put(&e->bits, (uint32_t)(buffer->bits >> low), buffer->count - low);
    stream_put(&e->bits, (uint32_t)(buffer->bits & ((1ull << low) - 1)), low);
    *buffer = (stream_write_bits){0, 0};
}

/* Correction bits from coefficient k on, up to the coefficient after `zeros` that have been zero so far, or to the end
 * of the band. Returns where they end. */
static inline int stream_write_corrections(const bbc_stream_scan *scan, const int16_t *block, int k, int zeros,
                                           stream_write_bits *buffer)
{
    for (; k <= scan->last; k++) {
        const int32_t magnitude = stream_write_magnitude(block[stream_zigzag[k]]) >> scan->low;
        if (magnitude > 1) {
            buffer->bits = buffer->bits << 1 | (magnitude & 1);
            buffer->count++;
        } else if (--zeros < 0) {
            break;
        }
    }
    return k;
}

/* Write the run that is pending, `more` blocks longer than it is. */
static inline void stream_write_run(stream_encoder *e, int64_t more)
{
    const bbc_stream_scan *scan = e->scan;
    const int64_t length = e->run + more;
    if (!e->run || length > 0x7fff) {
        e->bits.failed |= length != 0;
        return;
    }
    const int category = stream_category((uint32_t)length) - 1;
    stream_put_code(&e->bits, scan->components[0].ac, category << 4, (uint32_t)length, category);
    if (scan->high) {
        stream_cursor at = stream_cursor_at(scan, e->run_block, e->run);
        for (int k = e->run_from; at.left; stream_cursor_next(&at), k = scan->first) {
            stream_write_bits buffer = {0, 0};
            stream_write_corrections(scan, stream_cursor_block(&at), k, 64, &buffer);
            stream_write_put_bits(e, &buffer);
        }
    }
    e->run = e->corrections = 0;
}

/* The coefficients from k on belong to an end-of-band run. */
static inline void stream_write_run_block(stream_encoder *e, int64_t number, int k, const int16_t *block)
{
    const bbc_stream_scan *scan = e->scan;
    if (!e->run++) {
        e->run_block = number;
        e->run_from = k;
    }
    if (scan->high) {
        stream_write_bits buffer = {0, 0};
        stream_write_corrections(scan, block, k, 64, &buffer);
        e->corrections += buffer.count;
    }
    if (e->run >= scan->run_limit || e->corrections > scan->correction_limit) stream_write_run(e, 0);
}

/* The last coefficient that this scan codes by a symbol, 0 if there is none. */
static inline int stream_write_last(const bbc_stream_scan *scan, const int16_t *block)
{
    uint64_t words[16], any = 0;
    memcpy(words, block, sizeof words);
    for (int i = 1; i < 16; i++) any |= words[i];
    if (!any && !(block[1] | block[2] | block[3])) return 0;
    for (int k = scan->last; k >= scan->first; k--) {
        const int32_t magnitude = stream_write_magnitude(block[stream_zigzag[k]]) >> scan->low;
        if (scan->high ? magnitude == 1 : magnitude != 0) return k;
    }
    return 0;
}

static inline void stream_write_ac_first(stream_encoder *e, int64_t number, const int16_t *block)
{
    const bbc_stream_scan *scan = e->scan;
    const bbc_stream_table *table = scan->components[0].ac;
    const int last = stream_write_last(scan, block);
    int coded = scan->first - 1;
    if (last || e->zero_runs || e->split) stream_write_run(e, 0);
    for (int k = scan->first; k <= last; k++) {
        const int32_t value = block[stream_zigzag[k]], magnitude = stream_write_magnitude(value) >> scan->low;
        if (!magnitude) continue;
        int run = k - coded - 1;
        for (; run > 15; run -= 16) stream_put_code(&e->bits, table, 0xf0, 0, 0);
        const int category = stream_category((uint32_t)magnitude);
        const uint32_t bits = stream_write_value(value < 0 ? -magnitude : magnitude);
        stream_put_code(&e->bits, table, run << 4 | category, bits, category & 15);
        coded = k;
    }
    for (int i = 0; i < e->zero_runs && coded < scan->last; i++, coded += 16)
        stream_put_code(&e->bits, table, 0xf0, 0, 0);
    if (coded < scan->last) stream_write_run_block(e, number, coded + 1, block);
}

/* Coefficients up to the last that becomes nonzero (T.81, figure G.7). */
static inline void stream_write_refinements(stream_encoder *e, const int16_t *block, int last)
{
    const bbc_stream_scan *scan = e->scan;
    const bbc_stream_table *table = scan->components[0].ac;
    stream_write_bits buffer = {0, 0};
    int run = 0;
    for (int k = scan->first; k <= last; k++) {
        const int32_t value = block[stream_zigzag[k]], magnitude = stream_write_magnitude(value) >> scan->low;
        if (!magnitude) {
            run++;
            continue;
        }
        for (; run > 15; run -= 16) {
            stream_put_code(&e->bits, table, 0xf0, 0, 0);
            stream_write_put_bits(e, &buffer);
        }
        if (magnitude > 1) {
            buffer.bits = buffer.bits << 1 | (magnitude & 1);
            buffer.count++;
        } else {
            stream_put_code(&e->bits, table, run << 4 | 1, value > 0, 1);
            stream_write_put_bits(e, &buffer);
            run = 0;
        }
    }
}

static inline void stream_write_ac_refined(stream_encoder *e, int64_t number, const int16_t *block)
{
    const bbc_stream_scan *scan = e->scan;
    const int last = stream_write_last(scan, block);
    int k = last ? last + 1 : scan->first;
    if (last || e->zero_runs || e->split) stream_write_run(e, 0);
    stream_write_refinements(e, block, last);
    for (int i = 0; i < e->zero_runs && k <= scan->last; i++) {
        stream_write_bits buffer = {0, 0};
        stream_put_code(&e->bits, scan->components[0].ac, 0xf0, 0, 0);
        k = stream_write_corrections(scan, block, k, 15, &buffer) + 1;
        stream_write_put_bits(e, &buffer);
    }
    if (k <= scan->last) stream_write_run_block(e, number, k, block);
}

#endif
