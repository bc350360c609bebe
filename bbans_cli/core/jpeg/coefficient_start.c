/* Where the coder of JPEG coefficients starts, from the bytes of a file of weights/: arrays, one behind the other, as
 * docs/format-jpeg.md lists them. */
#include <string.h>

#include "coefficients_types.h"

enum {
    COEFFICIENT_START_USED = 18,
    COEFFICIENT_START_USED_5 = 10
}; /* inputs of the mixer that have weights in the file */
enum { COEFFICIENT_START_HIDDEN = COEFFICIENTS_FEATURES * COEFFICIENTS_HIDDEN };

/* Of one network of so many outputs: the hidden layer's weights by pairs of features, those of the output layer by
 * output, biases. */
static void coefficient_start_network(int outputs, const int8_t *hidden, const int8_t *output, const uint8_t *shift,
                                      const uint8_t *bias, int16_t *network)
{
    int16_t *const out = network + COEFFICIENT_START_HIDDEN;
    for (int f = 0; f < COEFFICIENTS_FEATURES; f++)
        for (int h = 0; h < COEFFICIENTS_HIDDEN; h++)
            network[(f / 2 * COEFFICIENTS_HIDDEN + h) * 2 + f % 2] = hidden[f * COEFFICIENTS_HIDDEN + h];
    for (int h = 0; h < COEFFICIENTS_HIDDEN; h++)
        for (int o = 0; o < outputs; o++)
            out[o * COEFFICIENTS_HIDDEN + h] = (int16_t)(output[h * outputs + o] * (1 << (shift[h] & 15)));
    memcpy(out + outputs * COEFFICIENTS_HIDDEN, bias, (size_t)outputs * sizeof *out);
}

/* So many networks, their arrays one behind the other. Returns what follows them. */
static const uint8_t *coefficient_start_networks(int networks, int outputs, const uint8_t *packed, int16_t *to)
{
    const int outer = COEFFICIENTS_HIDDEN * outputs, bytes = outputs * (int)sizeof *to;
    const uint8_t *output = packed + networks * COEFFICIENT_START_HIDDEN, *shift = output + networks * outer;
    const uint8_t *bias = shift + networks * COEFFICIENTS_HIDDEN;
    for (int n = 0; n < networks; n++)
        coefficient_start_network(outputs, (const int8_t *)packed + n * COEFFICIENT_START_HIDDEN,
                                  (const int8_t *)output + n * outer, shift + n * COEFFICIENTS_HIDDEN, bias + n * bytes,
                                  to + (ptrdiff_t)n * (COEFFICIENT_START_HIDDEN + outer + outputs));
    return bias + networks * bytes;
}

/* Before training, priors and network count for much, counters for little; in 1/4096. */
static int16_t coefficient_start_first(int input) { return input <= COEFFICIENTS_PRIORS ? 4096 / 5 : 4096 / 40; }

/* binary16 to binary32; no infinities and no NaN */
static float coefficient_start_half(uint16_t half)
{
    const uint32_t sign = (uint32_t)(half >> 15) << 31, exponent = half >> 10 & 31, fraction = half & 1023;
    const uint32_t normal = sign | (exponent + 112) << 23 | fraction << 13;
    const float subnormal = (float)fraction * 0x1p-24f;
    float value;
    memcpy(&value, &normal, sizeof value);
    return exponent ? value : sign ? -subnormal : subnormal;
}

/* The mixer's weights, and those of level 5, as differences from the others. Returns what follows them. */
static const uint8_t *coefficient_start_weights(const uint8_t *packed, bbc_coefficients_start *start)
{
    memset(start->weights, 0, sizeof start->weights);
    memset(start->weights_5, 0, sizeof start->weights_5);
    for (int input = 0; input < COEFFICIENT_START_USED; input++)
        for (int set = 0; set < COEFFICIENTS_MIXED * COEFFICIENTS_SETS; set++)
            start->weights[set / COEFFICIENTS_SETS][set % COEFFICIENTS_SETS][input] =
                (int16_t)(coefficient_start_first(input) + (int8_t)*packed++ * 32);
    for (int input = 0; input < COEFFICIENT_START_USED_5; input++)
        for (int set = 0; set < COEFFICIENTS_MIXED_5 * COEFFICIENTS_SETS; set++) {
            const int array = set / COEFFICIENTS_SETS, at = set % COEFFICIENTS_SETS;
            start->weights_5[array][at][input] = (int16_t)(start->weights[array][at][input] + (int8_t)*packed++ * 32);
        }
    return packed;
}

void bbc_coefficient_start_unpack(const uint8_t *packed, bbc_coefficients_start *start)
{
    packed = coefficient_start_networks(2 * 64, COEFFICIENTS_OUTPUTS, packed, &start->networks[0][0][0]);
    packed = coefficient_start_networks(2, COEFFICIENTS_PLACES, packed, &start->last_networks[0][0]);
    packed = coefficient_start_weights(packed, start);
    float *to = &start->moments[0][0][0][0];
    for (size_t i = 0; i < sizeof start->moments / sizeof *to; i++, packed += sizeof(uint16_t))
        to[i] = coefficient_start_half((uint16_t)(packed[0] | packed[1] << 8));
}
