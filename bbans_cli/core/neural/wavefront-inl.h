/* The loop over wavefront steps that every thread of a call runs, encoding or decoding. */
#ifndef BBC_WAVEFRONT_H
#define BBC_WAVEFRONT_H

#include "online_learning-inl.h"

/* Place of the pixels [from, to) of a step in the run: row, column, block, and for the encoder the values. */
static void wavefront_place(scan_state *s, int first, int from, int to)
{
    const bbc_scan_shape *shape = &s->shape;
    int across = (shape->width + shape->block - 1) / (shape->block ? shape->block : 1);
    for (int i = from; i < to; i++) {
        scan_pixel *p = s->pixel + s->count + i;
        p->y = first + i;
        p->x = s->diagonal - SCAN_SKEW * p->y;
        p->modulation = NULL;
        if (s->modulation)
            p->modulation = s->modulation + ((ptrdiff_t)(p->y / shape->block) * across + p->x / shape->block) * 2 *
                                                shape->layers * shape->hidden;
        const uint8_t *pixel = s->pixels + ((ptrdiff_t)p->y * shape->width + p->x) * shape->channels;
        if (!s->decode)
            for (int c = 0; c < 3; c++) p->value[c] = pixel[shape->channels == 3 ? (c == 0 ? 1 : c == 1 ? 0 : 2) : 0];
    }
}

/* Write pixels [from, to) of the step back, into the padded planes and, decoding, to the caller. */
static void wavefront_enter(scan_state *s, int from, int to)
{
    for (int i = from; i < to; i++) {
        scan_pixel *p = s->pixel + s->count + i;
        uint8_t *pixel = s->pixels + ((ptrdiff_t)p->y * s->shape.width + p->x) * s->shape.channels;
        if (s->shape.channels == 1) p->value[1] = p->value[2] = p->value[0];
        if (s->decode)
            for (int c = 0; c < s->shape.channels; c++)
                pixel[s->shape.channels == 3 ? (c == 0 ? 1 : c == 1 ? 0 : 2) : 0] = (uint8_t)p->value[c];
        scan_enter(s, p->x, p->y, p->value);
        neighbourhood_record(s, p);
    }
}

static void wavefront_encode(scan_state *s, int n, int from, int to)
{
    int64_t at = s->done * s->shape.channels;
    for (int i = from; i < to; i += SCAN_CHUNK) {
        int end = i + SCAN_CHUNK < to ? i + SCAN_CHUNK : to, a = s->count + i, b = s->count + end;
        network_trunk(s, a, b);
        for (int c = 0; c < s->shape.channels; c++) {
            network_head(s, c, a, b);
            network_intervals(s, c, a, b, at + (int64_t)c * n + i);
            for (int j = a; j < b; j++) network_residual(s->pixel + j, c);
        }
    }
}

static void wavefront_decode(scan_state *s, int index, int n, int from, int to)
{
    for (int c = 0; c < s->shape.channels; c++) {
        for (int i = from; i < to; i += SCAN_CHUNK) {
            int end = i + SCAN_CHUNK < to ? i + SCAN_CHUNK : to, a = s->count + i, b = s->count + end;
            if (c == 0) network_trunk(s, a, b);
            network_head(s, c, a, b);
            network_windows(s, c, a, b);
        }
        scan_barrier(s);
        if (index == 0) s->error = network_pop(s, c, s->count, s->count + n);
        scan_barrier(s);
        if (s->error) return;
    }
}

/* Around the steps of a wave of the regression's cells: before the first the cells are solved, after the last they take in
 * their pixels. Threads share blocks of lanes. */
static void wavefront_local_ls(const scan_state *s, int index)
{
    const int wave = s->diagonal / LOCAL_LS_BLOCK, offset = s->diagonal % LOCAL_LS_BLOCK,
              stride = s->threads * LOCAL_LS_LANES;
    int from, to;
    local_ls_wave(s->shape.width, s->shape.first_row, s->shape.last_row, wave, &from, &to);
    for (int block = from + index * LOCAL_LS_LANES; block < to; block += stride) {
        if (offset == 0) local_ls_solve(&s->local_ls, block);
        else local_ls_update(&s->local_ls, block, block + LOCAL_LS_LANES < to ? block + LOCAL_LS_LANES : to);
    }
}

/* What both least squares say of every pixel of the pass, least_squares (rows, width, BBC_SCAN_LS_COLUMNS); the network has no part in it. */
static void wavefront_least_squares(scan_state *s, float *least_squares)
{
    for (; s->diagonal <= s->last_diagonal; s->diagonal++) {
        int first, n = scan_diagonal_pixels(s, s->diagonal, &first);
        if (s->diagonal % LOCAL_LS_BLOCK == 0) wavefront_local_ls(s, 0);
        for (int from = 0; from < n; from += SCAN_CHUNK) {
            int to = from + SCAN_CHUNK < n ? from + SCAN_CHUNK : n;
            wavefront_place(s, first, from, to);
            neighbourhood_inputs(s, from, to);
            for (int i = from; i < to; i++) {
                scan_pixel *p = s->pixel + i;
                const float *input = s->input + (ptrdiff_t)i * SCAN_INPUT_STRIDE;
                float *row = least_squares +
                             ((ptrdiff_t)(p->y - s->shape.first_row) * s->shape.width + p->x) * BBC_SCAN_LS_COLUMNS;
                memcpy(row, p->local_prediction, sizeof p->local_prediction);
                memcpy(row + 3, input + SCAN_LOCAL_LS + 3, 6 * sizeof *row);
                for (int c = 0; c < 3; c++) network_residual(p, c);
                for (int c = 1; c < s->shape.channels; c++) {
                    network_local_conditional(p, c);
                    network_phase_prediction(p, c);
                }
                for (int c = s->shape.channels; c < 3; c++) p->local_conditional[c] = p->phase_prediction[c] = 0.0f;
                memcpy(row + 9, p->phase_prediction, sizeof p->phase_prediction);
                memcpy(row + 12, input + SCAN_PHASE_LS + 1, 3 * sizeof *row);
                memcpy(row + 15, input + SCAN_LS_ERRORS, 12 * sizeof *row);
            }
        }
        wavefront_enter(s, 0, n);
        phase_ls_update(s, first, n, 0);
        s->done += n;
        if (s->diagonal % LOCAL_LS_BLOCK == LOCAL_LS_BLOCK - 1) wavefront_local_ls(s, 0);
    }
}

/* Steps until the budget of pixels is used up or the pass ends. Called by every thread with its index. */
static void wavefront_run(scan_state *s, int index)
{
    const int threads = s->threads;
    while (s->diagonal <= s->last_diagonal && s->done < s->budget) {
        int first, n = scan_diagonal_pixels(s, s->diagonal, &first);
        int from = (int)((int64_t)n * index / threads), to = (int)((int64_t)n * (index + 1) / threads);
        const int offset =
            s->diagonal % LOCAL_LS_BLOCK; /* after the barriers, thread 0 may have gone on to the next step */
        if (offset == 0) {
            wavefront_local_ls(s, index);
            scan_barrier(s);
        }
        wavefront_place(s, first, from, to);
        if (s->decode) wavefront_decode(s, index, n, from, to);
        else wavefront_encode(s, n, from, to);
        scan_barrier(s);
        if (s->error) return;
        wavefront_enter(s, from, to);
        scan_barrier(s);
        phase_ls_update(s, first, n, index);
        if (offset == LOCAL_LS_BLOCK - 1) {
            wavefront_local_ls(s, index);
            scan_barrier(s);
        }
        if (index == 0) {
            s->count += n;
            s->done += n;
            s->diagonal++;
            if (s->shape.batch == 0 || s->skip > 0) {
                s->skip -= s->shape.batch ? n : 0;
                s->count = 0;
            }
        }
        scan_barrier(s);
        if (s->shape.batch && s->count >= s->shape.batch) {
            from = (int)((int64_t)s->count * index / threads);
            to = (int)((int64_t)s->count * (index + 1) / threads);
            for (int i = from; i < to; i += SCAN_CHUNK) learn_backward(s, i, i + SCAN_CHUNK < to ? i + SCAN_CHUNK : to);
            scan_barrier(s);
            learn_step(s, index);
            scan_barrier(s);
            if (index == 0) {
                s->skip = (int64_t)(s->shape.update_interval - 1) * s->count;
                s->count = 0;
                s->updates++;
                s->beta2 = s->beta2 * LEARN_BETA2;
            }
        }
        scan_barrier(s);
    }
}

#endif
