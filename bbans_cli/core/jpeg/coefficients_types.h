/* The coder of JPEG coefficients: its state. */
#ifndef BBC_COEFFICIENTS_TYPES_H
#define BBC_COEFFICIENTS_TYPES_H

#include "buckets.h"
#include "coefficients.cdef.h"
#include "kernels.h"
#include "mixer.h"

enum { COEFFICIENTS_MAX = 4 }; /* components */

/* Contexts with counters, priors that are mixer inputs, weight sets mixed in a decision, and the mixers' learning rate:
 * docs/experiments.md, Coefficients of JPEG files. */
enum {
    COEFFICIENTS_CONTEXTS = 6,
    COEFFICIENTS_PRIORS = 4,
    COEFFICIENTS_MIXED = 3,
    COEFFICIENTS_WEIGHT_BITS = 14,
    COEFFICIENTS_LEARNING_RATE = 7
};
enum { COEFFICIENTS_PADDED = BBC_COEFFICIENTS_INPUTS };
_Static_assert(2 * COEFFICIENTS_CONTEXTS + COEFFICIENTS_PRIORS + 2 <= COEFFICIENTS_PADDED, "the inputs fit");

/* What is coded: AC and DC coefficients, and the place of a block's last nonzero AC coefficient. */
enum { COEFFICIENTS_AC, COEFFICIENTS_DC, COEFFICIENTS_LAST, COEFFICIENTS_KINDS };

/* Weight sets: of luma and chroma, each kind, 32 levels of a context and 32 decisions (nodes). A decision is mixed by
 * COEFFICIENTS_MIXED such arrays, each with a context of its own. */
enum { COEFFICIENTS_LEVELS = 32, COEFFICIENTS_NODES = 32 };
enum { COEFFICIENTS_SETS = 2 * COEFFICIENTS_KINDS * COEFFICIENTS_LEVELS * COEFFICIENTS_NODES };
_Static_assert((int)COEFFICIENTS_SETS == BBC_COEFFICIENTS_SETS, "as declared");

/* The networks */
enum {
    COEFFICIENTS_FEATURES = BBC_COEFFICIENTS_FEATURES,
    COEFFICIENTS_HIDDEN = BBC_COEFFICIENTS_HIDDEN,
    COEFFICIENTS_OUTPUTS = BBC_COEFFICIENTS_OUTPUTS,
};
typedef struct {
    int16_t hidden[COEFFICIENTS_FEATURES * COEFFICIENTS_HIDDEN], output[COEFFICIENTS_HIDDEN * COEFFICIENTS_OUTPUTS];
    int16_t bias[COEFFICIENTS_OUTPUTS];
} coefficients_network;
_Static_assert(sizeof(coefficients_network) == BBC_COEFFICIENTS_NETWORK * sizeof(int16_t), "as declared");

/* Least squares (coefficient_ls-inl.h): windowed means of features times target and of features times features, weights,
 * and samples since the last solution */
typedef struct {
    float products[BBC_COEFFICIENTS_LS][BBC_COEFFICIENTS_LS], targets[BBC_COEFFICIENTS_LS],
        weights[BBC_COEFFICIENTS_LS];
    int since;
} coefficients_ls;

/* The fast coder (coefficient_fast-inl.h): contexts and inputs of a decision, decisions of a value, weight sets of each
 * kind; weights are in 2^-WEIGHT_BITS. Tuned by hand, not recorded. */
enum {
    COEFFICIENTS_FAST_CONTEXTS = 3,
    COEFFICIENTS_FAST_INPUTS = 8,
    COEFFICIENTS_FAST_NODES = 16,
    COEFFICIENTS_FAST_LEVELS = 20,
    COEFFICIENTS_FAST_TABLES = 9
};
enum { COEFFICIENTS_FAST_WEIGHT_BITS = 12, COEFFICIENTS_FAST_ERROR_SHIFT = 3 };

/* Half of e^-x, in a table of DECAY / DECAY_STEPS: of Laplace distributions */
enum { COEFFICIENTS_DECAY = 2048, COEFFICIENTS_DECAY_STEPS = 64 };

typedef struct bbc_coefficients_state {
    binary_coder coder;
    mixer_tables tables;
    bbc_coefficients_shape shape;
    const bbc_coefficients_start *start_values;
    uint8_t *examples; /* for training: room for more */
    size_t examples_size, examples_left;
    int32_t *lengths;                      /* for the next blocks' code lengths, or NULL */
    int64_t position;                      /* up to which they were written */
    int64_t done, start[5];                /* blocks coded; the first block of each component, and the number of all */
    int16_t *const *planes;                /* of the call */
    uint8_t order[64];                     /* zigzag order: row-by-row indices */
    double variance[COEFFICIENTS_MAX][64]; /* of dequantised coefficients; of DC, from the mean of its neighbours */
    double mean[COEFFICIENTS_MAX][64];     /* of magnitudes of quantised coefficients */
    double noise[COEFFICIENTS_MAX][2][8];  /* variance of the errors of the edge equations of rows and of columns */
    coefficients_ls value_solvers[COEFFICIENTS_MAX][64], magnitude_solvers[COEFFICIENTS_MAX][64];
    counter *buckets;
    float decay[COEFFICIENTS_DECAY];
    counter *fast_counters[COEFFICIENTS_FAST_TABLES];
    int16_t *fast_weights;
    int32_t fast_scale[COEFFICIENTS_MAX][64]; /* of fast_by_edges */
    int16_t *weights[COEFFICIENTS_MIXED];     /* in 2^-WEIGHT_BITS */
    uint16_t *apms;
    int16_t *dc_residuals; /* of each block */
    uint8_t *lasts;        /* place in zigzag order of the last nonzero AC coefficient, 0 if there is none */
} coefficients_state;

#endif
