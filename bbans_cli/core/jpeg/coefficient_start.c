/* Where the coder of JPEG coefficients starts, from the bytes of a file of weights/: arrays, one behind the other, as
 * docs/format.md lists them. */
#include <string.h>

#include "coefficients_types.h"

enum { COEFFICIENT_START_USED = 18 }; /* inputs of the mixer that have weights in the file */
enum { COEFFICIENT_START_OUTPUT = COEFFICIENTS_FEATURES * COEFFICIENTS_HIDDEN };
enum { COEFFICIENT_START_BIAS = COEFFICIENT_START_OUTPUT + COEFFICIENTS_OUTPUTS * COEFFICIENTS_HIDDEN };

/* Of one network: the hidden layer's weights by pairs of features, those of the output layer by output. */
static void coefficient_start_network(const int8_t *hidden, const int8_t *output, const uint8_t *shift,
                                      int16_t *network)
{
    for (int f = 0; f < COEFFICIENTS_FEATURES; f++)
        for (int h = 0; h < COEFFICIENTS_HIDDEN; h++)
            network[(f / 2 * COEFFICIENTS_HIDDEN + h) * 2 + f % 2] = hidden[f * COEFFICIENTS_HIDDEN + h];
    for (int h = 0; h < COEFFICIENTS_HIDDEN; h++)
        for (int o = 0; o < COEFFICIENTS_OUTPUTS; o++)
            network[COEFFICIENT_START_OUTPUT + o * COEFFICIENTS_HIDDEN + h] =
                (int16_t)(output[h * COEFFICIENTS_OUTPUTS + o] * (1 << (shift[h] & 15)));
}

/* Before training, priors and network count for much, counters for little; in 1/4096. */
static int16_t coefficient_start_first(int input) { return input < 12 || input > 16 ? 4096 / 40 : 4096 / 5; }

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

void bbc_coefficient_start_unpack(const uint8_t *packed, bbc_coefficients_start *start)
{
    enum { NETWORKS = 2 * 64, HIDDEN = COEFFICIENT_START_OUTPUT, OUTPUT = COEFFICIENTS_HIDDEN * COEFFICIENTS_OUTPUTS };
    const uint8_t *output = packed + NETWORKS * HIDDEN, *shift = output + NETWORKS * OUTPUT;
    const uint8_t *bias = shift + NETWORKS * COEFFICIENTS_HIDDEN;
    const uint8_t *mixed = bias + NETWORKS * COEFFICIENTS_OUTPUTS * sizeof(int16_t);
    const uint8_t *moments = mixed + COEFFICIENT_START_USED * COEFFICIENTS_MIXED * COEFFICIENTS_SETS;
    for (int n = 0; n < NETWORKS; n++) {
        int16_t *network = start->networks[n / 64][n % 64];
        coefficient_start_network((const int8_t *)packed + n * HIDDEN, (const int8_t *)output + n * OUTPUT,
                                  shift + n * COEFFICIENTS_HIDDEN, network);
        memcpy(network + COEFFICIENT_START_BIAS, bias + n * COEFFICIENTS_OUTPUTS * (int)sizeof(int16_t),
               COEFFICIENTS_OUTPUTS * sizeof(int16_t));
    }
    memset(start->weights, 0, sizeof start->weights);
    for (int input = 0; input < COEFFICIENT_START_USED; input++)
        for (int set = 0; set < COEFFICIENTS_MIXED * COEFFICIENTS_SETS; set++)
            start->weights[set / COEFFICIENTS_SETS][set % COEFFICIENTS_SETS][input] =
                (int16_t)(coefficient_start_first(input) + (int8_t)*mixed++ * 32);
    float *to = &start->moments[0][0][0][0];
    for (size_t i = 0; i < sizeof start->moments / sizeof *to; i++, moments += sizeof(uint16_t))
        to[i] = coefficient_start_half((uint16_t)(moments[0] | moments[1] << 8));
}
