/* Sizes of the phase-conditioned least squares, and where their sums lie. */
#ifndef BBC_PHASE_LS_TYPES_H
#define BBC_PHASE_LS_TYPES_H

#include <stdint.h>

enum {
    PHASE_LS_TAPS = 24,    /* neighbours, nearest first, besides the one to the west */
    PHASE_LS_GREEN = 48,   /* elements of a vector of the system for G: 24 + 11 + 11 neighbours, 1, the target */
    PHASE_LS_CHROMA = 64,  /* for R - G and B - G: 24 + 24 + 12 neighbours, 1, the three values */
    PHASE_LS_ORDER = 80,   /* of both in a mosaic, which have all neighbours; the stride of all matrices */
    PHASE_LS_OUTPUTS = 16, /* columns of its weights: one or two targets, the others 0 */
    PHASE_LS_MOSAIC = 2,   /* the period in a mosaic of colours */
    PHASE_LS_MAX_PERIOD = 16,
    PHASE_LS_LANES = 16, /* phases that are solved together */
    PHASE_LS_RING = 8    /* diagonals whose errors are kept */
};

/* Period of the system for G, which knows no blocks of a JPEG file, but a mosaic. */
static inline int phase_ls_green_period(int period) { return period == PHASE_LS_MOSAIC ? PHASE_LS_MOSAIC : 1; }

/* One system of least squares for each phase, (x mod period, y mod period). */
typedef struct {
    int32_t order, period;
    int32_t one;           /* where a vector has its 1 */
    int32_t known;         /* elements before its first target */
    float *moments;        /* (phases, ORDER, ORDER), of which the blocks of 16x16 on and below the diagonal are used */
    float *prior;          /* (ORDER, ORDER): the sum of the moments */
    float *weights;        /* (phases, ORDER, OUTPUTS) */
    float *half_log_sigma; /* (phases, 2): ln(expected error) / 2 of each target */
    float *vector;         /* (pixels of a diagonal, ORDER) */
} phase_ls_system;

typedef struct {
    phase_ls_system green, chroma;
    int32_t new_pixels; /* pixels since the systems were last solved */
    float *errors;      /* (RING, rows, 6): of three channels by the local least squares, of three by these */
} phase_ls;

#endif
