/* The state of deflate.c. */
#ifndef BBC_DEFLATE_TYPES_H
#define BBC_DEFLATE_TYPES_H

#include <stddef.h>
#include <stdint.h>

#include "deflate.cdef.h"

/* Alphabets (RFC 1951, section 3.2.5 and 3.2.7), and the longest codes */
enum { DEFLATE_LITERALS = 286, DEFLATE_DISTANCES = 30, DEFLATE_LENGTHS = 19, DEFLATE_END = 256 };
enum { DEFLATE_CODE_MAX = 15, DEFLATE_LENGTHS_CODE_MAX = 7 };
enum { DEFLATE_HEAP = 2 * DEFLATE_LITERALS + 1 };

/* Symbols of a block; the window, and how far back a match may lie; entries of the hash table */
enum { DEFLATE_BLOCK = (1 << 14) - 1, DEFLATE_WINDOW = 1 << 15, DEFLATE_FARTHEST = DEFLATE_WINDOW - 262 };
enum { DEFLATE_MATCH_MIN = 3, DEFLATE_MATCH_MAX = 258, DEFLATE_TOO_FAR = 4096, DEFLATE_HASHES = 1 << 15 };

/* A code being built: frequencies, the tree over them, code lengths and codes */
typedef struct {
    uint32_t frequency[DEFLATE_HEAP];
    uint16_t parent[DEFLATE_HEAP], length[DEFLATE_HEAP], code[DEFLATE_HEAP];
    uint8_t depth[DEFLATE_HEAP];
    int32_t highest; /* symbol that is used */
} deflate_code;

/* The heap by which a code is built: heap[1] is least; from heap_end on lie the nodes of the tree, by frequency. */
typedef struct {
    int32_t nodes[DEFLATE_HEAP];
    int32_t count, end;
} deflate_heap;

typedef struct {
    const uint8_t *in, *wanted;
    uint8_t *out;
    size_t size, room, at; /* of the input, of the output; bytes of it */
    uint64_t bits;         /* that are not yet a byte, the lowest first */
    int bit_count;
    int failed;                                  /* does the output not fit, or differ? */
    size_t compared;                             /* bytes that were */
    size_t start;                                /* of the block */
    int good, lazy, nice, chain, slow, filtered; /* settings of a level */
    deflate_code literals, distances, lengths;
    deflate_heap heap;
    int32_t block;                           /* symbols in the block */
    uint16_t block_distances[DEFLATE_BLOCK]; /* 0: a literal */
    uint8_t block_literals[DEFLATE_BLOCK];   /* or the length of a match less 3 */
    int32_t head[DEFLATE_HASHES];            /* by hash of three bytes: where they were last seen; -1: nowhere */
    int32_t before[DEFLATE_WINDOW];          /* by place modulo the window: where its three bytes were seen before it */
} deflate_state;

#endif
