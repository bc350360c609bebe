/* The coder of pixels of few colours: the samples of a pixel that is no candidate, channel by channel and bit by bit
 * from the top. Each bit is coded by logistic mixing of counters in 21 contexts, which hold neighbours, channels
 * before, two least-squares predictions, and what match models remember. What the counters say goes through maps of
 * their states. */
#ifndef BBC_FEW_COLOURS_SAMPLES_H
#define BBC_FEW_COLOURS_SAMPLES_H

#include <stdlib.h>

#include "few_colours_types.h"
#include "median_edge.h"

/* Of each least-squares prediction: what is kept of older samples at each new one. And samples between two solutions.
 * Tuned by hand, not recorded. */
static const double FEW_COLOURS_KEEP[FEW_COLOURS_SOLVERS] = {0.9985, 0.99}, FEW_COLOURS_RIDGE = 0.02;
enum { FEW_COLOURS_INTERVAL = 4 };

/* The neighbours of sample c of a pixel, what is known before it, and its two predictions */
typedef struct {
    int c, w, n, nw, ne, base, predicted[FEW_COLOURS_SOLVERS], feature_count;
    uint64_t done; /* the packed pixel, as far as known */
    double features[WINDOWED_LS_FEATURES_MAX];
} few_colours_prediction;

static int few_colours_median_edge(const few_colours_neighbours *a, int c)
{
    return median_edge(few_colours_sample(a->w, c), few_colours_sample(a->n, c), few_colours_sample(a->nw, c));
}

/* Features of the least squares: samples around, and of each channel before the sample and those around it, relative to
 * the median edge predictions of their channels. */
static void few_colours_find_features(const few_colours_neighbours *a, few_colours_prediction *p)
{
    p->base = few_colours_median_edge(a, p->c);
    p->feature_count = 0;
    const uint64_t own[] = {a->w, a->n, a->nw, a->ne, a->ww, a->nn};
    for (int i = 0; i < 6; i++) p->features[p->feature_count++] = few_colours_sample(own[i], p->c) - p->base;
    for (int k = 0; k < p->c; k++) {
        const int other = few_colours_median_edge(a, k);
        const uint64_t theirs[] = {p->done, a->w, a->n, a->nw};
        for (int i = 0; i < 4; i++) p->features[p->feature_count++] = few_colours_sample(theirs[i], k) - other;
    }
}

static void few_colours_predict(const few_colours_state *d, const few_colours_neighbours *a, uint64_t done, int c,
                                few_colours_prediction *p)
{
    const int top = (1 << d->shape.depth) - 1;
    p->c = c;
    p->done = done;
    p->w = few_colours_sample(a->w, c);
    p->n = few_colours_sample(a->n, c);
    p->nw = few_colours_sample(a->nw, c);
    p->ne = few_colours_sample(a->ne, c);
    few_colours_find_features(a, p);
    for (int i = 0; i < FEW_COLOURS_SOLVERS; i++) {
        double sum = p->base + windowed_ls_predict(&d->solvers[i][c], p->features, p->feature_count) + 0.5;
        p->predicted[i] = sum > 0 ? sum < top ? (int)sum : top : 0;
    }
}

static void few_colours_update(few_colours_state *d, const few_colours_prediction *p, int value)
{
    for (int i = 0; i < FEW_COLOURS_SOLVERS; i++) {
        windowed_ls *solver = &d->solvers[i][p->c];
        const double keep = FEW_COLOURS_KEEP[i];
        windowed_ls_accumulate(solver, p->features, p->feature_count, keep);
        windowed_ls_update_and_solve(solver, p->features, value - p->base, p->feature_count, keep, FEW_COLOURS_RIDGE,
                                     FEW_COLOURS_INTERVAL);
    }
}

#define FEW_COLOURS_PAIR(x, y) few_colours_mix((uint64_t)(int64_t)(x), (uint64_t)(int64_t)(y))

/* docs/experiments.md, Few colours, says which contexts were left out, and what for. */
static void few_colours_find_contexts(const few_colours_neighbours *a, const few_colours_prediction *p,
                                      const few_colours_matched *matched, uint64_t *contexts)
{
    const uint64_t done = p->done;
    const int c = p->c, w = p->w, n = p->n, nw = p->nw, ne = p->ne, predicted = p->predicted[0];
    const int before = c ? c - 1 : 0, first = c ? few_colours_sample(done, 0) : 0;
    const int last = c ? few_colours_sample(done, before) : 0, second = c > 1 ? few_colours_sample(done, 1) : 0;
    const int nn = few_colours_sample(a->nn, c), plane = w + n - nw;
    /* How the channel before changed from the neighbours to here. */
    const int slope_w = c ? last - few_colours_sample(a->w, before) : 0;
    const int slope_n = c ? last - few_colours_sample(a->n, before) : 0;
    const int slope_near3 = c ? last - few_colours_sample(matched->near3, before) : 0;
    const unsigned gradient = (unsigned)(abs(w - nw) + abs(n - nw) + abs(n - ne));
    const int rough = 31 - __builtin_clz(1u + 2u * gradient);
    const uint64_t found[FEW_COLOURS_SAMPLE_CONTEXTS] = {
        0,
        (uint64_t)predicted,
        FEW_COLOURS_PAIR(p->predicted[1], predicted - p->predicted[1]),
        FEW_COLOURS_PAIR(predicted, rough),
        (uint64_t)w,
        (uint64_t)n,
        FEW_COLOURS_PAIR(FEW_COLOURS_PAIR(first, last), second),
        FEW_COLOURS_PAIR(w + slope_w, n + slope_n),
        FEW_COLOURS_PAIR(w + slope_w, last),
        FEW_COLOURS_PAIR(plane, slope_w + slope_n),
        FEW_COLOURS_PAIR(FEW_COLOURS_PAIR(w, few_colours_sample(a->ww, c)), last),
        FEW_COLOURS_PAIR(FEW_COLOURS_PAIR(n, nn), last),
        FEW_COLOURS_PAIR(FEW_COLOURS_PAIR(ne, few_colours_sample(a->nne, c)), last),
        FEW_COLOURS_PAIR(FEW_COLOURS_PAIR(n, ne), nn),
        few_colours_mix(a->w, done),
        few_colours_mix(a->n, done),
        few_colours_mix(a->ne, done),
        few_colours_mix(a->nw, done),
        few_colours_mix(matched->near3, done),
        few_colours_mix(matched->near12, done),
        FEW_COLOURS_PAIR(few_colours_sample(matched->near3, c), slope_near3),
    };
    memcpy(contexts, found, sizeof found);
}

/* Where the bits above bit i put a sample: below its prediction (0), above (1), or level with it, with the next four
 * bits of the prediction (2 to 17). prefix: these bits, after a leading 1 */
static uint32_t few_colours_against_prediction(uint32_t prefix, uint32_t predicted, int depth, int i)
{
    uint32_t level = (predicted | 1u << depth) >> (depth - i);
    return prefix < level ? 0 : prefix > level ? 1 : 2 + ((predicted << 3 >> (depth - 1 - i)) & 15);
}

/* Find the buckets of all contexts for the next four bits. */
static void few_colours_find_buckets(few_colours_state *d, uint32_t group, const uint64_t *contexts, counter **buckets)
{
    uint32_t hashes[FEW_COLOURS_SAMPLE_CONTEXTS];
    for (int k = 0; k < FEW_COLOURS_SAMPLE_CONTEXTS; k++)
        hashes[k] = bucket_hash((uint64_t)(k + 64) << 24 | group, contexts[k]);
    bucket_find(d->buckets, d->shape.bucket_bits, hashes, buckets, FEW_COLOURS_SAMPLE_CONTEXTS);
}

/* Bit i, from the top, of sample p->c. prefix: the bits above, after a leading 1; node: the counter within the
 * buckets. */
static int few_colours_code_bit(few_colours_state *d, const few_colours_prediction *p, counter *const *buckets,
                                uint32_t prefix, uint32_t node, int i, int bit)
{
    mixer m;
    uint16_t *points[FEW_COLOURS_SAMPLE_CONTEXTS];
    mixer_begin(&m, 3);
    state_map_add_buckets(&d->tables, &m, buckets, (int)node, d->sample_maps[p->c], points,
                          FEW_COLOURS_SAMPLE_CONTEXTS);
    const uint32_t channel = (uint32_t)p->c << 12;
    const uint32_t equal =
        (uint32_t)((p->w == p->n) | (p->w == p->nw) << 1 | (p->n == p->ne) << 2 | (p->w == p->nw + p->n - p->w) << 3);
    const uint32_t against = few_colours_against_prediction(prefix, (uint32_t)p->predicted[0], d->shape.depth, i);
    /* Beyond 8 bits, the weight sets no longer tell the bits above. */
    const uint32_t place = channel | (uint32_t)i << 8, by_prediction = channel | (uint32_t)i << 6 | against;
    const uint32_t sets[3] = {i < 8 ? channel | (prefix & 255) : place, place | equal, by_prediction};
    for (int s = 0; s < 3; s++) m.weights[s] = d->sample_weights[s] + (size_t)sets[s] * FEW_COLOURS_SAMPLE_PADDED;
    bit = mixer_code(&d->coder, &d->tables, &m, bit, d->sample_apms + (size_t)by_prediction * APM_POINTS,
                     FEW_COLOURS_LEARNING_RATE, FEW_COLOURS_SAMPLE_PADDED);
    for (int k = 0; k < FEW_COLOURS_SAMPLE_CONTEXTS; k++) apm_update(points[k], bit);
    return bit;
}

/* Code the samples of `pixel` that are not in `known`, and return the whole pixel. */
static uint64_t few_colours_code_samples(few_colours_state *d, uint64_t pixel, uint64_t known,
                                         const few_colours_neighbours *a, const few_colours_matched *matched)
{
    const int depth = d->shape.depth;
    uint64_t done = known;
    for (int c = d->shape.known; c < d->shape.channels; c++) {
        few_colours_prediction p;
        few_colours_predict(d, a, done, c, &p);
        uint64_t contexts[FEW_COLOURS_SAMPLE_CONTEXTS];
        few_colours_find_contexts(a, &p, matched, contexts);
        counter *buckets[FEW_COLOURS_SAMPLE_CONTEXTS];
        uint32_t value = (uint32_t)few_colours_sample(pixel, c), prefix = 1, node = 1;
        for (int i = 0; i < depth; i++) {
            if (i % 4 == 0) {
                few_colours_find_buckets(d, (uint32_t)c << 20 | prefix, contexts, buckets);
                node = 1;
            }
            int bit = few_colours_code_bit(d, &p, buckets, prefix, node, i, value >> (depth - 1 - i) & 1);
            prefix = prefix << 1 | (uint32_t)bit;
            node = node << 1 | (uint32_t)bit;
        }
        value = prefix & ((1u << depth) - 1);
        few_colours_update(d, &p, (int)value);
        done |= (uint64_t)value << (16 * c);
    }
    return done;
}

#endif
