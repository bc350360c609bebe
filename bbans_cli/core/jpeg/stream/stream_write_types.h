/* State of the writing of a scan. */
#ifndef BBC_STREAM_WRITE_TYPES_H
#define BBC_STREAM_WRITE_TYPES_H

#include "stream_blocks.h"
#include "stream_notes.h"

typedef struct {
    const bbc_stream_scan *scan;
    stream_writer bits;
    stream_note_reader notes;
    int32_t dc[4];           /* predictors */
    int zero_runs;           /* ZRLs after the last coefficient of the block */
    int split;               /* an end-of-band run ends before the block */
    int64_t run;             /* blocks of the end-of-band run that is not written yet */
    int64_t run_block;       /* its first block */
    int run_from;            /* the first coefficient there that is part of the run */
    int64_t corrections;     /* correction bits of the run */
    uint64_t spread[16][16]; /* of half a row of a block: the bits in zigzag order of the columns in a number */
    uint8_t bytes[STREAM_WRITER_BYTES];
} stream_encoder;

static inline void stream_write_spread_begin(stream_encoder *e)
{
    for (int k = 0; k < 64; k++) {
        const int at = stream_zigzag[k];
        for (int columns = 0; columns < 16; columns++)
            if (columns >> (3 - at % 4) & 1) e->spread[at / 4][columns] |= 1ull << k;
    }
}

/* The value whose lowest bits follow a category (T.81, F.1.2.1). */
static inline uint32_t stream_write_value(int32_t value) { return (uint32_t)(value < 0 ? value - 1 : value); }

static inline int32_t stream_write_magnitude(int32_t value) { return value < 0 ? -value : value; }

#endif
