/* The state of a band scan: rows of a band, coded in wavefront order by the likelihood network.
 *
 * All memory is one buffer of the caller. bbc_scan_begin lays it out; each bbc_scan_encode or bbc_scan_decode codes a
 * few diagonals and returns, so that the caller can show progress and handle signals. A diagonal is the pixels of equal
 * x + 4 y; none of them sees another, so that threads share them. Pixels that wait for the next step of the optimiser
 * are the mini-batch. */
#ifndef BBC_BAND_SCAN_H
#define BBC_BAND_SCAN_H

#include <stddef.h>
#include <stdint.h>

#include "ans.h"
#include "kernels.h"
#include "band_scan.cdef.h"
#include "channel_order.h"
#include "linear_light_types.h"
#include "local_ls_types.h"
#include "network_layout_types.h"
#include "phase_ls_types.h"
#include "team.h"

enum {
    SCAN_ALIGN = 64,                       /* bytes: of the state and of each array in it */
    SCAN_SKEW = 4,                         /* a pixel is coded in diagonal x + 4 y */
    SCAN_PAD = 8,                          /* columns beside and rows above the band that hold its border extension */
    SCAN_PHASES = 16,                      /* positions in the grid of 16 pixels, across and down */
    SCAN_PHASE_ROWS = 2 * SCAN_PHASES + 4, /* rows of weights: by column, by row, by both modulo 2 */
    SCAN_INPUT_STRIDE = (NETWORK_INPUTS + 15) / 16 * 16,
    SCAN_EXTRA_ROOM = 16, /* columns beside the last hidden layer for further inputs of the heads of R and B */
    SCAN_MAX_LAYERS = 4,
    SCAN_MAX_HIDDEN = 512,
    SCAN_MAX_HEAD = 128,
    SCAN_MAX_WIDTH = 1 << 18,       /* the local least squares keep about 550 bytes a column */
    SCAN_ACTIVITIES = 12 * 255 + 1, /* sums of 12 absolute differences of bytes */
    SCAN_PRECISION = 24,
    SCAN_BIN_EDGES = 272,         /* room for the 257 of a channel */
    SCAN_WINDOW = 16,             /* cumulative frequencies that a decoder computes ahead for a symbol */
    SCAN_CHUNK = 32,              /* pixels that go through the network together */
    SCAN_CORRECTION_COLUMNS = 16, /* two for each of its sets of weights (correction-inl.h) */
    SCAN_CORRECTION_WEIGHTS = NETWORK_CORRECTIONS * SCAN_CORRECTION_COLUMNS, /* of a channel */
    SCAN_CORRECTION_STRIDE = (NETWORK_CORRECTIONS + 15) / 16 * 16,
    SCAN_CORRECTION_RING = 16, /* diagonals whose mixtures' errors are kept */
    SCAN_STOPPED = 1 << 30
};

/* The samples of a scan in the network's units. A sample has 8 bits, which are its value at 8 bits, and low_bits below
 * them. A unit is a power of two of steps, so that all products by `step` are exact. */
typedef struct {
    int32_t low_bits;
    float step;                /* of a sample */
    float top;                 /* the largest sample */
    float base_scale;          /* of the base as an input: 1 over the middle of the range */
    float mean_low, mean_high; /* bounds of the means of the mixture */
} scan_range;

static inline scan_range scan_range_of(int32_t low_bits, int32_t fraction)
{
    const float step = 1.0f / (float)(1 << fraction), scale = (float)(1 << (low_bits - fraction));
    return (scan_range){.low_bits = low_bits,
                        .step = step,
                        .top = step * (float)((256 << low_bits) - 1),
                        .base_scale = 0.0078125f / scale,
                        .mean_low = -1024.0f * scale,
                        .mean_high = 1280.0f * scale};
}

/* The point mass at first, in flat neighbourhoods of deep samples. */
#define SCAN_FIRST_POINT 0x1p-4f

/* Where the further inputs of a head lie beside the last hidden layer. */
static const int scan_extra_at[3] = {0, 0, 4};

/* Pointers into one flat array of weights, in the order of docs/format.md; every matrix is stored input by input. */
typedef struct {
    float *trunk[SCAN_MAX_LAYERS], *trunk_bias[SCAN_MAX_LAYERS]; /* (inputs or H, H), (H) */
    float *phase;                                                /* (SCAN_PHASE_ROWS, H) */
    float *head[3], *head_bias[3];                               /* (H + extras, U), (U) */
    float *out[3], *out_bias[3];                                 /* (U, NETWORK_OUTPUTS), (NETWORK_OUTPUTS) */
} scan_network;

/* One pixel of the mini-batch. Arrays over channels are in coding order: G, R, B. */
typedef struct scan_pixel {
    int32_t x, y;
    int32_t value[3];
    int32_t window;                 /* first symbol of the cumulative frequencies computed ahead */
    float base[3];                  /* the median edge prediction; this and all that follows in the network's units */
    float west[3];                  /* the light of the pixel to the west */
    float activity[3], residual[3]; /* residual: value - base */
    float point[3];                 /* of the mixture: the point mass at the base (mixture-inl.h), or 0 */
    float point_share[3];           /* of the value's probability: that of the point mass */
    float density[3][2];            /* of the mixture at both bin edges of the value, over the bin's mass */
    float local_prediction[3];      /* local_ls_predict: from neighbours alone, less the base */
    float gain[3];                  /* local_ls_predict: of R on the error in G, of B on G's, of B on R's */
    float local_conditional[3];     /* its prediction given the earlier channels, less the base */
    float phase_partial[2];         /* prediction of R - G and B - G without what the pixel's own values add */
    float phase_weight[3];          /* what they add: G's weights for R - G and for B - G, R - G's weight for B - G */
    float phase_prediction[3];      /* phase-conditioned prediction given the earlier channels, less the base */
    float mean[3], expected[3];     /* of the mixture before its correction: its mean, the mean size of its error */
    const float *modulation;        /* of the pixel's block, (layers, 2, H): scales, shifts; or NULL */
} scan_pixel;

typedef struct scan_state {
    bbc_scan_shape shape;
    const bbc_kernels *kernels;
    const float *modulation;
    scan_range range;
    void *pixels;       /* the caller's (height, width, channels), bytes or with low_bits uint16_t */
    uint16_t *plane[3]; /* copies in coding order of what is known so far, with their border extension */
    ptrdiff_t stride;   /* of a plane */
    int64_t weight_count;
    int32_t capacity;                /* pixels that fit in a mini-batch */
    int32_t diagonal, last_diagonal; /* the one that is coded now; the last of the scan */
    int32_t count;                   /* pixels of the mini-batch before this diagonal */
    int64_t coded;                   /* pixels coded by earlier calls */
    int32_t batches;                 /* mini-batches so far */
    float beta2;                     /* LEARN_BETA2 to the power of `updates` */
    int32_t updates;                 /* steps of the optimiser so far */
    scan_network net;
    float *weights;
    float *first, *second;            /* of each weight: the optimiser's moments */
    float *gradient;                  /* the caller's (weight_count), for that of the last step; or NULL */
    float *correction[3];             /* weights of the correction, (NETWORK_CORRECTIONS, SCAN_CORRECTION_COLUMNS) */
    float *correction_record;         /* errors of mixtures: (SCAN_CORRECTION_RING, 6, rows) */
    float point[3];                   /* by channel: the point mass in flat neighbourhoods */
    float *bin_edge, *bin_edge_count; /* (3, SCAN_BIN_EDGES): lower edge of value v, at first v - 1/2; its updates */
    local_ls local_ls;
    phase_ls phase_ls;
    float *log_activity, *inverse_activity; /* by sum of the 12 nearest differences */
    float *light;                           /* of each sample (linear_light-inl.h), or NULL */
    float *sample_of_root;                  /* (LINEAR_LIGHT_ROOTS + 1): by the root of the light, or NULL */
    scan_pixel *pixel;
    /* per pixel of the mini-batch: */
    float *input, *active[SCAN_MAX_LAYERS], *hidden[SCAN_MAX_LAYERS], *unit[3], *output[3];
    float *correction_input[3], *d_correction[3];
    float *d_active[SCAN_MAX_LAYERS], *d_unit[3], *d_output[3];
    int32_t *window; /* (capacity, SCAN_WINDOW) */
    /* of the call in progress: */
    bbc_team team;
    int decode, error;
    /* Of a decoder's diagonal, in pieces of pixels, all of them of one symbol after the other: how many have been taken
     * by threads, and popped, SCAN_STOPPED after an error; whether each is prepared for being popped; whether a thread
     * pops. */
    atomic_int next_piece, popped, *prepared, popping;
    int64_t budget, done; /* pixels to code at least, pixels coded */
    uint32_t *starts, *freqs;
    uint64_t *ans_state;
    bbc_ans_words *words;
} scan_state;

/* band_scan_layout.c: the network's pointers into `flat`; returns the number of its weights. */
int64_t scan_lay_network(const bbc_scan_shape *p, scan_network *net, float *flat);

/* The same: lays all arrays of the state out in the buffer that begins at `base`, behind the state itself, or only
 * counts if that is NULL; returns the bytes in use. */
int64_t scan_lay_state(scan_state *s, void *base);

/* Whether mixtures are corrected: what corrects them learns. */
static inline int scan_corrects(const scan_state *s) { return s->shape.batch && s->shape.correction; }

/* Row `y`, column `x` of a plane; both may lie SCAN_PAD outside at the top and the sides. */
static inline uint16_t *scan_at(const scan_state *s, int plane, int x, int y)
{
    return s->plane[plane] + (ptrdiff_t)(y + SCAN_PAD) * s->stride + x + SCAN_PAD;
}

/* The samples of a pixel of the caller's; samples of 8 bits are bytes. */
static inline void scan_read(const scan_state *s, int x, int y, int32_t *value)
{
    const int channels = s->shape.channels;
    const ptrdiff_t at = ((ptrdiff_t)y * s->shape.width + x) * channels;
    for (int c = 0; c < 3; c++) {
        const ptrdiff_t i = at + channel_order_sample(channels, c);
        value[c] = s->range.low_bits ? ((const uint16_t *)s->pixels)[i] : ((const uint8_t *)s->pixels)[i];
    }
}

static inline void scan_write(const scan_state *s, int x, int y, const int32_t *value)
{
    const int channels = s->shape.channels;
    const ptrdiff_t at = ((ptrdiff_t)y * s->shape.width + x) * channels;
    for (int c = 0; c < channels; c++) {
        const ptrdiff_t i = at + channel_order_sample(channels, c);
        if (s->range.low_bits) ((uint16_t *)s->pixels)[i] = (uint16_t)value[c];
        else ((uint8_t *)s->pixels)[i] = (uint8_t)value[c];
    }
}

/* Enter a pixel that is known now, and keep the border extension: beside a row its own end (before its first pixel is
 * known, the first of the row above), above the band the known part of row 0, its last pixel repeated. */
static inline void scan_enter(scan_state *s, int x, int y, const int32_t *value)
{
    int width = s->shape.width;
    for (int c = 0; c < 3; c++) {
        uint16_t v = (uint16_t)value[c], *p = scan_at(s, c, x, y);
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

/* First row, and number of pixels, of a diagonal among the rows of the scan. */
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
