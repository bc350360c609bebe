/* The state of a pass: rows of a band coded in wavefront order by the likelihood network.
 *
 * All memory is one buffer of the caller. bbc_scan_begin lays it out; each bbc_scan_encode or bbc_scan_decode codes a few
 * wavefront steps and returns, so that the caller can show progress and hear signals. Pixels of a step do not depend on
 * each other: threads share them. Pixels that wait for the next step of learning form the run. */
#ifndef BBC_SCAN_H
#define BBC_SCAN_H

#include <stdatomic.h>

#include "ans.h"
#include "kernels.h"
#include "band_scan.cdef.h"
#include "phase_ls_types.h"
#include "local_ls_types.h"

enum {
    SCAN_SKEW = 4,  /* a pixel is coded in step x + 4 y */
    SCAN_TAPS = 48, /* context pixels per channel */
    SCAN_PAD = 8,   /* columns beside and rows above the band that hold stand-ins */
    SCAN_LOCAL_LS =
        150, /* after 3 * taps, 3 log activities, 3 bases: of the regression 3 predictions, 3 blames, 3 deviations */
    SCAN_PHASE_LS = 159,  /* of the least squares by place a prediction of G and 3 deviations */
    SCAN_LS_ERRORS = 163, /* sizes of both's errors nearby, 6; errors of the latter to the west and to the north, 6 */
    SCAN_INPUTS = 175,
    SCAN_PHASES = 16,                      /* positions in a grid of 16 pixels, across and down */
    SCAN_PHASE_ROWS = 2 * SCAN_PHASES + 4, /* by column, by row, by both modulo 2 */
    SCAN_INPUT_STRIDE = 176,
    SCAN_OUTPUTS = 16, /* 4 logits, 4 means, 4 log scales, 2 coefficients, those of both rules */
    SCAN_EXTRAS = 16,  /* room for residuals of earlier channels beside the hidden units: R at 0, B at 4 */
    SCAN_MAX_LAYERS = 4,
    SCAN_MAX_HIDDEN = 512,
    SCAN_MAX_HEAD = 128,
    SCAN_MAX_WIDTH = 1 << 18, /* the regression keeps about 550 bytes a column */
    SCAN_ACTIVITIES = 12 * 255 + 1,
    SCAN_PRECISION = 24,
    SCAN_BIN_EDGES = 272, /* room for those of 256 values */
    SCAN_WINDOW = 16,     /* cumulative frequencies that a decoder computes ahead for a symbol */
    SCAN_CHUNK = 32       /* pixels that go through the network together */
};

static const int scan_extra[3] = {0, 4, 6};    /* what each head sees of earlier channels */
static const int scan_extra_at[3] = {0, 0, 4}; /* and where they lie */

/* Pointers into one flat array of weights, in the order of docs/format.md; every matrix is stored input by input. */
typedef struct {
    float *trunk[SCAN_MAX_LAYERS], *trunk_bias[SCAN_MAX_LAYERS]; /* (inputs or H, H), (H) */
    float *phase;                                                /* (PHASE_ROWS, H) */
    float *head[3], *head_bias[3];                               /* (H + extra, U), (U) */
    float *out[3], *out_bias[3];                                 /* (U, 16), (16) */
} scan_network;

typedef struct scan_pixel {
    int32_t x, y;
    int32_t value[3], base[3];
    int32_t window; /* first symbol of the cumulative frequencies computed ahead */
    float activity[3], residual[3];
    float local_prediction[3], gain[3]; /* of the regression, see local_ls_predict */
    float density[3][2];        /* the mixture's at the lower and the upper edge of the value, over the value's mass */
    float local_conditional[3]; /* its prediction with what is known of earlier channels, less the base */
    int32_t west[3];            /* the pixel to the left */
    float phase_partial[2],
        phase_weight[3];       /* by place: what is predicted of R - G, B - G without, and what G and R - G count for */
    float phase_prediction[3]; /* prediction by place with what is known of earlier channels, less the base */
    const float *modulation;   /* of the pixel's block, (layers, 2, H), or NULL */
} scan_pixel;

typedef struct scan_state {
    bbc_scan_shape shape;
    const bbc_kernels *kernels;
    const float *modulation;
    uint8_t *pixels;   /* the caller's (height, width, channels) */
    uint8_t *plane[3]; /* padded copies in coding order of what is known so far */
    ptrdiff_t stride;  /* of a padded plane */
    int64_t weight_count;
    int32_t capacity;                       /* pixels that fit in a run */
    int32_t last_diagonal, diagonal, count; /* count: pixels of the run so far */
    int64_t coded;
    float beta2;     /* the second moment's decay to the power of the steps so far */
    int32_t updates; /* steps of learning so far */
    int64_t skip;    /* pixels still to come before the next run that is learned from */
    scan_network net, transposed;
    float *weights, *gradients, *first, *second, *transpose_buffer;
    float *bin_edge,
        *bin_edge_count; /* (3, EDGES): where value v begins, at first v - 1/2, and how often that was learned */
    local_ls local_ls;
    phase_ls phase_ls;
    float *log_activity, *inverse_activity; /* by sum of the 12 nearest differences */
    scan_pixel *pixel;
    /* per pixel of the run: */
    float *input, *active[SCAN_MAX_LAYERS], *hidden[SCAN_MAX_LAYERS], *unit[3], *output[3];
    float *d_hidden, *d_active[SCAN_MAX_LAYERS], *d_unit[3], *d_output[3];
    int32_t *window; /* (capacity, 16) */
    /* of the call in progress: */
    int threads, decode, error;
    int64_t budget, done;
    uint32_t *starts, *freqs;
    uint64_t *ans_state;
    bbc_ans_words *words;
    atomic_int arrived, generation, ready; /* ready: the number of threads is settled */
} scan_state;

/* Wait until all threads of the call are here. */
static inline void scan_barrier(scan_state *s)
{
    extern int sched_yield(void);
    if (s->threads == 1) return;
    int generation = atomic_load_explicit(&s->generation, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&s->arrived, 1, memory_order_acq_rel) == s->threads - 1) {
        atomic_store_explicit(&s->arrived, 0, memory_order_relaxed);
        atomic_store_explicit(&s->generation, generation + 1, memory_order_release);
        return;
    }
    for (int spins = 0; atomic_load_explicit(&s->generation, memory_order_acquire) == generation; spins++)
        if (spins > 4000) sched_yield();
}

/* Row `y`, column `x` of a padded plane; both may lie SCAN_PAD outside at the top and the sides. */
static inline uint8_t *scan_at(const scan_state *s, int plane, int x, int y)
{
    return s->plane[plane] + (ptrdiff_t)(y + SCAN_PAD) * s->stride + x + SCAN_PAD;
}

/* Enter a pixel that is known now, and keep the stand-ins for pixels outside the band: beside a row its own end (before
 * its first pixel is known, the first of the row above), above the band the known part of row 0, its last pixel repeated. */
static inline void scan_enter(scan_state *s, int x, int y, const int32_t *value)
{
    int width = s->shape.width;
    for (int c = 0; c < 3; c++) {
        uint8_t v = (uint8_t)value[c], *p = scan_at(s, c, x, y);
        *p = v;
        if (x == 0) {
            for (int i = 1; i <= SCAN_PAD; i++) p[-i] = v;
            if (y + 1 < s->shape.height)
                for (int i = 1; i <= SCAN_PAD; i++) p[s->stride - i] = v;
        }
        if (x == width - 1)
            for (int i = 1; i <= SCAN_PAD; i++) p[i] = v;
        if (y == 0)
            for (int row = 1; row <= SCAN_PAD; row++)
                for (int i = x == 0 ? -SCAN_PAD : 0; i <= SCAN_PAD && x + i < width + SCAN_PAD; i++)
                    p[i - row * s->stride] = v;
    }
}

/* Rows [row0, row1) of weights (rows, n) into their copy (n, rows), which backward products read. Four at a time, so that
 * what lies in one cache line of the copy is written at once. */
static inline void scan_transpose(int row0, int row1, int rows, int n, const float *restrict from, float *restrict to)
{
    int row = row0;
    for (; row + 4 <= row1; row += 4)
        for (int j = 0; j < n; j++)
            for (int r = 0; r < 4; r++) to[(ptrdiff_t)j * rows + row + r] = from[(ptrdiff_t)(row + r) * n + j];
    for (; row < row1; row++)
        for (int j = 0; j < n; j++) to[(ptrdiff_t)j * rows + row] = from[(ptrdiff_t)row * n + j];
}

/* First row, and number of pixels, of wavefront step `step` among the rows of the pass. */
static inline int scan_diagonal_pixels(const scan_state *s, int diagonal, int *first)
{
    int w = s->shape.width;
    int low = diagonal < w ? 0 : (diagonal - w) / SCAN_SKEW + 1, high = diagonal / SCAN_SKEW;
    if (low < s->shape.first_row) low = s->shape.first_row;
    if (high > s->shape.last_row - 1) high = s->shape.last_row - 1;
    *first = low;
    return high < low ? 0 : high - low + 1;
}

#endif
