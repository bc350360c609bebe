/* The state of the coder of bytes: bytes-inl.h codes with it. */
#ifndef BBC_BYTES_TYPES_H
#define BBC_BYTES_TYPES_H

#include "buckets.h"
#include "bytes.cdef.h"
#include "mixer.h"

/* All numbers here were tuned by hand on headers of training files, not recorded. */
enum { BYTES_CONTEXTS = 14, BYTES_MATCH_INPUTS = 2, BYTES_MIXED = 3, BYTES_LEARNING_RATE = 20 };
enum { BYTES_INPUTS = 2 * BYTES_CONTEXTS + BYTES_MATCH_INPUTS + 1, BYTES_PADDED = MIXER_PADDED(BYTES_INPUTS) };
enum { BYTES_FIRST_WEIGHT = (1 << 16) / 4, BYTES_START_UNIT = 1 << 9 };
enum { BYTES_MATCH_BITS = 16, BYTES_MATCH_LEAST = 4, BYTES_MATCH_LEVELS = 16 };
enum { BYTES_SETS = 256 }; /* of each of the mixed arrays */
/* Bytes at the end of a dictionary that counters learn: docs/experiments.md, "The coder of plain bytes" */
enum { BYTES_LEARNED = 1 << 13 };

typedef struct bbc_bytes_state {
    binary_coder coder;
    mixer_tables tables;
    bbc_bytes_shape shape;
    counter *buckets;
    int32_t *weights[BYTES_MIXED];
    uint16_t *apms;                             /* one for each partial byte */
    uint32_t *last_seen;                        /* by hash of the last bytes: the place after them */
    counter match_counters[BYTES_MATCH_LEVELS]; /* is the predicted bit right? by length of the match */
    size_t match;                               /* place of the predicted byte */
    uint32_t match_length, word;
    uint64_t recent; /* the last eight bytes, the latest lowest */
} bytes_state;

/* What a half byte is coded with */
typedef struct {
    uint32_t hashes[BYTES_CONTEXTS];
    counter *buckets[BYTES_CONTEXTS];
    int distinct;
} bytes_half;

enum { BYTES_WEIGHTS = BYTES_SETS * BYTES_PADDED, BYTES_APMS = 256 * APM_POINTS };

#endif
