/* Sizes of the fitted coder, its state, and the arrays of a chunk.
 *
 * Pixels of equal x + 8 y are a diagonal, and are coded together, in ascending order of columns. A cell is 8 pixels of
 * a row, columns 8 q to 8 q + 7. On a diagonal all pixels have the same place in their cells, and each is in a cell
 * column q of its own, so that arrays over q serve whole diagonals: a neighbour of all pixels is a row of floats beside
 * each other. A chunk is up to 16 pixels of a diagonal. */
#ifndef BBC_FITTED_TYPES_H
#define BBC_FITTED_TYPES_H

#include <stddef.h>
#include <stdint.h>

#include "ans.h"
#include "fitted_scan.cdef.h"
#include "kernels.h"
#include "team.h"

enum {
    FITTED_ALIGN = 64,               /* of arrays of a chunk: a line of a cache, and a vector */
    FITTED_LANES = BBC_FITTED_LANES, /* pixels of a chunk, and states of the rANS message */
    FITTED_CELL = BBC_FITTED_CELL,   /* pixels of a row that share the weights of the least squares; the skew */
    FITTED_RING = 32,                /* diagonals that are kept: a tap reaches 18 back, border extension 7 ahead */
    FITTED_PAD = 24,                 /* cell columns on either side of those of the band */
    FITTED_MAX_WIDTH = 1 << 18,
    FITTED_PRECISION = 24,

    FITTED_TAPS = 12,
    FITTED_NEIGHBOURS = 8, /* taps of the least squares, the first of all */
    FITTED_LS_INPUTS = 3 * FITTED_NEIGHBOURS,
    FITTED_LS_ORDER = FITTED_LS_INPUTS + 3,
    FITTED_LS_PRODUCTS = FITTED_LS_ORDER * (FITTED_LS_ORDER + 1) / 2,
    FITTED_LS_MOMENTS = FITTED_LS_PRODUCTS + 1, /* the last row counts pixels */
    FITTED_LS_WEIGHTS = 3 * FITTED_LS_INPUTS,
    FITTED_LS_TOLD = 6,                                 /* gains, half_log_sigma */
    FITTED_LS_FIT = FITTED_LS_WEIGHTS + FITTED_LS_TOLD, /* weights of 3 channels first */

    FITTED_INPUTS = BBC_FITTED_INPUTS, /* fitted_features-inl.h says which */
    FITTED_INPUT_TAPS = 1,
    FITTED_INPUT_LOG_ACTIVITY = 37,
    FITTED_INPUT_BASE = 40,
    FITTED_INPUT_PREDICTION = 43,
    FITTED_INPUT_GAIN = 46,
    FITTED_INPUT_HALF_LOG_SIGMA = 49,
    FITTED_INPUT_ERROR_SIZE = 52,
    FITTED_INPUT_ERROR_WEST = 55,
    FITTED_INPUT_ERROR_NORTH = 58,
    FITTED_INPUT_PHASE = 61,

    FITTED_UNITS = BBC_FITTED_UNITS,
    FITTED_LINEAR = BBC_FITTED_LINEAR, /* the last units have no activation */
    FITTED_SEEN = BBC_FITTED_SEEN,     /* rows of a head's weights: 1, units, extras, padding */
    FITTED_COMPONENTS = 3,
    FITTED_LOGITS = 0, /* outputs of a head, three each */
    FITTED_MEANS = 3,
    FITTED_LOG_SCALES = 6,
    FITTED_COEFFICIENTS = 9, /* of the residuals of G and R, of the conditional prediction */
    FITTED_OUTPUTS = BBC_FITTED_OUTPUTS,
    FITTED_OUTPUT_STRIDE = BBC_FITTED_OUTPUT_STRIDE,
    FITTED_TRUNK_WEIGHTS = FITTED_INPUTS * FITTED_UNITS,
    FITTED_HEAD_WEIGHTS = FITTED_SEEN * FITTED_OUTPUT_STRIDE,
    FITTED_WEIGHTS = FITTED_TRUNK_WEIGHTS + 3 * FITTED_HEAD_WEIGHTS,

    FITTED_SHARED = 1 + FITTED_UNITS + 3, /* rows that the heads of R and B both see: 1, units, what G tells */
    FITTED_OWN = 4,                       /* rows that the head of B alone sees, behind the one that R's alone does */
    FITTED_ROW = BBC_FITTED_ROW,          /* floats of an unpacked pixel */

    FITTED_BATCH_CHUNKS = BBC_FITTED_BATCH_CHUNKS, /* of a step of the optimiser */
    FITTED_PARTS = BBC_FITTED_PARTS,               /* of a mini-batch, and so the most threads of a fit */
    FITTED_PART_CHUNKS = FITTED_BATCH_CHUNKS / FITTED_PARTS,
    FITTED_PART = FITTED_PART_CHUNKS * FITTED_LANES,
    FITTED_PART_STRIDE = FITTED_PART + 16, /* an odd number of lines of a cache */
    FITTED_HALF = FITTED_UNITS / 2,        /* of the trunk's columns: a line of a cache */
    FITTED_SHARED_HEADS = (3 * (1 + FITTED_UNITS) + 4 + 7) * FITTED_OUTPUT_STRIDE
};

/* What a call does with the chunks of a band. */
enum { FITTED_ENCODE, FITTED_DECODE, FITTED_COLLECT };

/* Further inputs of each head: what earlier channels say. */
static const int fitted_extra_count[3] = {0, 4, 7};

/* Rows of a head's weights that are used: 1, units, extras. */
static inline int fitted_rows(int c) { return 1 + FITTED_UNITS + fitted_extra_count[c]; }

/* A chunk: what is known of its pixels. Arrays over channels are in coding order: G, R, B. */
typedef struct {
    _Alignas(FITTED_ALIGN) float input[FITTED_INPUTS][FITTED_LANES];
    float vector[FITTED_LS_INPUTS][FITTED_LANES];                                     /* of the least squares */
    float base[3][FITTED_LANES], activity[3][FITTED_LANES], inverse[3][FITTED_LANES]; /* 1 / activity */
    float prediction[3][FITTED_LANES]; /* of the least squares from the neighbours alone, less the base */
    float gain[3][FITTED_LANES];       /* of R on the error in G, of B on that in G, of B on that in R */
    float value[3][FITTED_LANES], residual[3][FITTED_LANES]; /* residual: value - base */
    float conditional[3][FITTED_LANES];                      /* prediction given the channels before, less the base */
} fitted_chunk;

/* A chunk as the encoder keeps it, to fit to: of BBC_FITTED_SAMPLE bytes. What is not an integer anyway is in fixed
 * point (fitted_samples-inl.h). */
typedef struct fitted_sample {
    uint8_t tap[3][FITTED_TAPS][FITTED_LANES], value[3][FITTED_LANES];
    uint8_t flags[FITTED_LANES]; /* 1: lane with a pixel; 2: odd column; 4: odd row */
    int16_t prediction[3][FITTED_LANES], gain[3][FITTED_LANES], half_log_sigma[3][FITTED_LANES];
    int16_t error[9][FITTED_LANES]; /* the inputs from ERROR_SIZE on */
} fitted_sample;

/* What the encoder keeps of the least squares between collecting and encoding, which both need it. */
typedef struct {
    float prediction[3][FITTED_LANES]; /* of a chunk */
} fitted_predicted;

typedef struct {
    float told[FITTED_LS_TOLD][FITTED_LANES]; /* of 16 cells */
} fitted_solved;

typedef struct fitted_state {
    int32_t width, height, channels, cells; /* cells: of a row */
    ptrdiff_t stride;                       /* floats of a row of cells, both pads included */
    const bbc_kernels *kernels;
    float *ring;    /* (RING, 3, stride): values by diagonal; cell column 0 at PAD */
    float *error;   /* (RING, 3, stride): residual less conditional prediction */
    float *moments; /* (LS_MOMENTS, stride) */
    float *fit;     /* (LS_FIT, stride): of the cells of the present wave */
    float *vector;  /* (CELL, LS_ORDER, stride): of its pixels, weighted */
    int32_t diagonal;
    const float *weights; /* (INPUTS, UNITS), then for each channel (SEEN, OUTPUT_STRIDE) */
    /* of the call in progress: */
    uint8_t *pixels;
    int64_t budget, done; /* pixels to code at least, pixels coded */
    uint32_t *starts, *freqs;
    uint64_t *ans_state;
    bbc_ans_words *words;
    fitted_sample *samples;      /* of the chunks that the encoder fits to */
    int64_t chunk;               /* chunks so far */
    int64_t interval, groups;    /* one of `interval` chunks is collected, `groups` in all */
    int lane, failure;           /* lane: the rANS state of the next symbol */
    fitted_predicted *predicted; /* of the band's chunks, or NULL */
    fitted_solved *solved;       /* of the cells of its waves */
    int64_t next_predicted, next_solved;
} fitted_state;

/* A number for each weight that is used, in the order of the shares of a step: columns of the trunk in two halves, then
 * the rows of the heads. */
typedef struct {
    float trunk[2][FITTED_INPUTS][FITTED_HALF];
    float heads[FITTED_SHARED_HEADS];
} fitted_shares;

/* What a thread of a fit works with: its own copy of the weights, laid out like fitted_state.weights, and a part of a
 * mini-batch. Of its pixels: rows of all, but for derivatives, which go pixel by pixel. */
typedef struct {
    float weights[FITTED_WEIGHTS];
    float gradient[2][FITTED_WEIGHTS];
    fitted_chunk chunk[2 * FITTED_PART_CHUNKS]; /* of its first parts, restored before the weights are known */
    float input[FITTED_INPUTS][FITTED_PART_STRIDE];
    float seen[FITTED_SHARED + 1 + FITTED_OWN][FITTED_PART_STRIDE];
    float d_output[3][FITTED_PART][FITTED_OUTPUT_STRIDE];
    float d_units[FITTED_PART][FITTED_UNITS];
} fitted_worker;

/* A fit of the weights to samples. */
typedef struct fitted_fit {
    const bbc_kernels *kernels;
    int32_t channels;
    bbc_team team;
    _Alignas(FITTED_ALIGN) float basis[FITTED_INPUTS * FITTED_INPUTS]; /* a row for each of its vectors */
    fitted_shares weights, first, second;                              /* first, second: Adam's moments */
    fitted_shares factor;                                              /* of the learning rate */
    /* of the call in progress: */
    int64_t steps;
    const float *rate;    /* of each step */
    const int32_t *chunk; /* (steps, BATCH_CHUNKS) */
    const fitted_sample *samples;
    _Alignas(FITTED_ALIGN) fitted_shares gradient[FITTED_PARTS]; /* of parts, or of pairs of them */
    fitted_worker worker[FITTED_PARTS];
} fitted_fit;

#endif
