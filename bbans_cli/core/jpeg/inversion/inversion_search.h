/* Search for the quantised coefficients of one block, shared by inversion_block.c and inversion_chroma.c.
 *
 * A point is a set of 64 coefficients. Its excess says how far the samples that it gives lie outside the bounds of what
 * is known of them. A move changes one coefficient by one. Beam search: all points of a generation are as many moves
 * away from the start; of the points one move further those of least excess are the next generation. */
#ifndef INVERSION_SEARCH_H
#define INVERSION_SEARCH_H

#include <stdint.h>

enum { INVERSION_WIDTH_MAX = 32, INVERSION_MOVES_MAX = 64, INVERSION_PATHS = 64 };

typedef struct {
    double cost;       /* of two moves the one with less is better */
    uint64_t mark;     /* tells points apart: a hash of the moves from the start, whatever their order */
    int from, k, sign; /* coefficient k of point `from` of the generation changes by `sign` */
} inversion_move;

typedef struct {
    union {
        float samples[64];      /* inversion_block.c: by the transform without rounding, less 128 */
        int16_t padded[10][16]; /* inversion_chroma.c: by the integer transform, with the samples around the block */
    };
    int16_t coefficients[64];
    double excess;
} inversion_point;

/* What a search needs to know of one block. */
typedef struct inversion_problem inversion_problem;
struct inversion_problem {
    const uint16_t *table;
    int width, tries; /* points of a generation, and moves tried from each */
    int depth;        /* generations */
    int may_return;   /* whether a point of the last generation but one may come again */
    int64_t effort;   /* moves that may still be tried */

    /* How fast the excess falls as each coefficient grows, and a factor of half its second derivative. */
    void (*slopes)(const inversion_problem *, const inversion_point *, float *slope, float *curvature);
    /* Computes the cost of each of `count` moves from a point: the excess after it. */
    void (*try_moves)(const inversion_problem *, const inversion_point *, inversion_move *moves, int count);
    /* Makes `to` the point after a move, with its excess. */
    void (*follow)(const inversion_problem *, const inversion_point *from, const inversion_move *, inversion_point *to);
    /* Computes a point's samples and its excess from its coefficients. */
    void (*evaluate)(const inversion_problem *, inversion_point *);
    /* Whether a point's coefficients give samples within their bounds exactly. */
    int (*is_solved)(const inversion_problem *, const inversion_point *);
};

/* Inserts a move into the best ones, which ascend by cost: there are `count`, at most `room`. Returns how many then. */
int inversion_insert(inversion_move *best, int count, int room, const inversion_move *move);

/* Beam search from *best, which becomes the solution, or else the point of least excess. Returns whether solved. */
int inversion_beam_search(inversion_problem *p, inversion_point *best);

/* The same from the best of the lattice points near to *best plus `target`, at an effort of `cost` moves more. weights
 * (64,): of the samples; target (64,): how much they should change. */
int inversion_lattice_search(inversion_problem *p, const float basis[64][64], const float *weights, const float *target,
                             int64_t cost, inversion_point *best);

/* inversion_lattice.c: the lattice points whose changes of the samples are nearest to `target`, the nearest first, as
 * multiples of the quantisers. Returns how many, at least 1. */
int inversion_nearest_points(const float basis[64][64], const uint16_t *table, const float *weights,
                             const float *target, int8_t multiples[INVERSION_PATHS][64]);

#endif
