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
static inline int state_map_place(int32_t stretched, counter value)
{
    const int n = (int)(value & 1023), count = n < 8 ? n : n < 16 ? 8 : n < 32 ? 9 : n < 128 ? 10 : 11;
    return count * STATE_MAP_PROBABILITIES +
           (stretched + LOGISTIC_LIMIT) * STATE_MAP_PROBABILITIES / STATE_MAP_STRETCHED;
}

/* Two inputs for a counter, as mixer_add, but of the map's probability; *point is what apm_update should move. */
static inline void state_map_add(const mixer_tables *t, mixer *m, counter *c, uint16_t *map, uint16_t **point)
{
    const counter value = *c;
    uint16_t *at = *point = map + state_map_place(t->logistic.stretch[value >> 18], value);
    m->inputs[m->input_count++] = value ? t->logistic.stretch[*at >> 2] : 0;
    m->inputs[m->input_count++] = (int16_t)(value ? (int32_t)(*at >> 5) - 1024 : 0);
    m->counters[m->counter_count++] = c;
}

#endif
