/* The coder of JPEG coefficients: its state. */
#ifndef BBC_COEFFICIENTS_TYPES_H
#define BBC_COEFFICIENTS_TYPES_H

#include "buckets.h"
#include "coefficients.cdef.h"
#include "kernels.h"
#include "mixer.h"
#include "windowed_ls.h"

enum { COEFFICIENTS_MAX = 4 }; /* components */

/* Contexts with counters, priors that are mixer inputs, weight sets mixed in a decision, and the mixers' learning rate.
 * Tuned by hand, not recorded. */
enum { COEFFICIENTS_CONTEXTS = 12, COEFFICIENTS_PRIORS = 4, COEFFICIENTS_MIXED = 3, COEFFICIENTS_LEARNING_RATE = 10 };
enum { COEFFICIENTS_PADDED = MIXER_PADDED(2 * COEFFICIENTS_CONTEXTS + COEFFICIENTS_PRIORS + 1) };

/* What is coded: AC and DC coefficients, and the place of a block's last nonzero AC coefficient. */
enum { COEFFICIENTS_AC, COEFFICIENTS_DC, COEFFICIENTS_LAST, COEFFICIENTS_KINDS };

/* Weight sets: of luma and chroma, each kind, 32 levels of a context and 32 decisions (nodes). A decision is mixed by
 * COEFFICIENTS_MIXED such arrays, each with a context of its own. */
enum { COEFFICIENTS_LEVELS = 32, COEFFICIENTS_NODES = 32 };
enum { COEFFICIENTS_SETS = 2 * COEFFICIENTS_KINDS * COEFFICIENTS_LEVELS * COEFFICIENTS_NODES };

typedef struct bbc_coefficients_state {
    binary_coder coder;
    mixer_tables tables;
    bbc_coefficients_shape shape;
    int64_t done, start[5];                /* blocks coded; the first block of each component, and the number of all */
    int16_t *const *planes;                /* of the call */
    uint8_t order[64];                     /* zigzag order: row-by-row indices */
    double variance[COEFFICIENTS_MAX][64]; /* of dequantised coefficients; of DC, from the mean of its neighbours */
    double mean[COEFFICIENTS_MAX][64];     /* of magnitudes of quantised coefficients */
    double noise[COEFFICIENTS_MAX][2][8];  /* variance of the errors of the edge equations of rows and of columns */
    windowed_ls value_solvers[COEFFICIENTS_MAX][64], magnitude_solvers[COEFFICIENTS_MAX][64];
    counter *buckets;
    int32_t *weights[COEFFICIENTS_MIXED];
    uint16_t *apms;
    int16_t *dc_residuals; /* of each block */
    uint8_t *lasts;        /* place in zigzag order of the last nonzero AC coefficient, 0 if there is none */
} coefficients_state;

#endif
