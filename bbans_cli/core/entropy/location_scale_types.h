/* What an array of logistic or Gaussian symbols is made of: location_scale.c fills it, location_scale-inl.h works on it. */
#ifndef BBC_LOCATION_SHAPE_H
#define BBC_LOCATION_SHAPE_H

#include "cumulative.h"

#include "location_scale.cdef.h"

typedef struct bbc_location {
    bbc_scale scale;
    int family;
    unsigned precision;
    size_t components;
    double first;            /* the lower edge of symbol 0, were it to have one */
    unsigned quantile_shift; /* the upper bits of a peeked value lead to a quantile, the lower ones beyond it */
    uint32_t quantile_mask;
    double quantile_step;
    const double *weights, *means, *deviations, *quantiles;
} bbc_location;

#endif
