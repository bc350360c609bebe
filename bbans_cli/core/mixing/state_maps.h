/* Indirect estimates: what has really followed counters in a state, whatever their contexts. A counter that has seen two
 * bits, both 1, is right far more often in one kind of context than in another; a map of its own for each kind learns
 * that. In place of the counter's probability, the map's goes to the mixer (as PAQ's maps of bit histories do). */
#ifndef BBC_STATE_MAPS_H
#define BBC_STATE_MAPS_H

#include "apm.h"
#include "mixer.h"

/* Classes of a counter's count, and of its stretched probability: docs/experiments.md, "Few colours" */
enum { STATE_MAP_COUNTS = 12, STATE_MAP_PROBABILITIES = 32, STATE_MAP_STRETCHED = 2 * LOGISTIC_LIMIT + 1 };

/* Probabilities in 2^-16 */
typedef uint16_t state_map[STATE_MAP_COUNTS * STATE_MAP_PROBABILITIES];

/* A map of the middle of each class of probabilities. */
static inline void state_map_begin(const logistic_tables *t, uint16_t *map)
{
    for (int i = 0; i < STATE_MAP_COUNTS * STATE_MAP_PROBABILITIES; i++) {
        const int twice = 2 * (i % STATE_MAP_PROBABILITIES) + 1;
        map[i] =
            (uint16_t)logistic_squash(t, twice * STATE_MAP_STRETCHED / (2 * STATE_MAP_PROBABILITIES) - LOGISTIC_LIMIT);
    }
}

/* The place of a counter's state in a map. */
static inline int32_t state_map_place(int32_t stretched, counter value)
{
    const int32_t n = value & 1023, above = 8 + (n >= 16) + (n >= 32) + (n >= 128), count = n < 8 ? n : above;
    return count * STATE_MAP_PROBABILITIES +
           (stretched + LOGISTIC_LIMIT) * STATE_MAP_PROBABILITIES / STATE_MAP_STRETCHED;
}

/* The first inputs of a decision, as mixer_add_buckets, but of the probabilities in maps, one for each bucket; points:
 * what apm_update should move. In several loops, for the reason that counter_update_distinct gives. */
static inline void state_map_add_buckets(const mixer_tables *t, mixer *m, counter *const *buckets, int index,
                                         state_map *maps, uint16_t **points, int count)
{
    counter values[COUNTERS_MAX];
    int32_t stretched[COUNTERS_MAX], places[COUNTERS_MAX], mapped[COUNTERS_MAX];
    uint32_t pairs[COUNTERS_MAX];
    const int padded = COUNTERS_PADDED(count);
    for (int i = 0; i < count; i++) {
        m->counters[i] = buckets[i] + index;
        values[i] = *m->counters[i];
        stretched[i] = t->logistic.stretch[values[i] >> 18];
    }
    for (int i = count; i < padded; i++) values[i] = 0, stretched[i] = 0, mapped[i] = 0;
    for (int i = 0; i < padded; i++) places[i] = state_map_place(stretched[i], values[i]);
    for (int i = 0; i < count; i++) {
        points[i] = maps[i] + places[i];
        mapped[i] = *points[i];
        stretched[i] = t->logistic.stretch[mapped[i] >> 2];
    }
    for (int i = 0; i < padded; i++)
        pairs[i] = values[i] ? (uint32_t)((mapped[i] >> 5) - 1024) << 16 | (uint16_t)stretched[i] : 0;
    memcpy(m->inputs, pairs, (size_t)count * sizeof *pairs);
    m->counter_count = count;
    m->input_count = 2 * count;
}

#endif
