/* Of the coder of coefficients: the state of a picture. */
#ifndef BBC_COEFFICIENTS_SHAPE_H
#define BBC_COEFFICIENTS_SHAPE_H

#include "kernels.h"
#include "mixer.h"
#include "coefficients.cdef.h"
#include "windowed_ls.h"

enum { VIEWS = 3 };
enum { CONTEXTS = 12, GUESSES = 4, ROOM = BBC_ROOM(2 * CONTEXTS + GUESSES + 1), RATE = 10 };
/* Sets of weights: of luma and chroma, of each kind of decision, and of 32 levels in three respects */
enum { AC, DC, LAST, KINDS, NODES = 32, LEVELS = 32, SETS = 2 * KINDS * LEVELS * NODES };

typedef struct bbc_coefficients_state {
    bbc_bit_coder coder;
    bbc_blend_tables tables;
    bbc_coefficients_shape shape;
    int64_t done, start[4]; /* blocks coded; the first of each component, and all */
    uint8_t order[64];      /* zigzag */
    double variance[3][64]; /* of dequantised coefficients; of DC, from the mean of its neighbours */
    double mean[3][64];     /* size of quantised coefficients */
    double noise[3][2][8];  /* squares of what the equations of rows and of columns miss */
    bbc_squares signs[3][64], sizes[3][64];
    bbc_slot *lines;
    int32_t *weights[VIEWS];
    uint16_t *points;
    int16_t *misses; /* of DC's prediction, for each block */
    uint8_t *lasts;  /* place of the last nonzero AC coefficient, 0 if there is none */
} picture;

#endif
