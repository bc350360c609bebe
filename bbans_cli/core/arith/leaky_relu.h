/* The leaky ReLU of the networks: slope 1 above 0, 0.1 elsewhere (and for NaN). */
#ifndef BBC_LEAKY_RELU_H
#define BBC_LEAKY_RELU_H

#include "exact.h"

EX float leaky_relu(float x) { return x > 0.0f ? x : x * 0.1f; }

/* The derivative by the argument of leaky_relu whose result was `active`, given the derivative d by that result. */
EX float leaky_relu_backward(float active, float d) { return active > 0.0f ? d : d * 0.1f; }

#endif
