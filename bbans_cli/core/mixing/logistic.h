/* The logistic function and its inverse as tables of integers, under the names of PAQ: squash(x) = 1 / (1 + e^-x) and
 * stretch(p) = ln(p / (1 - p)). Probabilities are in 2^-16, stretched ones in 1/256. */
#ifndef BBC_LOGISTIC_H
#define BBC_LOGISTIC_H

#include <stdint.h>

/* Stretched probabilities end at 256 ln(65535): 16 bits cannot hold a probability beyond that. */
#define LOGISTIC_LIMIT 2839

typedef struct {
    uint16_t squash[2 * LOGISTIC_LIMIT + 1]; /* by stretched probability + LOGISTIC_LIMIT */
    int16_t stretch[65536 / 4];              /* by probability / 4 */
} logistic_tables;

/* Built with integers only, so that all machines have the same tables. e^(1/256) is given in 2^-62; its powers are in
 * 2^-40. */
static inline void logistic_tables_fill(logistic_tables *t)
{
    const uint64_t step = 4629735647166717429u;
    uint64_t power = (uint64_t)1 << 40;
    for (int x = 0; x <= LOGISTIC_LIMIT; x++) {
        /* 1 / (1 + e^-x) = e^x / (1 + e^x) */
        uint64_t high = (power >> 12) * 65536 / ((power + ((uint64_t)1 << 40)) >> 12);
        t->squash[LOGISTIC_LIMIT + x] = (uint16_t)(high > 65535 ? 65535 : high);
        t->squash[LOGISTIC_LIMIT - x] = (uint16_t)(65536 - (high > 65535 ? 65535 : high));
        power = (uint64_t)(((unsigned __int128)power * step) >> 62);
    }
    int x = -LOGISTIC_LIMIT;
    for (int i = 0; i < 65536 / 4; i++) {
        while (x < LOGISTIC_LIMIT && t->squash[LOGISTIC_LIMIT + x] < 4 * i + 2) x++;
        t->stretch[i] = (int16_t)x;
    }
}

static inline int32_t logistic_clamp(int32_t stretched)
{
    return stretched > LOGISTIC_LIMIT ? LOGISTIC_LIMIT : stretched < -LOGISTIC_LIMIT ? -LOGISTIC_LIMIT : stretched;
}

/* The probability, 1 to 65535, of a stretched one. */
static inline uint32_t logistic_squash(const logistic_tables *t, int32_t stretched)
{
    return t->squash[LOGISTIC_LIMIT + logistic_clamp(stretched)];
}

#endif
