/* The coder of quantised DCT coefficients of JPEG pictures: its state and its entry points. The method is described in
 * coefficient_blocks-inl.h, which is compiled once per instruction set. */
#include "coefficients_types.h"

enum { COEFFICIENTS_BLOCKS_MAX = 16384, COEFFICIENTS_FACTOR_MAX = 4 };

static int64_t coefficients_blocks_of(const bbc_coefficients_shape *s, int c)
{
    return (int64_t)s->columns[c] * s->rows[c];
}

static int coefficients_within(int32_t x, int32_t most) { return x >= 1 && x <= most; }

static int coefficients_shape_valid(const bbc_coefficients_shape *s)
{
    if (!coefficients_within(s->components, COEFFICIENTS_MAX)) return 0;
    if (s->bucket_bits < 8 || s->bucket_bits > 20) return 0;
    for (int c = 0; c < s->components; c++) {
        if (!coefficients_within(s->columns[c], COEFFICIENTS_BLOCKS_MAX)) return 0;
        if (!coefficients_within(s->rows[c], COEFFICIENTS_BLOCKS_MAX)) return 0;
        if (!coefficients_within(s->horizontal[c], COEFFICIENTS_FACTOR_MAX)) return 0;
        if (!coefficients_within(s->vertical[c], COEFFICIENTS_FACTOR_MAX)) return 0;
        for (int k = 0; k < 64; k++)
            if (s->tables[c][k] == 0) return 0;
    }
    return 1;
}

size_t bbc_coefficients_size(const bbc_coefficients_shape *s)
{
    if (!coefficients_shape_valid(s)) return 0;
    size_t blocks = 0;
    for (int c = 0; c < s->components; c++) blocks += (size_t)coefficients_blocks_of(s, c);
    const size_t buckets = ((size_t)1 << s->bucket_bits) * BUCKET_SIZE * sizeof(counter);
    const size_t weights = COEFFICIENTS_MIXED * COEFFICIENTS_PADDED * sizeof(int32_t);
    return sizeof(coefficients_state) + 64 + buckets +
           (size_t)COEFFICIENTS_SETS * (weights + APM_POINTS * sizeof(uint16_t)) + blocks * (sizeof(int16_t) + 1);
}

static void coefficients_order_begin(uint8_t *order)
{
    for (int sum = 0; sum < 15; sum++)
        for (int i = 0; i <= sum; i++) {
            int v = sum & 1 ? i : sum - i, u = sum - v;
            if (v < 8 && u < 8) *order++ = (uint8_t)(v * 8 + u);
        }
}

/* Coefficients of usual pictures shrink with the frequency. Tuned by hand, not recorded. */
static void coefficients_statistics_begin(coefficients_state *p, int c)
{
    for (int k = 0; k < 64; k++) {
        double size = 60.0 / (1 + (k >> 3) + (k & 7));
        p->variance[c][k] = size * size;
        p->mean[c][k] = size / p->shape.tables[c][k] / 2;
    }
    for (int i = 0; i < 16; i++) p->noise[c][i >> 3][i & 7] = 400;
}

/* At first the priors count for much, the counters for little. Tuned by hand, not recorded. */
static void coefficients_weights_begin(int32_t *weights)
{
    for (int i = 0; i < COEFFICIENTS_SETS * COEFFICIENTS_PADDED; i++) {
        const int input = i % COEFFICIENTS_PADDED - 2 * COEFFICIENTS_CONTEXTS;
        const int is_prior = input >= 0 && input < COEFFICIENTS_PRIORS;
        weights[i] = is_prior ? 65536 / 5 : 65536 * 3 / 5 / COEFFICIENTS_PADDED;
    }
}

void bbc_coefficients_begin(void *state, const bbc_coefficients_shape *shape, const uint8_t *in, uint8_t *out,
                            size_t size)
{
    coefficients_state *p = state;
    p->shape = *shape;
    binary_coder_begin(&p->coder, in, out, size);
    mixer_tables_fill(&p->tables);
    coefficients_order_begin(p->order);
    const bbc_fp_state saved = bbc_fp_enter();
    for (int c = 0; c < COEFFICIENTS_MAX; c++) {
        p->start[c + 1] = p->start[c] + (c < shape->components ? coefficients_blocks_of(shape, c) : 0);
        if (c < shape->components) coefficients_statistics_begin(p, c);
    }
    bbc_fp_leave(saved);
    /* The arrays follow the struct, those of wider types first; buckets begin at a multiple of their size. */
    char *at = (char *)(p + 1);
    at += -(uintptr_t)at & 63;
    p->buckets = (counter *)at;
    at += ((size_t)1 << shape->bucket_bits) * BUCKET_SIZE * sizeof(counter);
    for (int i = 0; i < COEFFICIENTS_MIXED; i++) {
        p->weights[i] = (int32_t *)at;
        at += COEFFICIENTS_SETS * COEFFICIENTS_PADDED * sizeof(int32_t);
        coefficients_weights_begin(p->weights[i]);
    }
    p->apms = (uint16_t *)at;
    at += COEFFICIENTS_SETS * APM_POINTS * sizeof(uint16_t);
    for (int i = 0; i < COEFFICIENTS_SETS; i++) apm_begin(&p->tables.logistic, p->apms + i * APM_POINTS);
    p->dc_residuals = (int16_t *)at;
    p->lasts = (uint8_t *)(p->dc_residuals + p->start[COEFFICIENTS_MAX]);
}

int bbc_coefficients_code(void *state, int16_t *const *planes, int64_t blocks)
{
    coefficients_state *p = state;
    p->planes = planes;
    const bbc_fp_state saved = bbc_fp_enter();
    bbc_kernels_now()->coefficients(p, blocks);
    bbc_fp_leave(saved);
    return p->coder.full ? -1 : 0;
}

size_t bbc_coefficients_end(void *state) { return binary_coder_end(&((coefficients_state *)state)->coder); }
