/* Decoding of a block of a progressive scan (T.81, G.1.2 and G.2). */
#ifndef BBC_STREAM_READ_PROGRESSIVE_H
#define BBC_STREAM_READ_PROGRESSIVE_H

#include "stream_read_types.h"

/* The block ends at bits that make no sense. It stays as it was before this scan. */
static inline int stream_read_no_code(stream_decoder *d, int entry)
{
    if (!entry) stream_skip(&d->bits, 16);
    d->covered = 0;
    return STREAM_BLOCK_RAW;
}

static inline int stream_read_dc_first(stream_decoder *d, int part, int16_t *block)
{
    stream_need(&d->bits, 32);
    const int entry = stream_take_code(&d->bits, d->scan->components[part].dc), category = entry >> 8;
    if (!entry || category > 15 || entry & STREAM_ALIAS) return stream_read_no_code(d, entry);
    d->dc[part] = (int16_t)(d->dc[part] + stream_take_value(&d->bits, category));
    block[0] = (int16_t)(uint16_t)((uint32_t)d->dc[part] << d->scan->low);
    return STREAM_BLOCK_PLAIN;
}

static inline int stream_read_dc_refined(stream_decoder *d, int16_t *block)
{
    if (stream_take_bit(&d->bits)) block[0] = (int16_t)(block[0] | 1 << d->scan->low);
    return STREAM_BLOCK_PLAIN;
}

/* An end-of-band run begins in this block, of which it is all if `whole`. */
static inline void stream_read_run(stream_decoder *d, int category, int whole)
{
    const bbc_stream_scan *scan = d->scan;
    const int usual_end = d->covered >= scan->run_limit || d->corrections > scan->correction_limit;
    d->split = whole && d->covered && !usual_end;
    d->run = (1 << category) + (int64_t)stream_take(&d->bits, category);
    if (d->run > d->counts->longest_run) d->counts->longest_run = d->run;
    if (d->run > scan->run_limit) d->counts->late_runs++;
    d->covered = d->corrections = 0;
}

/* The next blocks, or what is left of one, belong to the run. */
static inline void stream_read_run_blocks(stream_decoder *d, int64_t blocks, int corrections)
{
    d->run -= blocks;
    d->covered += blocks;
    d->corrections += corrections;
    if (d->run && d->corrections > d->scan->correction_limit) d->counts->late_runs++;
}

/* A block outside end-of-band runs. */
static inline int stream_read_ac_first(stream_decoder *d, const bbc_stream_table *table, int16_t *block)
{
    stream_reader *bits = &d->bits;
    const bbc_stream_scan *scan = d->scan;
    int zero_runs = 0, k = scan->first;
    while (k <= scan->last) {
        stream_need(bits, 32);
        const int entry = stream_take_code(bits, table), category = entry >> 8 & 15, run = entry >> 12;
        if (!entry || entry & STREAM_ALIAS) return stream_read_no_code(d, entry);
        if (category) {
            k += run;
            if (k > scan->last) return stream_read_no_code(d, entry);
            const int32_t value = stream_take_value(bits, category);
            block[stream_zigzag[k++]] = (int16_t)(uint16_t)((uint32_t)value << scan->low);
            zero_runs = 0;
        } else if (run == 15) {
            k += 16;
            zero_runs++;
        } else {
            stream_read_run(d, run, k == scan->first);
            break;
        }
    }
    d->zero_runs = zero_runs;
    if (d->run) stream_read_run_blocks(d, 1, 0);
    else d->covered = 0;
    return STREAM_BLOCK_PLAIN;
}

/* Correction bits from coefficient k on, up to the coefficient after `zeros` that have been zero so far, or to the end
 * of the band. Returns where they end; adds to *corrections. */
static inline int stream_read_corrections(stream_decoder *d, int16_t *block, int k, int zeros, int *corrections)
{
    const bbc_stream_scan *scan = d->scan;
    const int bit = 1 << scan->low;
    for (; k <= scan->last; k++) {
        int16_t *coefficient = &block[stream_zigzag[k]];
        if (*coefficient) {
            ++*corrections;
            if (stream_take_bit(&d->bits)) *coefficient = (int16_t)(*coefficient + (*coefficient < 0 ? -bit : bit));
        } else if (--zeros < 0) {
            break;
        }
    }
    return k;
}

/* T.81, G.1.2.3 and figure G.7. */
static inline int stream_read_ac_refined(stream_decoder *d, const bbc_stream_table *table, int16_t *block)
{
    stream_reader *bits = &d->bits;
    const bbc_stream_scan *scan = d->scan;
    int k = scan->first, corrections = 0;
    if (!d->run) {
        int zero_runs = 0;
        for (; k <= scan->last; k++) {
            stream_need(bits, 32);
            const int entry = stream_take_code(bits, table), category = entry >> 8 & 15, run = entry >> 12;
            if (!entry || entry & STREAM_ALIAS || category > 1) return stream_read_no_code(d, entry);
            if (!category && run < 15) {
                stream_read_run(d, run, k == scan->first);
                break;
            }
            const int bit = category ? (int)stream_take(bits, 1) : 0;
            zero_runs = category ? 0 : zero_runs + 1;
            k = stream_read_corrections(d, block, k, run, &corrections);
            if (!category) continue;
            if (k > scan->last) return stream_read_no_code(d, entry);
            block[stream_zigzag[k]] = (int16_t)((bit ? 1 : -1) * (1 << scan->low));
        }
        d->zero_runs = zero_runs;
        corrections = 0;
    }
    if (d->run) {
        if (stream_block_has_ac(block)) stream_read_corrections(d, block, k, 64, &corrections);
        stream_read_run_blocks(d, 1, corrections);
    } else {
        d->covered = 0;
    }
    return STREAM_BLOCK_PLAIN;
}

#endif
