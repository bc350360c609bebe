/* State of the decoding of a scan. */
#ifndef BBC_STREAM_READ_TYPES_H
#define BBC_STREAM_READ_TYPES_H

#include "stream_blocks.h"
#include "stream_notes.h"

/* Copied where a block begins: GCC makes string instructions of memset, which take longer. */
static const int16_t stream_read_zeros[64];

/* What became of a block: decoded; or its bits are not those that its coefficients give. */
enum { STREAM_BLOCK_PLAIN, STREAM_BLOCK_RAW };

typedef struct {
    const bbc_stream_scan *scan;
    stream_reader bits;
    stream_note_writer notes;
    bbc_stream_counts *counts;
    int32_t dc[4];       /* predictors */
    int zero_runs;       /* ZRLs after the last coefficient of the block */
    int split;           /* the block begins an end-of-band run that usually would have been part of the one before */
    int64_t run;         /* blocks of an end-of-band run that are still to come */
    int64_t covered;     /* blocks of the run, up to this one; 0 if the block before was not in a run */
    int64_t corrections; /* correction bits of the run, up to this block */
    size_t marker;       /* where the next restart marker or the end of data is, as far as it was looked for */
    int16_t scratch[64]; /* the block, where those of the scan stay as they are */
    const bbc_stream_ahead *ahead; /* parts that are decoded, `aheads` of them */
    int32_t aheads;
    int64_t ahead_mcu; /* of the first one: those before lie behind */
} stream_decoder;

#endif
