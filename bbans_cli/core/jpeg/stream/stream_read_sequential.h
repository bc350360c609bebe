/* Decoding of a block of a sequential scan (T.81, F.2.2). */
#ifndef BBC_STREAM_READ_SEQUENTIAL_H
#define BBC_STREAM_READ_SEQUENTIAL_H

#include "stream_read_types.h"

/* AC coefficients; a STREAM_BLOCK_... */
STREAM_INLINE int stream_read_sequential_ac(stream_reader *bits, const bbc_stream_table *table, int16_t *block,
                                            int *zero_runs)
{
    int alias = 0, runs = 0;
    for (int k = 1; k < 64;) {
        /* Always, as a branch that depends on how many bits are left is predicted badly: at most 63 are, and 56 are enough
         * for two codes of the table and another one. */
        stream_refill(bits);
        int32_t both = 0;
#pragma GCC unroll 3
        for (int i = 0; i < 3; i++) {
            both = table->values[bits->bits >> (64 - STREAM_LOOKUP)];
            if (!both) break;
            stream_skip(bits, both & 255);
            k += both >> 8 & 15;
            if (k > 63) return STREAM_BLOCK_RAW;
            block[stream_zigzag[k++]] = (int16_t)(both >> 16);
            runs = 0;
            if (k > 63) break;
        }
        if (both) continue;
        const int entry = stream_take_code(bits, table), category = entry >> 8 & 15, run = entry >> 12;
        alias |= entry & STREAM_ALIAS;
        if (category) {
            k += run;
            const int32_t value = stream_take_value(bits, category);
            if (k > 63) return STREAM_BLOCK_RAW;
            block[stream_zigzag[k++]] = (int16_t)value;
            runs = 0;
        } else if (run == 15) {
            k += 16;
            runs++;
        } else if (!entry) {
            stream_skip(bits, 16);
            return STREAM_BLOCK_RAW;
        } else if (run) {
            return STREAM_BLOCK_RAW;
        } else {
            break;
        }
    }
    *zero_runs = runs;
    return alias ? STREAM_BLOCK_RAW : STREAM_BLOCK_PLAIN;
}

/* A block, which must be zeros; a STREAM_BLOCK_... Bits that are no code end a block, as does a run beyond it. */
static inline int stream_read_sequential(stream_decoder *d, int part, int16_t *block)
{
    const bbc_stream_component *component = &d->scan->components[part];
    stream_reader bits = d->bits;
    stream_need(&bits, 32);
    const int entry = stream_take_code(&bits, component->dc), category = entry >> 8;
    int outcome = STREAM_BLOCK_RAW;
    if (!entry) {
        stream_skip(&bits, 16);
    } else if (category <= 15) {
        d->dc[part] = (int16_t)(d->dc[part] + stream_take_value(&bits, category));
        outcome = stream_read_sequential_ac(&bits, component->ac, block, &d->zero_runs);
        if (entry & STREAM_ALIAS) outcome = STREAM_BLOCK_RAW;
    }
    block[0] = (int16_t)d->dc[part];
    d->bits = bits;
    return outcome;
}

#endif
