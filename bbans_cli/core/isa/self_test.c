/* A known-answer test, run once on loading: a compiler, flag or machine that does not compute what the format is
 * defined by must be refused before it writes a file that others cannot read. */
#include "kernels.h"
#include "dispatch.cdef.h"
#include <string.h>

enum { INPUTS = 64, ROWS = 5, COLUMNS = 48, DEPTH = 19 };

enum { PART_FMA, PART_MAP32, PART_MAP64, PART_GEMM, PART_COUNT };

/* Found with the baseline kernels and with reference_math.py. */
static const uint64_t known[PART_COUNT] = {0x8aa4139966c558a1u, 0x0b31b3cc53b72e45u, 0xd91fe8bd896e64cbu,
                                           0x933dcc9273528a96u};

static uint64_t hash(uint64_t h, const void *data, size_t size)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size; i++) h = (h ^ bytes[i]) * 0x100000001b3u; /* FNV-1a */
    return h;
}

/* Every 32-bit pattern is as likely as another, up to NaN and infinity, which become zero. */
static float any_float(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    uint32_t u = (uint32_t)(*seed >> 32);
    float x;
    if ((u & 0x7f800000u) == 0x7f800000u) u = 0;
    memcpy(&x, &u, 4);
    return x;
}

/* Uniform on a grid of 2^-20 over [-2, 2). */
static float small_float(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (float)(int32_t)(*seed >> 42) * 0x1p-20f - 2.0f;
}

static uint64_t run_fma(const bbc_kernels *kernels, uint64_t seed)
{
    float a[INPUTS], b[INPUTS], c[INPUTS], out[INPUTS];
    for (int i = 0; i < INPUTS; i++) {
        a[i] = i % 2 ? any_float(&seed) : small_float(&seed);
        b[i] = small_float(&seed);
        c[i] = i % 2 ? any_float(&seed) : small_float(&seed);
    }
    a[0] = 0x1.000002p0f, b[0] = 0x1.fffffcp-25f, c[0] = 0x1.000002p0f; /* rounds wrongly through binary64 */
    a[2] = 0x1p-126f, b[2] = 0x1p-1f, c[2] = 0x1p-149f;                 /* subnormal in and out */
    kernels->fma(INPUTS, a, b, c, out);
    return hash(0xcbf29ce484222325u, out, sizeof out);
}

static uint64_t run_map32(const bbc_kernels *kernels, uint64_t seed)
{
    float in[INPUTS], out[INPUTS];
    uint64_t h = 0xcbf29ce484222325u;
    for (int i = 0; i < INPUTS; i++) in[i] = small_float(&seed) * (float)(i + 1);
    for (int f = 0; f < BBC_MAP32_COUNT; f++) {
        kernels->map32(f, INPUTS, in, out);
        h = hash(h, out, sizeof out);
    }
    return h;
}

static uint64_t run_map64(const bbc_kernels *kernels, uint64_t seed)
{
    double in[INPUTS], out[INPUTS];
    uint64_t h = 0xcbf29ce484222325u;
    for (int i = 0; i < INPUTS; i++) in[i] = (double)small_float(&seed) * 0.25 * (double)(i + 1);
    for (int f = 0; f < BBC_MAP64_COUNT; f++) {
        kernels->map64(f, INPUTS, in, out);
        h = hash(h, out, sizeof out);
    }
    return h;
}

static uint64_t run_gemm(const bbc_kernels *kernels, uint64_t seed)
{
    float a[ROWS * DEPTH], b[DEPTH * COLUMNS], c[ROWS * COLUMNS], init[COLUMNS];
    for (int i = 0; i < ROWS * DEPTH; i++) a[i] = small_float(&seed);
    for (int i = 0; i < DEPTH * COLUMNS; i++) b[i] = small_float(&seed);
    for (int i = 0; i < COLUMNS; i++) init[i] = small_float(&seed);
    kernels->gemm(ROWS, COLUMNS, DEPTH, a, DEPTH, 1, b, COLUMNS, init, c, COLUMNS);
    kernels->gemm(ROWS, COLUMNS, DEPTH, a, 1, ROWS, b, COLUMNS, NULL, c, COLUMNS);
    return hash(0xcbf29ce484222325u, c, sizeof c);
}

/* The hash of one part's results, 0 where there is no such part or instruction set. */
uint64_t bbc_self_test_hash(int isa, int part)
{
    static uint64_t (*const run[PART_COUNT])(const bbc_kernels *, uint64_t) = {run_fma, run_map32, run_map64, run_gemm};
    const bbc_kernels *kernels = bbc_kernels_of(isa);
    if (!kernels || part < 0 || part >= PART_COUNT) return 0;
    bbc_fp_state saved = bbc_fp_enter();
    uint64_t h = run[part](kernels, 1 + (uint64_t)part);
    bbc_fp_leave(saved);
    return h;
}

/* 0 if every part gives its known answer, else 1 + the first part that does not, -1 without the instruction set. */
int bbc_self_test(int isa)
{
    if (!bbc_kernels_of(isa)) return -1;
    for (int part = 0; part < PART_COUNT; part++)
        if (bbc_self_test_hash(isa, part) != known[part]) return 1 + part;
    return 0;
}
