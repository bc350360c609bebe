/* What the files of the self test share: hashes, inputs, and the parts. self_test.c has the table of them. */
#ifndef BBC_SELF_TEST_H
#define BBC_SELF_TEST_H

#include <stddef.h>
#include <stdint.h>

#include "kernels.h"

/* FNV-1a: h starts as SELF_TEST_HASH. */
#define SELF_TEST_HASH 0xcbf29ce484222325u
uint64_t self_test_hash(uint64_t h, const void *data, size_t size);

/* 32 bits by a linear congruential generator. */
uint32_t self_test_bits(uint64_t *seed);

/* Uniform on a grid of 2^-20 over [-2, 2). */
float self_test_float(uint64_t *seed);
void self_test_floats(uint64_t *seed, int n, float scale, float *out);

/* Samples that rise along a row and a column, with noise below `noise`, a power of two. */
int self_test_sample(uint64_t *seed, int x, int y, int slope, uint32_t noise);

/* The parts: each hashes what the arithmetic makes of inputs that follow from the seed. Those in self_test_kernels.c
 * call `kernels`; the others call coders, which take those in use. */
uint64_t self_test_fma(const bbc_kernels *kernels, uint64_t seed);
uint64_t self_test_map32(const bbc_kernels *kernels, uint64_t seed);
uint64_t self_test_map64(const bbc_kernels *kernels, uint64_t seed);
uint64_t self_test_gemm(const bbc_kernels *kernels, uint64_t seed);
uint64_t self_test_scan(const bbc_kernels *kernels, uint64_t seed);
uint64_t self_test_latents(const bbc_kernels *kernels, uint64_t seed);
uint64_t self_test_distributions(const bbc_kernels *kernels, uint64_t seed);
uint64_t self_test_fitted(const bbc_kernels *kernels, uint64_t seed);
uint64_t self_test_deep(const bbc_kernels *kernels, uint64_t seed);
uint64_t self_test_few_colours(const bbc_kernels *kernels, uint64_t seed);
uint64_t self_test_bytes(const bbc_kernels *kernels, uint64_t seed);
uint64_t self_test_coefficients(const bbc_kernels *kernels, uint64_t seed);
uint64_t self_test_jpeg(const bbc_kernels *kernels, uint64_t seed);

#endif
