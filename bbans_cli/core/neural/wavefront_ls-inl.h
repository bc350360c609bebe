/* What both least squares predict of a picture, without a network: inputs of training. */
#ifndef BBC_WAVEFRONT_LS_H
#define BBC_WAVEFRONT_LS_H

#include "wavefront_symbols-inl.h"
#include "wavefront_units-inl.h"

/* The columns of bbc_scan_least_squares of one pixel whose inputs are known. */
static void wavefront_ls_row(const scan_state *s, scan_pixel *p, const float *input, float *row)
{
    for (int c = 0; c < 3; c++) network_residual(s, p, c);
    for (int c = 1; c < s->shape.channels; c++) {
        network_local_conditional(s, p, c);
        network_phase_prediction(s, p, c);
    }
    for (int c = s->shape.channels; c < 3; c++) p->local_conditional[c] = p->phase_prediction[c] = 0.0f;
    for (int c = 0; c < 3; c++) {
        row[NETWORK_LS_LOCAL_PREDICTION + c] = p->local_prediction[c];
        row[NETWORK_LS_PHASE_PREDICTION + c] = p->phase_prediction[c];
        row[NETWORK_LS_LOCAL_GAIN + c] = input[NETWORK_INPUT_LOCAL_GAIN + c];
        row[NETWORK_LS_LOCAL_HALF_LOG_SIGMA + c] = input[NETWORK_INPUT_LOCAL_HALF_LOG_SIGMA + c];
        row[NETWORK_LS_PHASE_HALF_LOG_SIGMA + c] = input[NETWORK_INPUT_PHASE_HALF_LOG_SIGMA + c];
        row[NETWORK_LS_LOCAL_ERROR_SIZE + c] = input[NETWORK_INPUT_LOCAL_ERROR_SIZE + c];
        row[NETWORK_LS_PHASE_ERROR_SIZE + c] = input[NETWORK_INPUT_PHASE_ERROR_SIZE + c];
        row[NETWORK_LS_PHASE_ERROR_WEST + c] = input[NETWORK_INPUT_PHASE_ERROR_WEST + c];
        row[NETWORK_LS_PHASE_ERROR_NORTH + c] = input[NETWORK_INPUT_PHASE_ERROR_NORTH + c];
    }
}

/* What both least squares predict of every pixel of the scan: least_squares (rows, width, NETWORK_LS_COLUMNS). The
 * network has no part in it. One thread. */
static void wavefront_least_squares(scan_state *s, float *least_squares)
{
    wavefront_solve_first(s, 0);
    for (; s->diagonal <= s->last_diagonal; s->diagonal++) {
        int first, n = scan_diagonal_pixels(s, s->diagonal, &first);
        for (int from = 0; from < n; from += SCAN_CHUNK) {
            int to = from + SCAN_CHUNK < n ? from + SCAN_CHUNK : n;
            wavefront_locate(s, first, from, to);
            neighbourhood_inputs(s, from, to);
            for (int i = from; i < to; i++) {
                scan_pixel *p = s->pixel + i;
                const ptrdiff_t at = (ptrdiff_t)(p->y - s->shape.first_row) * s->shape.width + p->x;
                wavefront_ls_row(s, p, s->input + (ptrdiff_t)i * SCAN_INPUT_STRIDE,
                                 least_squares + at * NETWORK_LS_COLUMNS);
            }
        }
        wavefront_enter(s, 0, 0, n);
        s->done += n;
        const wavefront_turn turn = wavefront_begin_turn(s, first, n);
        wavefront_follow(s, 0, &turn);
        s->phase_ls.new_pixels = turn.due ? 0 : turn.new_pixels;
    }
}

#endif
