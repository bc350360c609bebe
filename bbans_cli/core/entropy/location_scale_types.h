/* Parameters of an array of logistic or Gaussian symbols: location_scale.c fills them in, for
 * location_scale-inl.h. */
#ifndef BBC_LOCATION_SCALE_TYPES_H
#define BBC_LOCATION_SCALE_TYPES_H

#include "cumulative.h"

#include "location_scale.cdef.h"

typedef struct bbc_location_scale {
    bbc_cumulative_scale scale;
    int family;
    unsigned precision;
    size_t components;
    double first;            /* the lower edge of symbol 0, before the tail is added */
    unsigned quantile_shift; /* upper bits of a peeked value: index of a quantile; lower bits: position behind it */
    uint32_t quantile_mask;
    double quantile_step;
    const double *weights, *means, *deviations, *quantiles;
} bbc_location_scale;

#endif
