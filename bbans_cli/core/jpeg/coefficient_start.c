/* Where the coder of JPEG coefficients starts, from the numbers of a file of weights/: arrays, one behind the other, as
 * docs/format-jpeg.md lists them. */
#include <string.h>

#include "coefficients_types.h"

enum {
    COEFFICIENT_START_USED = 18,
    COEFFICIENT_START_USED_5 = 10
}; /* inputs of the mixer that have weights in the file */
enum {
    COEFFICIENT_START_HIDDEN = COEFFICIENTS_FEATURES * COEFFICIENTS_HIDDEN,
    COEFFICIENT_START_MOMENTS = BBC_COEFFICIENTS_LS * (BBC_COEFFICIENTS_LS + 1)
};

/* Sums of the differences along the last index, of `length`, in rows of bytes. */
static void coefficient_start_sum(uint8_t *numbers, int rows, int length)
{
    for (int row = 0; row < rows; row++, numbers += length)
        for (int i = 1; i < length; i++) numbers[i] = (uint8_t)(numbers[i] + numbers[i - 1]);
}

static uint16_t coefficient_start_wide(const uint8_t *numbers, int count, int at)
{
    return (uint16_t)(numbers[at] | numbers[count + at] << 8);
}

/* The same of numbers of 16 bits: the low bytes of all rows, then the high ones. */
static void coefficient_start_sum_wide(uint8_t *numbers, int rows, int length)
{
    const int count = rows * length;
    for (int at = 0; at < count; at++)
        if (at % length > 0) {
            const int sum = coefficient_start_wide(numbers, count, at) + coefficient_start_wide(numbers, count, at - 1);
            numbers[at] = (uint8_t)sum;
            numbers[count + at] = (uint8_t)(sum >> 8);
        }
}

/* Arrays of two times `length` networks of so many outputs, summed. Returns what follows them. */
static uint8_t *coefficient_start_networks(int length, int outputs, uint8_t *packed, int16_t *to)
{
    const int outer = COEFFICIENTS_HIDDEN * outputs, size = COEFFICIENT_START_HIDDEN + outer + outputs;
    uint8_t *const output = packed + 2 * COEFFICIENT_START_HIDDEN * length, *const shift = output + 2 * outer * length;
    uint8_t *const bias = shift + 2 * COEFFICIENTS_HIDDEN * length;
    coefficient_start_sum(packed, 2 * (COEFFICIENT_START_HIDDEN + outer + COEFFICIENTS_HIDDEN), length);
    coefficient_start_sum_wide(bias, 2 * outputs, length);
    for (int n = 0; n < 2 * length; n++, to += size) {
        const int g = n / length, k = n % length;
        for (int i = 0; i < COEFFICIENT_START_HIDDEN; i++) {
            const int f = i / COEFFICIENTS_HIDDEN, h = i % COEFFICIENTS_HIDDEN;
            to[(f / 2 * COEFFICIENTS_HIDDEN + h) * 2 + f % 2] =
                (int8_t)packed[(g * COEFFICIENT_START_HIDDEN + i) * length + k];
        }
        for (int i = 0; i < outer; i++) {
            const int h = i / outputs, o = i % outputs;
            const int power = shift[(g * COEFFICIENTS_HIDDEN + h) * length + k] & 15;
            to[COEFFICIENT_START_HIDDEN + o * COEFFICIENTS_HIDDEN + h] =
                (int16_t)((int8_t)output[(g * outer + i) * length + k] * (1 << power));
        }
        for (int o = 0; o < outputs; o++)
            to[COEFFICIENT_START_HIDDEN + outer + o] =
                (int16_t)coefficient_start_wide(bias, 2 * outputs * length, (g * outputs + o) * length + k);
    }
    return bias + 4 * outputs * length;
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
static uint8_t *coefficient_start_weights(uint8_t *packed, bbc_coefficients_start *start)
{
    memset(start->weights, 0, sizeof start->weights);
    memset(start->weights_5, 0, sizeof start->weights_5);
    for (int set = 0; set < COEFFICIENTS_MIXED * COEFFICIENTS_SETS; set++)
        for (int input = 0; input < COEFFICIENT_START_USED; input++)
            start->weights[set / COEFFICIENTS_SETS][set % COEFFICIENTS_SETS][input] =
                (int16_t)(coefficient_start_first(input) + (int8_t)*packed++ * 32);
    for (int set = 0; set < COEFFICIENTS_MIXED_5 * COEFFICIENTS_SETS; set++)
        for (int input = 0; input < COEFFICIENT_START_USED_5; input++) {
            const int array = set / COEFFICIENTS_SETS, at = set % COEFFICIENTS_SETS;
            start->weights_5[array][at][input] = (int16_t)(start->weights[array][at][input] + (int8_t)*packed++ * 32);
        }
    return packed;
}

static void coefficient_start_moments(uint8_t *packed, bbc_coefficients_start *start)
{
    enum { LENGTH = 64, ROWS = 2 * 2 * COEFFICIENT_START_MOMENTS };
    coefficient_start_sum_wide(packed, ROWS, LENGTH);
    for (int row = 0; row < ROWS; row++)
        for (int k = 0; k < LENGTH; k++) {
            const int g = row / (ROWS / 2), target = row / COEFFICIENT_START_MOMENTS % 2;
            start->moments[g][k][target][row % COEFFICIENT_START_MOMENTS] =
                coefficient_start_half(coefficient_start_wide(packed, ROWS * LENGTH, row * LENGTH + k));
        }
}

void bbc_coefficient_start_unpack(uint8_t *packed, bbc_coefficients_start *start)
{
    packed = coefficient_start_networks(64, COEFFICIENTS_OUTPUTS, packed, &start->networks[0][0][0]);
    packed = coefficient_start_networks(1, COEFFICIENTS_PLACES, packed, &start->last_networks[0][0]);
    coefficient_start_moments(coefficient_start_weights(packed, start), start);
}
