/* A known-answer test: a compiler, flag or machine that does not compute what the format is defined by must be refused
 * before it writes a file that others cannot read.
 *
 * Each part covers one kind of arithmetic in the translation unit that codes with it, since a compiler may fuse or
 * reorder operations in one and not in another. Inputs are the smallest that reach the arithmetic: every start of the
 * command pays for the parts that run on loading. The three coders by context mixing have megabytes of state, which
 * take longer to lay out than all else; they are tested before they first code. */
#include "self_test.h"

#include "dispatch.cdef.h"

uint64_t self_test_hash(uint64_t h, const void *data, size_t size)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size; i++) h = (h ^ bytes[i]) * 0x100000001b3u;
    return h;
}

uint32_t self_test_bits(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 32);
}

float self_test_float(uint64_t *seed) { return (float)(int32_t)(self_test_bits(seed) >> 10) * 0x1p-20f - 2.0f; }

void self_test_floats(uint64_t *seed, int n, float scale, float *out)
{
    for (int i = 0; i < n; i++) out[i] = self_test_float(seed) * scale;
}

int self_test_sample(uint64_t *seed, int x, int y, int slope, uint32_t noise)
{
    return slope * (x + 2 * y) + (int)(self_test_bits(seed) & (noise - 1));
}

/* The answers were found with the baseline kernels. Tests compare what the first six parts call with
 * bbans_cli/reference, and decode files of all coders with it, which says nothing of the fitted coder's fit. */
static const struct {
    const char *name;
    uint64_t (*run)(const bbc_kernels *kernels, uint64_t seed);
    uint64_t known;
} SELF_TEST_PARTS[BBC_SELF_TEST_COUNT] = {
    {"fused multiply-add", self_test_fma, 0x8aa4139966c558a1u},
    {"elementary functions in binary32", self_test_map32, 0x0b31b3cc53b72e45u},
    {"elementary functions in binary64", self_test_map64, 0xd91fe8bd896e64cbu},
    {"matrix product", self_test_gemm, 0x933dcc9273528a96u},
    {"least squares, network and online learning", self_test_scan, 0x4ffca0a824d837a8u},
    {"latents", self_test_latents, 0x3e84d0c586c0aaa5u},
    {"distributions", self_test_distributions, 0xbc21f1d838caa602u},
    {"JPEG transform and colours", self_test_jpeg, 0x7244e6473bbe7ec6u},
    [BBC_SELF_TEST_DEEP] = {"binary64 least squares and mixing of deep samples", self_test_deep, 0xfbf7b38ba406cc9cu},
    [BBC_SELF_TEST_FEW_COLOURS] = {"binary64 least squares and mixing of few colours", self_test_few_colours,
                                   0xc85fd34aac5f0e70u},
    [BBC_SELF_TEST_COEFFICIENTS] = {"binary64 least squares and mixing of JPEG coefficients", self_test_coefficients,
                                    0x161e7c135b852dd1u},
    [BBC_SELF_TEST_FITTED] = {"least squares, network and fit of the fitted coder", self_test_fitted,
                              0x28ee79062a2d6eb8u},
    [BBC_SELF_TEST_BYTES] = {"mixing of bytes", self_test_bytes, 0x09c395a5218fc950u},
};

const char *bbc_self_test_name(int part)
{
    return part >= 0 && part < BBC_SELF_TEST_COUNT ? SELF_TEST_PARTS[part].name : NULL;
}

uint64_t bbc_self_test_hash(int isa, int part, uint64_t seed)
{
    const bbc_kernels *kernels = bbc_kernels_of(isa);
    const int before = bbc_isa_now();
    if (!kernels || part < 0 || part >= BBC_SELF_TEST_COUNT) return 0;
    bbc_isa_select(isa);
    bbc_fp_state saved = bbc_fp_enter();
    uint64_t h = SELF_TEST_PARTS[part].run(kernels, seed + (uint64_t)part);
    bbc_fp_leave(saved);
    bbc_isa_select(before);
    return h;
}

int bbc_self_test(int isa, int from, int to)
{
    int part = from;
    while (part < to && bbc_self_test_hash(isa, part, 1) == SELF_TEST_PARTS[part].known) part++;
    return part;
}
