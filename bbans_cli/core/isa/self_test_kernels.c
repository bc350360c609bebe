/* Parts of the self test: kernels of an instruction set. */
#include <string.h>

#include "self_test.h"

enum { SELF_TEST_INPUTS = 64 };

/* Any 32-bit pattern, all alike, but for NaN and infinity, which become zero. */
static float self_test_any_float(uint64_t *seed)
{
    uint32_t u = self_test_bits(seed);
    float x;
    if ((u & 0x7f800000u) == 0x7f800000u) u = 0;
    memcpy(&x, &u, 4);
    return x;
}

uint64_t self_test_fma(const bbc_kernels *kernels, uint64_t seed)
{
    float a[SELF_TEST_INPUTS], b[SELF_TEST_INPUTS], c[SELF_TEST_INPUTS], out[SELF_TEST_INPUTS];
    for (int i = 0; i < SELF_TEST_INPUTS; i++) {
        a[i] = i % 2 ? self_test_any_float(&seed) : self_test_float(&seed);
        b[i] = self_test_float(&seed);
        c[i] = i % 2 ? self_test_any_float(&seed) : self_test_float(&seed);
    }
    a[0] = 0x1.000002p0f, b[0] = 0x1.fffffcp-25f, c[0] = 0x1.000002p0f; /* rounds wrongly through binary64 */
    a[2] = 0x1p-126f, b[2] = 0x1p-1f, c[2] = 0x1p-149f;                 /* subnormal in and out */
    kernels->fma(SELF_TEST_INPUTS, a, b, c, out);
    return self_test_hash(SELF_TEST_HASH, out, sizeof out);
}

uint64_t self_test_map32(const bbc_kernels *kernels, uint64_t seed)
{
    float in[SELF_TEST_INPUTS], out[SELF_TEST_INPUTS];
    uint64_t h = SELF_TEST_HASH;
    for (int i = 0; i < SELF_TEST_INPUTS; i++) in[i] = self_test_float(&seed) * (float)(i + 1);
    for (int f = 0; f < BBC_MAP32_COUNT; f++) {
        kernels->map32(f, SELF_TEST_INPUTS, in, out);
        h = self_test_hash(h, out, sizeof out);
    }
    return h;
}

uint64_t self_test_map64(const bbc_kernels *kernels, uint64_t seed)
{
    double in[SELF_TEST_INPUTS], out[SELF_TEST_INPUTS];
    uint64_t h = SELF_TEST_HASH;
    for (int i = 0; i < SELF_TEST_INPUTS; i++) in[i] = (double)self_test_float(&seed) * 0.25 * (double)(i + 1);
    for (int f = 0; f < BBC_MAP64_COUNT; f++) {
        kernels->map64(f, SELF_TEST_INPUTS, in, out);
        h = self_test_hash(h, out, sizeof out);
    }
    return h;
}

uint64_t self_test_gemm(const bbc_kernels *kernels, uint64_t seed)
{
    enum { ROWS = 5, COLUMNS = 48, DEPTH = 19 };
    float a[ROWS * DEPTH], b[DEPTH * COLUMNS], c[ROWS * COLUMNS], init[COLUMNS];
    self_test_floats(&seed, ROWS * DEPTH, 1, a);
    self_test_floats(&seed, DEPTH * COLUMNS, 1, b);
    self_test_floats(&seed, COLUMNS, 1, init);
    kernels->gemm(ROWS, COLUMNS, DEPTH, a, DEPTH, 1, b, COLUMNS, init, c, COLUMNS);
    kernels->gemm(ROWS, COLUMNS, DEPTH, a, 1, ROWS, b, COLUMNS, NULL, c, COLUMNS);
    return self_test_hash(SELF_TEST_HASH, c, sizeof c);
}
