/* Integers with logistic or Gaussian mass, one distribution or one mixture for each symbol. location_scale.cdef.h
 * explains the parameters, cumulative.h how a distribution function becomes intervals.
 *
 * A push knows its edges and computes a block of them at once. A pop guesses its symbol from a table of quantiles. It
 * can read the next value of a lane only after it has popped the symbol before; with several lanes it tries the guesses
 * of a block at once. */
#ifndef BBC_LOCATION_SCALE_INL_H
#define BBC_LOCATION_SCALE_INL_H

#include "location_scale_types.h"

enum { LOCATION_SCALE_BLOCK = 64 };

/* Parameters of a block, one row for each component; rate is 1 / deviation. */
typedef struct {
    double weight[BBC_LOCATION_SCALE_MAX_COMPONENTS][LOCATION_SCALE_BLOCK];
    double mean[BBC_LOCATION_SCALE_MAX_COMPONENTS][LOCATION_SCALE_BLOCK];
    double deviation[BBC_LOCATION_SCALE_MAX_COMPONENTS][LOCATION_SCALE_BLOCK];
    double rate[BBC_LOCATION_SCALE_MAX_COMPONENTS][LOCATION_SCALE_BLOCK];
} location_scale_block;

typedef struct {
    const bbc_location_scale *model;
    const location_scale_block *block;
    size_t at;
} location_scale_symbol;

/* The parameters of symbols i to i + n - 1. For all parameters, (edge - mean) * rate is finite and does not fall from
 * edge to edge, so neither does F. The places behind n in the last window are zero. */
EX void location_scale_load_of(size_t components, const bbc_location_scale *model, size_t i, size_t n,
                               location_scale_block *block)
{
    double total[LOCATION_SCALE_BLOCK] = {0.0};
    size_t end = (n + BBC_CUMULATIVE_WINDOW - 1) / BBC_CUMULATIVE_WINDOW * BBC_CUMULATIVE_WINDOW;
    const double *means = model->means + i * components, *deviations = model->deviations + i * components;
    for (size_t k = 0; k < components; k++) {
        for (size_t j = 0; j < n; j++) {
            block->mean[k][j] = ex_clip64(means[j * components + k], -1e12, 1e12);
            block->deviation[k][j] = ex_max64(deviations[j * components + k], 1e-12);
            block->rate[k][j] = 1.0 / block->deviation[k][j];
        }
        for (size_t j = n; j < end; j++) block->mean[k][j] = block->rate[k][j] = block->weight[k][j] = 0.0;
    }
    if (components == 1) return;
    const double *weights = model->weights + i * components;
    for (size_t k = 0; k < components; k++)
        for (size_t j = 0; j < n; j++) {
            block->weight[k][j] = ex_clip64(weights[j * components + k], 0.0, 1e290);
            total[j] += block->weight[k][j];
        }
    for (size_t k = 0; k < components; k++)
        for (size_t j = 0; j < n; j++) block->weight[k][j] /= total[j];
}

static void location_scale_load(const bbc_location_scale *model, size_t i, size_t n, location_scale_block *block)
{
    if (model->components == 1) {
        location_scale_load_of(1, model, i, n, block);
    } else {
        location_scale_load_of(model->components, model, i, n, block);
    }
}

EX double location_scale_cdf(int family, double x)
{
    return family == BBC_LOCATION_SCALE_GAUSSIAN ? ex_normal_cdf64(x) : 1.0 / (1.0 + ex_exp64(-x));
}

/* cum(edge[j]) of symbols j < n of the block; up to the end of the last window the results mean nothing. */
EX void location_scale_cum_of(int family, size_t components, const bbc_location_scale *model,
                              const location_scale_block *block, size_t n, const uint32_t *edge, uint32_t *cum)
{
    for (size_t at = 0; at < n; at += BBC_CUMULATIVE_WINDOW) {
        double position[BBC_CUMULATIVE_WINDOW], f[BBC_CUMULATIVE_WINDOW] = {0.0};
        BBC_CUMULATIVE_KEEP_LOOP
        for (size_t j = 0; j < BBC_CUMULATIVE_WINDOW; j++) position[j] = model->first + (int32_t)edge[at + j];
        for (size_t k = 0; k < components; k++) {
            const double *mean = block->mean[k] + at, *rate = block->rate[k] + at, *weight = block->weight[k] + at;
            BBC_CUMULATIVE_KEEP_LOOP
            for (size_t j = 0; j < BBC_CUMULATIVE_WINDOW; j++) {
                double share = location_scale_cdf(family, (position[j] - mean[j]) * rate[j]);
                f[j] = components == 1 ? share : f[j] + weight[j] * share;
            }
        }
        bbc_cumulative_window(&model->scale, edge + at, f, cum + at);
    }
}

/* cum at several edges of one symbol. */
EX void location_scale_edges_of(int family, size_t components, const location_scale_symbol *symbol,
                                const uint32_t *edge, uint32_t *cum)
{
    double first = symbol->model->first, f[BBC_CUMULATIVE_WINDOW] = {0.0};
    for (size_t k = 0; k < components; k++) {
        double mean = symbol->block->mean[k][symbol->at], rate = symbol->block->rate[k][symbol->at];
        double weight = symbol->block->weight[k][symbol->at];
        BBC_CUMULATIVE_KEEP_LOOP
        for (size_t j = 0; j < BBC_CUMULATIVE_WINDOW; j++) {
            double share = location_scale_cdf(family, (first + (int32_t)edge[j] - mean) * rate);
            f[j] = components == 1 ? share : f[j] + weight * share;
        }
    }
    bbc_cumulative_window(&symbol->model->scale, edge, f, cum);
}

/* The loops are written once and compiled for four cases: the family, and one component or several, are constants. */
static void location_scale_cum(const bbc_location_scale *model, const location_scale_block *block, size_t n,
                               const uint32_t *edge, uint32_t *cum)
{
    if (model->family == BBC_LOCATION_SCALE_GAUSSIAN) {
        if (model->components == 1) location_scale_cum_of(BBC_LOCATION_SCALE_GAUSSIAN, 1, model, block, n, edge, cum);
        else location_scale_cum_of(BBC_LOCATION_SCALE_GAUSSIAN, model->components, model, block, n, edge, cum);
    } else {
        if (model->components == 1) location_scale_cum_of(BBC_LOCATION_SCALE_LOGISTIC, 1, model, block, n, edge, cum);
        else location_scale_cum_of(BBC_LOCATION_SCALE_LOGISTIC, model->components, model, block, n, edge, cum);
    }
}

EX void location_scale_gaussian_edges(const void *symbol, const uint32_t *edge, uint32_t *cum)
{
    location_scale_edges_of(BBC_LOCATION_SCALE_GAUSSIAN, 1, symbol, edge, cum);
}

EX void location_scale_logistic_edges(const void *symbol, const uint32_t *edge, uint32_t *cum)
{
    location_scale_edges_of(BBC_LOCATION_SCALE_LOGISTIC, 1, symbol, edge, cum);
}

EX void location_scale_mixture_edges(const void *context, const uint32_t *edge, uint32_t *cum)
{
    const location_scale_symbol *symbol = context;
    if (symbol->model->family == BBC_LOCATION_SCALE_GAUSSIAN) {
        location_scale_edges_of(BBC_LOCATION_SCALE_GAUSSIAN, symbol->model->components, symbol, edge, cum);
    } else {
        location_scale_edges_of(BBC_LOCATION_SCALE_LOGISTIC, symbol->model->components, symbol, edge, cum);
    }
}

/* The mixture of the quantiles of the components: nearly exact for one component, a first guess for several. */
EX uint32_t location_scale_guess(const bbc_location_scale *model, const location_scale_block *block, size_t j,
                                 uint32_t value)
{
    const double *q = model->quantiles + (value >> model->quantile_shift);
    double beyond = (double)(int32_t)(value & model->quantile_mask) * model->quantile_step;
    double quantile = q[0] + beyond * (q[1] - q[0]), x = block->mean[0][j] + quantile * block->deviation[0][j];
    if (model->components > 1) {
        x = 0.0;
        for (size_t k = 0; k < model->components; k++)
            x += block->weight[k][j] * (block->mean[k][j] + quantile * block->deviation[k][j]);
    }
    return (uint32_t)(int32_t)ex_clip64(x - model->first, 0.0, (double)(int32_t)(model->scale.n - 1));
}

static bbc_cumulative_search location_scale_find(const bbc_location_scale *model, const location_scale_block *block,
                                                 size_t at, uint32_t value, uint32_t guess)
{
    location_scale_symbol symbol = {model, block, at};
    if (model->components > 1)
        return bbc_cumulative_find(&model->scale, location_scale_mixture_edges, &symbol, value, guess);
    if (model->family == BBC_LOCATION_SCALE_GAUSSIAN)
        return bbc_cumulative_find(&model->scale, location_scale_gaussian_edges, &symbol, value, guess);
    return bbc_cumulative_find(&model->scale, location_scale_logistic_edges, &symbol, value, guess);
}

static int location_scale_intervals(const bbc_location_scale *model, const uint32_t *symbols, uint32_t *starts,
                                    uint32_t *freqs, size_t n, size_t *done)
{
    location_scale_block block;
    uint32_t edge[LOCATION_SCALE_BLOCK] = {0}, start[LOCATION_SCALE_BLOCK], end[LOCATION_SCALE_BLOCK];
    size_t i = 0;
    while (i < n) {
        size_t count = n - i < LOCATION_SCALE_BLOCK ? n - i : LOCATION_SCALE_BLOCK, good = 0;
        while (good < count && symbols[i + good] < model->scale.n) edge[good] = symbols[i + good], good++;
        location_scale_load(model, i, good, &block);
        location_scale_cum(model, &block, good, edge, start);
        for (size_t j = 0; j < good; j++) edge[j]++;
        location_scale_cum(model, &block, good, edge, end);
        for (size_t j = 0; j < good; j++) starts[i + j] = start[j], freqs[i + j] = end[j] - start[j];
        i += good;
        if (good < count) break;
    }
    *done = i;
    return i == n ? BBC_ANS_OK : BBC_ANS_BAD_SYMBOL;
}

static int location_scale_pop_one_lane(const bbc_location_scale *model, uint64_t *states, bbc_ans_words *words,
                                       uint32_t *symbols, size_t n, size_t *done)
{
    location_scale_block block;
    int status = BBC_ANS_OK;
    uint64_t state = states[0];
    size_t i = 0;
    while (i < n && status == BBC_ANS_OK) {
        size_t count = n - i < LOCATION_SCALE_BLOCK ? n - i : LOCATION_SCALE_BLOCK;
        location_scale_load(model, i, count, &block);
        for (size_t j = 0; j < count; j++, i++) {
            uint32_t value = bbc_ans_peek(state, model->precision);
            bbc_cumulative_search found =
                location_scale_find(model, &block, j, value, location_scale_guess(model, &block, j, value));
            symbols[i] = found.lo;
            status = bbc_ans_advance(&state, words, found.cum_lo, found.cum_hi - found.cum_lo, model->precision);
            if (status != BBC_ANS_OK) break;
        }
    }
    states[0] = state;
    *done = i;
    return status;
}

/* As many symbols at once as there are lanes, at most a block. */
static int location_scale_pop_lanes(const bbc_location_scale *model, uint64_t *states, size_t lanes,
                                    bbc_ans_words *words, uint32_t *symbols, size_t n, size_t *done)
{
    location_scale_block block;
    uint32_t value[LOCATION_SCALE_BLOCK], edge[LOCATION_SCALE_BLOCK] = {0}, start[LOCATION_SCALE_BLOCK],
                                          end[LOCATION_SCALE_BLOCK];
    int status = BBC_ANS_OK;
    size_t i = 0, peeked = 0, lane = 0, together = lanes < LOCATION_SCALE_BLOCK ? lanes : LOCATION_SCALE_BLOCK;
    while (i < n && status == BBC_ANS_OK) {
        size_t count = n - i < together ? n - i : together;
        location_scale_load(model, i, count, &block);
        for (size_t j = 0; j < count; j++) {
            value[j] = bbc_ans_peek(states[peeked], model->precision);
            edge[j] = location_scale_guess(model, &block, j, value[j]);
            peeked = peeked + 1 == lanes ? 0 : peeked + 1;
        }
        location_scale_cum(model, &block, count, edge, start);
        for (size_t j = 0; j < count; j++) edge[j]++;
        location_scale_cum(model, &block, count, edge, end);
        for (size_t j = 0; j < count; j++, i++) {
            bbc_cumulative_search found = {value[j], edge[j] - 1, edge[j], start[j], end[j]};
            if (value[j] - start[j] >= end[j] - start[j])
                found = location_scale_find(model, &block, j, value[j], found.lo);
            symbols[i] = found.lo;
            status = bbc_ans_advance(&states[lane], words, found.cum_lo, found.cum_hi - found.cum_lo, model->precision);
            if (status != BBC_ANS_OK) break;
            lane = lane + 1 == lanes ? 0 : lane + 1;
        }
    }
    *done = i;
    return status;
}

static int location_scale_pop(const bbc_location_scale *model, uint64_t *states, size_t lanes, bbc_ans_words *words,
                              uint32_t *symbols, size_t n, size_t *done)
{
    if (lanes == 1) return location_scale_pop_one_lane(model, states, words, symbols, n, done);
    return location_scale_pop_lanes(model, states, lanes, words, symbols, n, done);
}

#endif
