/* Quantised DCT coefficients of JPEG pictures: the state of the coder, which coefficient_blocks-inl.h describes. */
#include "coefficients_types.h"

enum { BLOCKS_MAX = 8192 };

/* ---- state ---- */

static int64_t blocks_of(const bbc_coefficients_shape *s, int c) { return (int64_t)s->columns[c] * s->rows[c]; }

static int all_or_half(int32_t part, int32_t all) { return part == all || part == (all + 1) / 2; }

static int shape_valid(const bbc_coefficients_shape *s)
{
    if ((s->components != 1 && s->components != 3) || s->bucket_bits < 8 || s->bucket_bits > 20) return 0;
    for (int c = 0; c < s->components; c++) {
        if (s->columns[c] < 1 || s->columns[c] > BLOCKS_MAX || s->rows[c] < 1 || s->rows[c] > BLOCKS_MAX) return 0;
        if (!all_or_half(s->columns[c], s->columns[0]) || !all_or_half(s->rows[c], s->rows[0])) return 0;
        for (int k = 0; k < 64; k++)
            if (s->tables[c][k] == 0) return 0;
    }
    return s->components == 1 || (s->columns[1] == s->columns[2] && s->rows[1] == s->rows[2]);
}

size_t bbc_coefficients_size(const bbc_coefficients_shape *s)
{
    if (!shape_valid(s)) return 0;
    size_t blocks = 0;
    for (int c = 0; c < s->components; c++) blocks += (size_t)blocks_of(s, c);
    return sizeof(picture) + 64 + ((size_t)1 << s->bucket_bits) * BBC_LINE * sizeof(bbc_slot) +
           (size_t)SETS * (VIEWS * ROOM * sizeof(int32_t) + BBC_POINTS * sizeof(uint16_t)) +
           blocks * (sizeof(int16_t) + 1);
}

static void order_begin(uint8_t *order)
{
    for (int sum = 0; sum < 15; sum++)
        for (int i = 0; i <= sum; i++) {
            int v = sum & 1 ? i : sum - i, u = sum - v;
            if (v < 8 && u < 8) *order++ = (uint8_t)(v * 8 + u);
        }
}

/* Coefficients of usual pictures shrink with the frequency. */
static void statistics_begin(picture *p, int c)
{
    for (int k = 0; k < 64; k++) {
        double size = 60.0 / (1 + (k >> 3) + (k & 7));
        p->variance[c][k] = size * size;
        p->mean[c][k] = size / p->shape.tables[c][k] / 2;
    }
    for (int i = 0; i < 16; i++) p->noise[c][i >> 3][i & 7] = 400;
}

/* At first the guesses count for much, the contexts for little. */
static void weights_begin(int32_t *weights)
{
    for (int i = 0; i < SETS * ROOM; i++) {
        const int input = i % ROOM - 2 * CONTEXTS;
        weights[i] = input >= 0 && input < GUESSES ? 65536 / 5 : 65536 * 3 / 5 / ROOM;
    }
}

void bbc_coefficients_begin(void *state, const bbc_coefficients_shape *shape, const uint8_t *in, uint8_t *out,
                            size_t size)
{
    picture *p = state;
    p->shape = *shape;
    bbc_coder_begin(&p->coder, in, out, size);
    bbc_blend_tables_fill(&p->tables);
    order_begin(p->order);
    for (int c = 0; c < 3; c++) {
        p->start[c + 1] = p->start[c] + (c < shape->components ? blocks_of(shape, c) : 0);
        if (c < shape->components) statistics_begin(p, c);
    }
    /* The arrays follow, those of wider types first; lines begin at a multiple of their size. */
    char *at = (char *)(p + 1);
    at += -(uintptr_t)at & 63;
    p->lines = (bbc_slot *)at;
    at += ((size_t)1 << shape->bucket_bits) * BBC_LINE * sizeof(bbc_slot);
    for (int i = 0; i < VIEWS; i++, at += SETS * ROOM * sizeof(int32_t)) weights_begin(p->weights[i] = (int32_t *)at);
    p->points = (uint16_t *)at;
    at += SETS * BBC_POINTS * sizeof(uint16_t);
    for (int i = 0; i < SETS; i++) bbc_correction_begin(&p->tables, p->points + i * BBC_POINTS);
    p->misses = (int16_t *)at;
    p->lasts = (uint8_t *)(p->misses + p->start[3]);
}

int bbc_coefficients_code(void *state, int16_t *coefficients, int64_t blocks)
{
    picture *p = state;
    const bbc_fp_state saved = bbc_fp_enter();
    bbc_kernels_now()->coefficients(p, coefficients, blocks);
    bbc_fp_leave(saved);
    return p->coder.full ? -1 : 0;
}

size_t bbc_coefficients_end(void *state) { return bbc_coder_end(&((picture *)state)->coder); }
