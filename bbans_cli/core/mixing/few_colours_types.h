/* The coder of pixels of few colours: its state, and the packed pixels around one. */
#ifndef BBC_FEW_COLOURS_TYPES_H
#define BBC_FEW_COLOURS_TYPES_H

#include "buckets.h"
#include "context_mixing.cdef.h"
#include "kernels.h"
#include "mixer.h"
#include "state_maps.h"
#include "windowed_ls.h"

/* All numbers here were tuned by hand, not recorded. Weight sets of candidates: one of 256 for each place in the list;
 * of samples: one of 4096 for each channel. */
enum { FEW_COLOURS_MARGIN = 4, FEW_COLOURS_CHANNELS = 4, FEW_COLOURS_SOLVERS = 2 };
enum { FEW_COLOURS_MATCHES = 3, FEW_COLOURS_MATCH_BITS = 16 };
/* From match models, the pixel before that of the first one, and four neighbours */
enum { FEW_COLOURS_CANDIDATES = FEW_COLOURS_MATCHES + 5 };
enum { FEW_COLOURS_CANDIDATE_CONTEXTS = 9, FEW_COLOURS_CANDIDATE_SETS = FEW_COLOURS_CANDIDATES * 256 };
enum { FEW_COLOURS_CANDIDATE_PADDED = MIXER_PADDED(2 * FEW_COLOURS_CANDIDATE_CONTEXTS + 1) };
enum { FEW_COLOURS_CANDIDATE_APMS = FEW_COLOURS_CANDIDATES * 64 };
enum { FEW_COLOURS_SAMPLE_CONTEXTS = 21, FEW_COLOURS_SAMPLE_SETS = FEW_COLOURS_CHANNELS * 4096 };
enum { FEW_COLOURS_SAMPLE_PADDED = MIXER_PADDED(2 * FEW_COLOURS_SAMPLE_CONTEXTS + 1) };
/* Fast, since weight sets are many and pictures small. */
enum { FEW_COLOURS_LEARNING_RATE = 32 };

/* An entry of a match model: the pixel that was last seen in a context, and how many times more in a row since it came
 * first; and the one before it, or the same if there was none. */
typedef struct {
    uint64_t pixel, older;
    uint32_t tag, repeats;
} few_colours_match;

/* A pixel is packed: 16 bits a channel, the first one lowest. */
typedef struct {
    binary_coder coder;
    mixer_tables tables;
    bbc_mixing_shape shape;
    uint64_t coded;    /* mask of the bits of a packed pixel that are not known */
    uint64_t *rows[3]; /* packed pixels: this row and the two above, with margins */
    uint8_t
        *outcome[2]; /* sources of the candidates that were right, 7 for none: this row, the one above; with margins */
    few_colours_match *matches[FEW_COLOURS_MATCHES];
    counter *buckets;
    int32_t *candidate_weights[2], *sample_weights[3];
    uint16_t *candidate_apms, *sample_apms;
    state_map sample_maps[FEW_COLOURS_CHANNELS][FEW_COLOURS_SAMPLE_CONTEXTS];
    windowed_ls solvers[FEW_COLOURS_SOLVERS][FEW_COLOURS_CHANNELS];
    int32_t *lengths; /* for the next pixels' code lengths, or NULL */
    int64_t position; /* up to which they were written */
} few_colours_state;

/* The packed pixels around one: W is the pixel on the left, N above, NN two above, ... */
typedef struct {
    uint64_t w, n, nw, ne, ww, nn, nne, nww, nee, nnw;
} few_colours_neighbours;

/* The pixels last seen after the same 3 and the same 12 neighbours, with what is known of this one; FEW_COLOURS_UNSEEN
 * if there was none */
typedef struct {
    uint64_t near3, near12;
} few_colours_matched;

#define FEW_COLOURS_UNSEEN UINT64_MAX

static inline uint64_t few_colours_mix(uint64_t a, uint64_t b)
{
    uint64_t h = (a ^ (b << 29 | b >> 35)) * 0x9E3779B97F4A7C15u;
    return h ^ h >> 29;
}

static inline int few_colours_sample(uint64_t pixel, int channel) { return (int)(pixel >> (16 * channel) & 0xFFFF); }

#endif
