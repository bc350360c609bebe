/* The coder of quantised DCT coefficients of JPEG pictures: its state and its entry points. The method is described in
 * coefficient_blocks-inl.h, which is compiled once per instruction set. */
#include "coefficient_learners.h"
#include "coefficients_types.h"
#include "contexts.h"

enum { COEFFICIENTS_BLOCKS_MAX = 16384, COEFFICIENTS_FACTOR_MAX = 4 };

static int64_t coefficients_blocks_of(const bbc_coefficients_shape *s, int c)
{
    return (int64_t)s->columns[c] * s->rows[c];
}

static int coefficients_within(int32_t x, int32_t most) { return x >= 1 && x <= most; }

static int coefficients_shape_valid(const bbc_coefficients_shape *s)
{
    if (!coefficients_within(s->components, COEFFICIENTS_MAX)) return 0;
    if (s->level != 1 && s->level != 5 && s->level != 9) return 0;
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

/* Contexts in each table of the fast coder */
static const int32_t COEFFICIENTS_FAST_TABLE_SIZES[COEFFICIENTS_FAST_TABLES] = {
    128 * 16, 128 * 80, 128 * 32, 2 * 32, 2 * 16, 2 * 256, 2 * 16, 2, 2 * 576, 2 * 2304, 2 * 2304, 2 * 9,
};

static size_t coefficients_fast_size(const bbc_coefficients_shape *s)
{
    size_t cells = COEFFICIENTS_FAST_SIGNS, columns = 0;
    for (int i = 0; i < COEFFICIENTS_FAST_TABLES; i++)
        cells += (size_t)COEFFICIENTS_FAST_TABLE_SIZES[i] * COEFFICIENTS_FAST_NODES;
    for (int c = 0; c < s->components; c++) columns = (size_t)s->columns[c] > columns ? (size_t)s->columns[c] : columns;
    return 8 * columns * sizeof(int32_t) + cells * sizeof(coefficients_cell);
}

/* Arrays of secondary estimations */
static int coefficients_maps(const bbc_coefficients_shape *s) { return s->level == 9 ? COEFFICIENTS_MIXED : 0; }

/* Arrays of weight sets that are used */
static int coefficients_mixed(const bbc_coefficients_shape *s)
{
    return s->level == 9 ? COEFFICIENTS_MIXED : COEFFICIENTS_MIXED_5;
}

/* Inputs of the mixer, which each set has weights for */
static int coefficients_inputs(const bbc_coefficients_shape *s)
{
    return s->level == 9 ? COEFFICIENTS_INPUTS : COEFFICIENTS_INPUTS_5;
}

size_t bbc_coefficients_size(const bbc_coefficients_shape *s)
{
    if (!coefficients_shape_valid(s)) return 0;
    size_t blocks = 0;
    for (int c = 0; c < s->components; c++) blocks += (size_t)coefficients_blocks_of(s, c);
    const size_t others = sizeof(coefficients_state) + 64 + blocks * (sizeof(int16_t) + 1);
    if (s->level == 1) return others + coefficients_fast_size(s);
    const size_t buckets = ((size_t)1 << s->bucket_bits) * BUCKET_SIZE * sizeof(counter);
    const size_t weights = (size_t)(coefficients_mixed(s) * coefficients_inputs(s)) * sizeof(int16_t);
    const size_t maps = (size_t)coefficients_maps(s) * APM_POINTS * sizeof(uint16_t);
    const size_t learners = s->level == 9 ? COEFFICIENT_LEARNERS * sizeof(float) : 0;
    return others + buckets + learners + COEFFICIENTS_SETS * (weights + maps);
}

/* The memory behind the last array, which begins at `at` */
static char *coefficients_fast_begin(coefficients_state *p, char *at)
{
    static const int32_t edge[8] = {181, 270, 306, 344, 362, 339, 265, 146};
    const bbc_coefficients_shape *s = &p->shape;
    int32_t columns = 0;
    for (int c = 0; c < s->components; c++) {
        columns = s->columns[c] > columns ? s->columns[c] : columns;
        for (int k = 1; k < 64; k++) {
            const int64_t u = k > 7 ? edge[k & 7] : 0, v = k & 7 ? edge[k >> 3] : 0;
            const int64_t divisor = (u * u + v * v) * s->tables[c][k];
            p->fast_scales[c][k][0] = (int32_t)((u << 34) / divisor);
            p->fast_scales[c][k][1] = (int32_t)((v << 34) / divisor);
        }
    }
    const int32_t count = 1 << COEFFICIENTS_FAST_SQUASH_BITS, width = 4096 / count; /* of an interval, in 1/256 */
    for (int i = 0; i < count; i++)
        p->fast_squash[i] = (uint16_t)logistic_squash(&p->tables.logistic, i * width + width / 2 - 2048);
    for (uint32_t i = 0; i < COEFFICIENTS_FAST_MAGNITUDES; i++) p->fast_levels[i] = (uint8_t)context_half_octaves(i);
    p->fast_bottoms = (int32_t *)at;
    at += 8 * (size_t)columns * sizeof(int32_t);
    for (int i = 0; i < COEFFICIENTS_FAST_TABLES; i++) {
        p->fast_cells[i] = (coefficients_cell *)at;
        at += (size_t)COEFFICIENTS_FAST_TABLE_SIZES[i] * COEFFICIENTS_FAST_NODES * sizeof(coefficients_cell);
    }
    p->fast_signs = (coefficients_cell *)at;
    return at + COEFFICIENTS_FAST_SIGNS * sizeof(coefficients_cell);
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

/* From 1/4096 */
static int16_t coefficients_weight(int16_t start)
{
    const int32_t weight = start * (1 << (COEFFICIENTS_WEIGHT_BITS - 12));
    return (int16_t)(weight > INT16_MAX ? INT16_MAX : weight < INT16_MIN ? INT16_MIN : weight);
}

/* Array i of the start, of a level */
static const int16_t *coefficients_start_weights(const bbc_coefficients_start *start, int level, int i)
{
    return level == 9 ? start->weights[i][0] : start->weights_5[i][0];
}

/* Both solvers of each coefficient */
static coefficients_ls *coefficients_solver(coefficients_state *p, int which, int c, int k)
{
    return which ? &p->magnitude_solvers[c][k] : &p->value_solvers[c][k];
}

static void coefficients_moments_begin(coefficients_state *p, int c)
{
    for (int k = 0; k < 64; k++)
        for (int which = 0; which < 2; which++) {
            coefficients_ls *s = coefficients_solver(p, which, c, k);
            const float *moments = p->start_values->moments[c > 0][k][which];
            memcpy(s->products, moments, sizeof s->products);
            memcpy(s->targets, moments + sizeof s->products / sizeof(float), sizeof s->targets);
            s->since = INT16_MAX; /* solve them at the first sample */
        }
}

/* The same for levels 5 and 9. Buckets begin at a multiple of their size. */
static char *coefficients_slow_begin(coefficients_state *p, char *at)
{
    for (int c = 0; c < p->shape.components; c++) coefficients_moments_begin(p, c);
    p->buckets = (counter *)at;
    at += ((size_t)1 << p->shape.bucket_bits) * BUCKET_SIZE * sizeof(counter);
    if (p->shape.level == 9) {
        p->learners = (float *)at;
        at += COEFFICIENT_LEARNERS * sizeof(float);
        bbc_coefficient_learners_begin(p->start_values, p->learners);
    }
    const int inputs = coefficients_inputs(&p->shape);
    for (int i = 0; i < coefficients_mixed(&p->shape); i++) {
        p->weights[i] = (int16_t *)at;
        at += (size_t)(COEFFICIENTS_SETS * inputs) * sizeof(int16_t);
        const int16_t *first = coefficients_start_weights(p->start_values, p->shape.level, i);
        for (int k = 0; k < COEFFICIENTS_SETS * inputs; k++) p->weights[i][k] = coefficients_weight(first[k]);
    }
    for (int i = 0; i < coefficients_maps(&p->shape); i++) {
        p->apms[i] = (uint16_t *)at;
        at += COEFFICIENTS_SETS * APM_POINTS * sizeof(uint16_t);
        for (int j = 0; j < COEFFICIENTS_SETS; j++) apm_begin(&p->tables.logistic, p->apms[i] + j * APM_POINTS);
    }
    return at;
}

/* e^-x in the middle of each step is a power of e^(-1/128): operations whose results IEEE 754 fixes, so that all machines
 * agree. */
static void coefficients_decay_begin(float *decay)
{
    const double step = 0.98449643700540845, half_step = 0.99221793826024352; /* e^(-1/64), e^(-1/128) */
    double power = half_step / 2;
    for (int i = 0; i < COEFFICIENTS_DECAY; i++, power *= step) decay[i] = (float)power;
}

void bbc_coefficients_begin(void *state, const bbc_coefficients_shape *shape, const bbc_coefficients_start *start,
                            const uint8_t *in, uint8_t *out, size_t size)
{
    coefficients_state *p = state;
    p->shape = *shape;
    p->start_values = start;
    binary_coder_begin(&p->coder, in, out, size);
    range_coder_begin(&p->fast_coder, in, out, size);
    mixer_tables_fill(&p->tables);
    coefficients_order_begin(p->order);
    const bbc_fp_state saved = bbc_fp_enter();
    for (int c = 0; c < COEFFICIENTS_MAX; c++) {
        p->start[c + 1] = p->start[c] + (c < shape->components ? coefficients_blocks_of(shape, c) : 0);
        if (c < shape->components) coefficients_statistics_begin(p, c);
    }
    coefficients_decay_begin(p->decay);
    bbc_fp_leave(saved);
    /* The arrays follow the struct, those of wider types first; buckets begin at a multiple of their size. */
    char *at = (char *)(p + 1);
    at += -(uintptr_t)at & 63;
    at = shape->level == 1 ? coefficients_fast_begin(p, at) : coefficients_slow_begin(p, at);
    p->dc_residuals = (int16_t *)at;
    p->lasts = (uint8_t *)(p->dc_residuals + p->start[COEFFICIENTS_MAX]);
}

void bbc_coefficients_measure(void *state, int32_t *lengths) { ((coefficients_state *)state)->lengths = lengths; }

int bbc_coefficients_code(void *state, int16_t *const *planes, int64_t blocks)
{
    coefficients_state *p = state;
    p->planes = planes;
    const bbc_fp_state saved = bbc_fp_enter();
    bbc_kernels_now()->coefficients(p, blocks);
    bbc_fp_leave(saved);
    return p->coder.full || p->fast_coder.full || coefficients_spent(p) ? -1 : 0;
}

void bbc_coefficients_keep_examples(void *state, uint8_t *out, size_t size)
{
    coefficients_state *p = state;
    p->examples = out;
    p->examples_size = p->examples_left = size;
}

size_t bbc_coefficients_examples(const void *state)
{
    const coefficients_state *p = state;
    return p->examples_size - p->examples_left;
}

void bbc_coefficients_learned(const void *state, bbc_coefficients_start *out)
{
    coefficients_state *p = (coefficients_state *)state;
    for (int i = 0; i < coefficients_mixed(&p->shape); i++) {
        int16_t *to = (int16_t *)coefficients_start_weights(out, p->shape.level, i);
        for (int k = 0; k < COEFFICIENTS_SETS * coefficients_inputs(&p->shape); k++)
            to[k] = (int16_t)(p->weights[i][k] >> (COEFFICIENTS_WEIGHT_BITS - 12));
    }
    for (int c = 0; c < 2 && c < p->shape.components; c++)
        for (int k = 0; k < 64; k++)
            for (int which = 0; which < 2; which++) {
                const coefficients_ls *s = coefficients_solver(p, which, c, k);
                memcpy(out->moments[c][k][which], s->products, sizeof s->products);
                memcpy(out->moments[c][k][which] + sizeof s->products / sizeof(float), s->targets, sizeof s->targets);
            }
}

size_t bbc_coefficients_end(void *state)
{
    coefficients_state *p = state;
    return p->shape.level == 1 ? range_coder_end(&p->fast_coder) : binary_coder_end(&p->coder);
}
