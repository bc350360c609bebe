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

enum {
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
    FITTED_LS_FIT = FITTED_LS_WEIGHTS + 6, /* weights of 3 channels, gains, half_log_sigma */

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

    /* A pixel that the encoder fits to: inputs, rounded to their upper 16 bits, two in a number; then what heads and
     * mixture need. */
    FITTED_SAMPLE_BASE = FITTED_INPUTS / 2,
    FITTED_SAMPLE_ACTIVITY = FITTED_SAMPLE_BASE + 3,
    FITTED_SAMPLE_VALUE = FITTED_SAMPLE_BASE + 6,
    FITTED_SAMPLE_CONDITIONAL = FITTED_SAMPLE_BASE + 9,
    FITTED_SAMPLE_EXTRAS = FITTED_SAMPLE_BASE + 12, /* of R, then of B */
    FITTED_SAMPLE_USED = FITTED_SAMPLE_EXTRAS + 11, /* 1, or 0 for the lanes of a chunk without a pixel */
    FITTED_SAMPLE = FITTED_SAMPLE_USED + 1,         /* BBC_FITTED_SAMPLE */

    FITTED_BATCH_CHUNKS = BBC_FITTED_BATCH_CHUNKS, /* of a step of the optimiser */
    FITTED_BATCH = FITTED_BATCH_CHUNKS * FITTED_LANES
};

/* What a call does with the chunks of a band. */
enum { FITTED_ENCODE, FITTED_DECODE, FITTED_COLLECT };

/* Further inputs of each head: what earlier channels say. */
static const int fitted_extra_count[3] = {0, 4, 7};

/* A chunk: what is known of its pixels. Arrays over channels are in coding order: G, R, B. */
typedef struct {
    float input[FITTED_INPUTS][FITTED_LANES];
    float vector[FITTED_LS_INPUTS][FITTED_LANES];                                     /* of the least squares */
    float base[3][FITTED_LANES], activity[3][FITTED_LANES], inverse[3][FITTED_LANES]; /* 1 / activity */
    float prediction[3][FITTED_LANES]; /* of the least squares from the neighbours alone, less the base */
    float gain[3][FITTED_LANES];       /* of R on the error in G, of B on that in G, of B on that in R */
    float value[3][FITTED_LANES], residual[3][FITTED_LANES]; /* residual: value - base */
    float conditional[3][FITTED_LANES];                      /* prediction given the channels before, less the base */
} fitted_chunk;

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
    float *samples;           /* of the chunks that the encoder fits to */
    int64_t chunk;            /* chunks so far */
    int64_t interval, groups; /* one of `interval` chunks is collected, `groups` in all */
    int lane, failure;        /* lane: the rANS state of the next symbol */
} fitted_state;

/* A fit of the weights to samples. Arrays of weights are laid out like fitted_state.weights. */
typedef struct fitted_fit {
    const bbc_kernels *kernels;
    int32_t channels, step;
    float weights[FITTED_WEIGHTS], gradient[FITTED_WEIGHTS], first[FITTED_WEIGHTS], second[FITTED_WEIGHTS],
        factor[FITTED_WEIGHTS]; /* factor: of the learning rate */
    float transposed[3][FITTED_OUTPUT_STRIDE][FITTED_SEEN];
    float input[FITTED_BATCH][FITTED_INPUTS];
    float seen[FITTED_BATCH][FITTED_SEEN];
    float output[FITTED_BATCH][FITTED_OUTPUT_STRIDE], d_output[FITTED_BATCH][FITTED_OUTPUT_STRIDE];
    float d_units[FITTED_BATCH][FITTED_UNITS];
} fitted_fit;

#endif
