/* The loop over wavefront steps that every thread of a call runs, encoding or decoding. */
#ifndef BBC_WAVEFRONT_H
#define BBC_WAVEFRONT_H

#include "online_learning-inl.h"

/* Place of the pixels [from, to) of a step in the run: row, column, block, and for the encoder the values. */
static void wavefront_place(pass_state *s, int first, int from, int to)
{
    const bbc_pass *shape = &s->shape;
    int across = (shape->width + shape->block - 1) / (shape->block ? shape->block : 1);
    for (int i = from; i < to; i++) {
        pass_pixel *p = s->pixel + s->count + i;
        p->y = first + i;
        p->x = s->step - PASS_SKEW * p->y;
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
static void wavefront_enter(pass_state *s, int from, int to)
{
    for (int i = from; i < to; i++) {
        pass_pixel *p = s->pixel + s->count + i;
        uint8_t *pixel = s->pixels + ((ptrdiff_t)p->y * s->shape.width + p->x) * s->shape.channels;
        if (s->shape.channels == 1) p->value[1] = p->value[2] = p->value[0];
        if (s->decode)
            for (int c = 0; c < s->shape.channels; c++)
                pixel[s->shape.channels == 3 ? (c == 0 ? 1 : c == 1 ? 0 : 2) : 0] = (uint8_t)p->value[c];
        pass_enter(s, p->x, p->y, p->value);
        context_known(s, p);
    }
}

static void wavefront_encode(pass_state *s, int n, int from, int to)
{
    int64_t at = s->done * s->shape.channels;
    for (int i = from; i < to; i += PASS_CHUNK) {
        int end = i + PASS_CHUNK < to ? i + PASS_CHUNK : to, a = s->count + i, b = s->count + end;
        network_trunk(s, a, b);
        for (int c = 0; c < s->shape.channels; c++) {
            network_head(s, c, a, b);
            network_intervals(s, c, a, b, at + (int64_t)c * n + i);
            for (int j = a; j < b; j++) network_residual(s->pixel + j, c);
        }
    }
}

static void wavefront_decode(pass_state *s, int index, int n, int from, int to)
{
    for (int c = 0; c < s->shape.channels; c++) {
        for (int i = from; i < to; i += PASS_CHUNK) {
            int end = i + PASS_CHUNK < to ? i + PASS_CHUNK : to, a = s->count + i, b = s->count + end;
            if (c == 0) network_trunk(s, a, b);
            network_head(s, c, a, b);
            network_windows(s, c, a, b);
        }
        pass_barrier(s);
        if (index == 0) s->error = network_pop(s, c, s->count, s->count + n);
        pass_barrier(s);
        if (s->error) return;
    }
}

/* Around the steps of a wave of the regression's cells: before the first the cells are solved, after the last they take in
 * their pixels. Threads share blocks of lanes. */
static void wavefront_regression(const pass_state *s, int index)
{
    const int wave = s->step / REGRESSION_CELL, place = s->step % REGRESSION_CELL,
              stride = s->threads * REGRESSION_LANES;
    int from, to;
    regression_wave(s->shape.width, s->shape.first_row, s->shape.last_row, wave, &from, &to);
    for (int cell = from + index * REGRESSION_LANES; cell < to; cell += stride) {
        if (place == 0) regression_solve(&s->regression, cell);
        else regression_update(&s->regression, cell, cell + REGRESSION_LANES < to ? cell + REGRESSION_LANES : to);
    }
}

/* What both least squares say of every pixel of the pass, maps (rows, width, BBC_PASS_MAPS); the network has no part in it. */
static void wavefront_regress(pass_state *s, float *maps)
{
    for (; s->step <= s->last_step; s->step++) {
        int first, n = pass_step_pixels(s, s->step, &first);
        if (s->step % REGRESSION_CELL == 0) wavefront_regression(s, 0);
        for (int from = 0; from < n; from += PASS_CHUNK) {
            int to = from + PASS_CHUNK < n ? from + PASS_CHUNK : n;
            wavefront_place(s, first, from, to);
            context_inputs(s, from, to);
            for (int i = from; i < to; i++) {
                pass_pixel *p = s->pixel + i;
                const float *input = s->input + (ptrdiff_t)i * PASS_INPUT_STRIDE;
                float *map = maps + ((ptrdiff_t)(p->y - s->shape.first_row) * s->shape.width + p->x) * BBC_PASS_MAPS;
                memcpy(map, p->prediction, sizeof p->prediction);
                memcpy(map + 3, input + PASS_REGRESSED + 3, 6 * sizeof *map);
                for (int c = 0; c < 3; c++) network_residual(p, c);
                for (int c = 1; c < s->shape.channels; c++) {
                    network_rule(p, c);
                    network_periodic(p, c);
                }
                for (int c = s->shape.channels; c < 3; c++) p->rule[c] = p->periodic[c] = 0.0f;
                memcpy(map + 9, p->periodic, sizeof p->periodic);
                memcpy(map + 12, input + PASS_PERIODIC + 1, 3 * sizeof *map);
                memcpy(map + 15, input + PASS_ERRORS, 12 * sizeof *map);
            }
        }
        wavefront_enter(s, 0, n);
        periodic_step(s, first, n, 0);
        s->done += n;
        if (s->step % REGRESSION_CELL == REGRESSION_CELL - 1) wavefront_regression(s, 0);
    }
}

/* Steps until the budget of pixels is used up or the pass ends. Called by every thread with its index. */
static void wavefront_run(pass_state *s, int index)
{
    const int threads = s->threads;
    while (s->step <= s->last_step && s->done < s->budget) {
        int first, n = pass_step_pixels(s, s->step, &first);
        int from = (int)((int64_t)n * index / threads), to = (int)((int64_t)n * (index + 1) / threads);
        const int place =
            s->step % REGRESSION_CELL; /* after the barriers, thread 0 may have gone on to the next step */
        if (place == 0) {
            wavefront_regression(s, index);
            pass_barrier(s);
        }
        wavefront_place(s, first, from, to);
        if (s->decode) wavefront_decode(s, index, n, from, to);
        else wavefront_encode(s, n, from, to);
        pass_barrier(s);
        if (s->error) return;
        wavefront_enter(s, from, to);
        pass_barrier(s);
        periodic_step(s, first, n, index);
        if (place == REGRESSION_CELL - 1) {
            wavefront_regression(s, index);
            pass_barrier(s);
        }
        if (index == 0) {
            s->count += n;
            s->done += n;
            s->step++;
            if (s->shape.run == 0 || s->passed_over > 0) {
                s->passed_over -= s->shape.run ? n : 0;
                s->count = 0;
            }
        }
        pass_barrier(s);
        if (s->shape.run && s->count >= s->shape.run) {
            from = (int)((int64_t)s->count * index / threads);
            to = (int)((int64_t)s->count * (index + 1) / threads);
            for (int i = from; i < to; i += PASS_CHUNK) learn_backward(s, i, i + PASS_CHUNK < to ? i + PASS_CHUNK : to);
            pass_barrier(s);
            learn_step(s, index);
            pass_barrier(s);
            if (index == 0) {
                s->passed_over = (int64_t)(s->shape.every - 1) * s->count;
                s->count = 0;
                s->updates++;
                s->beta2 = s->beta2 * LEARN_SECOND;
            }
        }
        pass_barrier(s);
    }
}

#endif
