/* Sizes of the least squares by place in a period, and where their sums lie. */
#ifndef BBC_PERIODIC_SHAPE_H
#define BBC_PERIODIC_SHAPE_H

#include <stdint.h>

enum {
    PERIODIC_TAPS = 24,    /* neighbours, nearest first, besides the one to the west */
    PERIODIC_GREEN = 48,   /* numbers in a vector of the system for G: 24 + 11 + 11 neighbours, 1, the target */
    PERIODIC_CHROMA = 64,  /* for R - G and B - G: 24 + 24 + 12 neighbours, 1, the three values */
    PERIODIC_ORDER = 64,   /* room for either, and the stride of its matrices */
    PERIODIC_OUTPUTS = 16, /* columns of its weights: one or two targets, the others 0 */
    PERIODIC_MAX_PERIOD = 16,
    PERIODIC_LANES = 16, /* places that are solved together */
    PERIODIC_RING = 8    /* wavefront steps whose errors are kept */
};

/* One system of least squares for each place (x mod period, y mod period). Moments, (places, ORDER, ORDER) of which the
 * blocks of 16x16 on and below the diagonal are used; prior (ORDER, ORDER): their sum; weights (places, ORDER, OUTPUTS);
 * deviation (places, 2): half the log of the errors to be expected, halved; vector (pixels of a step, ORDER). */
typedef struct {
    int32_t order, period, one, known; /* one: where a vector has its 1; known: elements before its first target */
    float *moments, *prior, *weights, *deviation, *vector;
} periodic_system;

typedef struct {
    periodic_system green, chroma;
    int32_t since; /* pixels since the systems were last solved */
    float *errors; /* (RING, rows, 6): regression's and periodic errors of the three channels */
} periodic;

#endif
