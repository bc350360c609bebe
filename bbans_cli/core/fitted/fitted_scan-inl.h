/* The loop over the diagonals of a band, one thread. */
#ifndef BBC_FITTED_SCAN_H
#define BBC_FITTED_SCAN_H

#include "channel_order.h"
#include "fitted_network-inl.h"
#include "fitted_samples-inl.h"

/* The cell columns [from, to) of the pixels of the present diagonal. */
static void fitted_columns(const fitted_state *s, int *from, int *to)
{
    const int wave = s->diagonal / FITTED_CELL, low = wave - (s->height - 1);
    const int high =
        (s->width - 1 - s->diagonal % FITTED_CELL) < 0 ? -1 : (s->width - 1 - s->diagonal % FITTED_CELL) / FITTED_CELL;
    *from = low > 0 ? low : 0;
    *to = (wave < high ? wave : high) + 1;
}

/* The cell columns [from, to) of the present wave. */
static void fitted_wave(const fitted_state *s, int *from, int *to)
{
    const int wave = s->diagonal / FITTED_CELL, low = wave - (s->height - 1), high = s->cells - 1;
    *from = low > 0 ? low : 0;
    *to = (wave < high ? wave : high) + 1;
}

/* The pixel in cell column q of the present diagonal. */
EX ptrdiff_t fitted_pixel(const fitted_state *s, int q)
{
    const int wave = s->diagonal / FITTED_CELL;
    return ((ptrdiff_t)(wave - q) * s->width + FITTED_CELL * q + s->diagonal % FITTED_CELL) * s->channels;
}

/* The values of m pixels from column q on, from the caller's. */
static void fitted_read(const fitted_state *s, int q, int m, fitted_chunk *restrict chunk)
{
    for (int l = 0; l < FITTED_LANES; l++) {
        const uint8_t *p = s->pixels + fitted_pixel(s, q + (l < m ? l : 0));
        for (int c = 0; c < 3; c++) {
            chunk->value[c][l] = (float)p[channel_order_sample(s->channels, c)];
            chunk->residual[c][l] = chunk->value[c][l] - chunk->base[c][l];
        }
    }
}

/* Keeps what is known now of m pixels from column q on. */
static void fitted_enter(const fitted_state *s, int task, int q, int m, const fitted_chunk *restrict chunk)
{
    float error[FITTED_LANES];
    for (int c = 0; c < 3; c++) {
        memcpy(fitted_row(s, s->ring, s->diagonal, c) + q, chunk->value[c], (size_t)m * sizeof(float));
        for (int l = 0; l < FITTED_LANES; l++) error[l] = chunk->residual[c][l] - chunk->conditional[c][l];
        memcpy(fitted_row(s, s->error, s->diagonal, c) + q, error, (size_t)m * sizeof *error);
    }
    if (!fitted_forecasts_known(s, task)) fitted_ls_record(s, s->diagonal % FITTED_CELL, q, m, chunk);
}

/* Puts `value` at column x, row y of a plane of the ring. */
EX void fitted_put(const fitted_state *s, float *plane, int x, int y, int c, float value)
{
    const int q = x >= 0 ? x / FITTED_CELL : -((FITTED_CELL - 1 - x) / FITTED_CELL);
    fitted_row(s, plane, x + FITTED_CELL * y, c)[q] = value;
}

/* Border extension after a diagonal: beside a row its own end (before its first pixel is known, the first of the row
 * above), above the band the known part of row 0, its last pixel repeated. Errors are 0 above and on the left, and
 * continue those of the last pixel on the right. */
static void fitted_extend(const fitted_state *s, int from, int to)
{
    const int d = s->diagonal, wave = d / FITTED_CELL, w = s->width, last = (w - 1) / FITTED_CELL;
    if (from >= to) return;
    for (int c = 0; c < 3; c++) {
        const float *row = fitted_row(s, s->ring, d, c), *error = fitted_row(s, s->error, d, c);
        if (d % FITTED_CELL == 0 && from == 0)
            for (int i = 1; i <= 2; i++) {
                fitted_put(s, s->ring, -i, wave, c, row[0]);
                fitted_put(s, s->ring, -i, wave + 1, c, row[0]);
                fitted_put(s, s->error, -i, wave + 1, c, 0.0f);
            }
        if (d % FITTED_CELL == (w - 1) % FITTED_CELL && to == last + 1)
            for (int i = 0; i < 2; i++) {
                fitted_put(s, s->ring, w + i, wave - last, c, row[last]);
                fitted_put(s, s->error, w + i, wave - last, c, error[last]);
            }
        if (d < w)
            for (int y = 1; y <= 2; y++)
                for (int x = d ? d : -2; x <= d + 3; x++) fitted_put(s, s->ring, x, -y, c, row[wave]);
    }
}

/* The solution of a wave's cells, before its first diagonal. */
static void fitted_begin_wave(fitted_state *s, int task)
{
    int from, to;
    if (s->diagonal % FITTED_CELL) return;
    fitted_wave(s, &from, &to);
    for (int q = from; q < to; q += FITTED_LANES) fitted_solve(s, task, q);
}

/* The moments of a wave's cells, after its last diagonal. */
static void fitted_end_wave(const fitted_state *s, int task)
{
    int from, to;
    if (s->diagonal % FITTED_CELL != FITTED_CELL - 1 || fitted_forecasts_known(s, task)) return;
    fitted_wave(s, &from, &to);
    for (int q = from; q < to; q += FITTED_LANES) fitted_ls_update(s, q, to);
}

/* Intervals of the m pixels of a chunk whose values are known. */
static void fitted_encode_chunk(fitted_state *s, int m, fitted_chunk *restrict chunk)
{
    fitted_hidden hidden;
    fitted_mixture mix;
    _Alignas(FITTED_ALIGN) float low[FITTED_LANES], high[FITTED_LANES];
    fitted_trunk(s->weights, chunk, &hidden);
    for (int c = 0; c < s->channels; c++) {
        fitted_mixtures(s->weights, c, chunk, &hidden, &mix);
        fitted_intervals(&mix, chunk->value[c], low, high);
        for (int l = 0; l < m; l++) {
            *s->starts++ = (uint32_t)low[l];
            *s->freqs++ = (uint32_t)(high[l] - low[l]);
        }
    }
    for (int c = s->channels; c < 3; c++) fitted_conditional(c, chunk);
}

/* Pops channel c of the m pixels of a chunk. */
static void fitted_pop(fitted_state *s, int c, int m, const fitted_mixture *mix, fitted_chunk *restrict chunk)
{
    enum { L = FITTED_LANES };
    _Alignas(FITTED_ALIGN) float target[L], low[L], high[L];
    for (int l = 0; l < L; l++)
        target[l] = (float)bbc_ans_peek(s->ans_state[(s->lane + l) & (L - 1)], FITTED_PRECISION);
    fitted_find(mix, target, chunk->value[c], low, high);
    for (int l = 0; l < m; l++) {
        const int error = bbc_ans_advance(&s->ans_state[(s->lane + l) & (L - 1)], s->words, (uint32_t)low[l],
                                          (uint32_t)(high[l] - low[l]), FITTED_PRECISION);
        if (error) s->failure = error;
    }
    s->lane = (s->lane + m) & (L - 1);
    for (int l = 0; l < L; l++) chunk->residual[c][l] = chunk->value[c][l] - chunk->base[c][l];
}

/* Pops the m pixels of a chunk from column q on, and writes them to the caller's. */
static void fitted_decode_chunk(fitted_state *s, int q, int m, fitted_chunk *restrict chunk)
{
    fitted_hidden hidden;
    fitted_mixture mix;
    fitted_trunk(s->weights, chunk, &hidden);
    for (int c = 0; c < s->channels; c++) {
        fitted_mixtures(s->weights, c, chunk, &hidden, &mix);
        fitted_pop(s, c, m, &mix, chunk);
    }
    for (int c = s->channels; c < 3; c++) {
        memcpy(chunk->value[c], chunk->value[0], sizeof chunk->value[c]);
        memcpy(chunk->residual[c], chunk->residual[0], sizeof chunk->residual[c]);
        fitted_conditional(c, chunk);
    }
    for (int l = 0; l < m; l++) {
        uint8_t *p = s->pixels + fitted_pixel(s, q + l);
        for (int c = 0; c < s->channels; c++) p[channel_order_sample(s->channels, c)] = (uint8_t)chunk->value[c][l];
    }
}

/* Of every `interval` chunks one is collected, by a hash of their number, since a fixed one would only ever see some
 * columns of a mosaic. What is left at the end of the band is not. */
static void fitted_collect_chunk(fitted_state *s, int q, int m, fitted_chunk *restrict chunk)
{
    const int64_t group = s->chunk / s->interval, place = s->chunk % s->interval;
    const uint32_t hash = (uint32_t)(((uint64_t)(group + 1) * 0x9E3779B97F4A7C15u) >> 32);
    s->chunk++;
    if (group < s->groups && place == (int64_t)(((uint64_t)hash * (uint64_t)s->interval) >> 32))
        fitted_pack(s, q, m, chunk, s->samples + group);
    for (int c = 0; c < 3; c++) fitted_conditional(c, chunk);
}

/* One diagonal. */
static void fitted_diagonal(fitted_state *s, int task)
{
    enum { L = FITTED_LANES };
    int from, to;
    fitted_chunk chunk;
    fitted_begin_wave(s, task);
    fitted_columns(s, &from, &to);
    for (int q = from; q < to; q += L) {
        const int m = to - q < L ? to - q : L;
        fitted_features(s, task, q, &chunk);
        if (task != FITTED_DECODE) fitted_read(s, q, m, &chunk);
        if (task == FITTED_ENCODE) fitted_encode_chunk(s, m, &chunk);
        if (task == FITTED_DECODE) fitted_decode_chunk(s, q, m, &chunk);
        if (task == FITTED_COLLECT) fitted_collect_chunk(s, q, m, &chunk);
        fitted_enter(s, task, q, m, &chunk);
        if (s->failure) return;
        s->done += m;
    }
    fitted_extend(s, from, to);
    fitted_end_wave(s, task);
}

/* Diagonals until the budget of pixels is used up or the band ends. */
static void fitted_run(fitted_state *s, int task)
{
    const int last = s->width - 1 + FITTED_CELL * (s->height - 1);
    for (; s->diagonal <= last && s->done < s->budget && !s->failure; s->diagonal++) fitted_diagonal(s, task);
}

#endif
