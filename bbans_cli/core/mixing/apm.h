/* Secondary estimation (the adaptive probability map, APM or SSE, of PAQ): what a mixed probability has really come to
 * in a context, as a piecewise linear function of the stretched probability. */
#ifndef BBC_APM_H
#define BBC_APM_H

#include <stdint.h>

#include "logistic.h"

#define APM_POINTS 24 /* of one map. Tuned by hand, not recorded */
#define APM_SPACING (2 * LOGISTIC_LIMIT / (APM_POINTS - 1) + 1)

/* A map that changes nothing yet. */
static inline void apm_begin(const logistic_tables *t, uint16_t *map)
{
    for (int i = 0; i < APM_POINTS; i++) map[i] = (uint16_t)logistic_squash(t, i * APM_SPACING - LOGISTIC_LIMIT);
}

/* The refined probability; *nearest is the point that apm_update should move. */
static inline uint32_t apm_refine(uint16_t *map, int32_t stretched, uint16_t **nearest)
{
    int32_t place = stretched + LOGISTIC_LIMIT, low = place / APM_SPACING, part = place % APM_SPACING;
    *nearest = map + low + (2 * part >= APM_SPACING);
    return (uint32_t)((map[low] * (APM_SPACING - part) + map[low + 1] * part) / APM_SPACING);
}

/* Move the point by 1/64 towards the bit. The rate was tuned by hand, not recorded. */
static inline void apm_update(uint16_t *point, int bit)
{
    *point = (uint16_t)(*point + ((bit ? 65535 - *point : -*point) >> 6));
}

#endif
