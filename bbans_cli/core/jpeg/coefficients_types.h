/* The coder of JPEG coefficients: its state. */
#ifndef BBC_COEFFICIENTS_TYPES_H
#define BBC_COEFFICIENTS_TYPES_H

#include "buckets.h"
#include "coefficients.cdef.h"
#include "kernels.h"
#include "mixer.h"
#include "range_coder.h"

enum { COEFFICIENTS_MAX = 4 }; /* components */

/* Contexts with counters, priors that are mixer inputs, weight sets mixed in a decision, and the mixers' learning rate:
 * docs/experiments.md, Coefficients of JPEG files. */
enum {
    COEFFICIENTS_CONTEXTS = 6,
    COEFFICIENTS_CONTEXTS_5 = 2, /* at level 5 */
    COEFFICIENTS_PRIORS = 4,
    COEFFICIENTS_MIXED = 3,
    COEFFICIENTS_MIXED_5 = BBC_COEFFICIENTS_MIXED_5,
    COEFFICIENTS_WEIGHT_BITS = 14,
    COEFFICIENTS_LEARNING_RATE = 7
};
/* Inputs of the mixer, a multiple of 8 */
enum { COEFFICIENTS_INPUTS = BBC_COEFFICIENTS_INPUTS, COEFFICIENTS_INPUTS_5 = BBC_COEFFICIENTS_INPUTS_5 };
_Static_assert(2 * COEFFICIENTS_CONTEXTS + COEFFICIENTS_PRIORS + 2 <= COEFFICIENTS_INPUTS, "the inputs fit");
_Static_assert(2 * COEFFICIENTS_CONTEXTS_5 + COEFFICIENTS_PRIORS + 2 <= COEFFICIENTS_INPUTS_5, "those of level 5 too");

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

/* Those of the place of the last coefficient, with an output for each node of a tree of six decisions, from 1 on */
enum { COEFFICIENTS_PLACES = 64 };
typedef struct {
    int16_t hidden[COEFFICIENTS_FEATURES * COEFFICIENTS_HIDDEN], output[COEFFICIENTS_HIDDEN * COEFFICIENTS_PLACES];
    int16_t bias[COEFFICIENTS_PLACES];
} coefficients_last_network;
_Static_assert(sizeof(coefficients_last_network) == BBC_COEFFICIENTS_LAST_NETWORK * sizeof(int16_t), "as declared");

/* Runs of equal blocks: counters of luma and of chroma, by the length in octaves from the shortest on */
enum { COEFFICIENTS_RUN_LEAST = 4, COEFFICIENTS_RUN_OCTAVES = 4 };

/* Least squares (coefficient_ls-inl.h): windowed means of features times target and of features times features, weights,
 * and samples since the last solution */
typedef struct {
    float products[BBC_COEFFICIENTS_LS][BBC_COEFFICIENTS_LS], targets[BBC_COEFFICIENTS_LS],
        weights[BBC_COEFFICIENTS_LS];
    int since;
} coefficients_ls;

/* The fast coder (coefficient_fast-inl.h): a decision's contexts, each of which has cells for all decisions of a value.
 * A cell is a share of the stretched probability, in 2^-12. */
typedef int16_t coefficients_cell;
enum { COEFFICIENTS_FAST_CONTEXTS = 4, COEFFICIENTS_FAST_NODES = 16, COEFFICIENTS_FAST_TABLES = 12 };
enum { COEFFICIENTS_FAST_SQUASH_BITS = 10 }; /* of the number of probabilities in a table */
enum { COEFFICIENTS_FAST_MAGNITUDES = 1024, COEFFICIENTS_FAST_SIGNS = 128 * 10 };

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
    float *learners; /* networks that go on learning, at level 9 */
    int64_t run;     /* of blocks of this component, the last ones coded, that equal the one before */
    counter runs[2][COEFFICIENTS_RUN_OCTAVES];
    float decay[COEFFICIENTS_DECAY];
    range_coder fast_coder;
    coefficients_cell *fast_cells[COEFFICIENTS_FAST_TABLES], *fast_signs;
    int32_t fast_right[8], *fast_bottoms; /* what blocks add to edge equations of those on the right and below */
    int32_t fast_scales[COEFFICIENTS_MAX][64][2];             /* of edge equations of rows and of columns */
    uint16_t fast_squash[1 << COEFFICIENTS_FAST_SQUASH_BITS]; /* by stretched probability, from -8 to 8 */
    uint8_t fast_levels[COEFFICIENTS_FAST_MAGNITUDES];        /* of magnitudes, in half octaves */
    int16_t *weights[COEFFICIENTS_MIXED];                     /* in 2^-WEIGHT_BITS */
    uint16_t *apms[COEFFICIENTS_MIXED];                       /* at level 9 */
    int16_t *dc_residuals;                                    /* of each block */
    uint8_t *lasts; /* place in zigzag order of the last nonzero AC coefficient, 0 if there is none */
} coefficients_state;

/* Whether more was decoded than the payload can hold */
static inline int coefficients_spent(const coefficients_state *p)
{
    return p->shape.level == 1 ? range_coder_spent(&p->fast_coder) : binary_coder_spent(&p->coder);
}

#endif
