/* Decoding of a block of a sequential scan (T.81, F.2.2). */
#ifndef BBC_STREAM_READ_SEQUENTIAL_H
#define BBC_STREAM_READ_SEQUENTIAL_H

#include "stream_read_types.h"

/* AC coefficients; a STREAM_BLOCK_... */
static inline int stream_read_sequential_ac(stream_decoder *d, const bbc_stream_table *table, int16_t *block)
{
    stream_reader *bits = &d->bits;
    int alias = 0, zero_runs = 0;
    for (int k = 1; k < 64;) {
        stream_need(bits, 32);
        const int entry = stream_take_code(bits, table), category = entry >> 8 & 15, run = entry >> 12;
        alias |= entry & STREAM_ALIAS;
        if (category) {
            k += run;
            const int32_t value = stream_take_value(bits, category);
            if (k > 63) return STREAM_BLOCK_RAW;
            block[stream_zigzag[k++]] = (int16_t)value;
            zero_runs = 0;
        } else if (run == 15) {
            k += 16;
            zero_runs++;
        } else if (!entry) {
            stream_skip(bits, 16);
            return STREAM_BLOCK_RAW;
        } else if (run) {
            return STREAM_BLOCK_RAW;
        } else {
            break;
        }
    }
    d->zero_runs = zero_runs;
    return alias ? STREAM_BLOCK_RAW : STREAM_BLOCK_PLAIN;
}

/* A block, which must be zeros; a STREAM_BLOCK_... Bits that are no code end a block, as does a run beyond it. */
static inline int stream_read_sequential(stream_decoder *d, int part, int16_t *block)
{
    const bbc_stream_component *component = &d->scan->components[part];
    stream_need(&d->bits, 32);
    const int entry = stream_take_code(&d->bits, component->dc), category = entry >> 8;
    block[0] = (int16_t)d->dc[part];
    if (!entry || category > 15) {
        if (!entry) stream_skip(&d->bits, 16);
        return STREAM_BLOCK_RAW;
    }
    d->dc[part] = (int16_t)(d->dc[part] + stream_take_value(&d->bits, category));
    block[0] = (int16_t)d->dc[part];
    const int ac = stream_read_sequential_ac(d, component->ac, block);
    return entry & STREAM_ALIAS ? STREAM_BLOCK_RAW : ac;
}

#endif
