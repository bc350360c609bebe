/* The coder of bytes, but for what is compiled once per instruction set: bytes-inl.h. */
#include "bytes_types.h"
#include "kernels.h"

_Static_assert(BBC_BYTES_START_BYTES == BYTES_INPUTS * BYTES_MIXED * BYTES_SETS, "the weights of all inputs and sets");

static size_t bytes_buckets_size(const bbc_bytes_shape *s)
{
    return ((size_t)1 << s->bucket_bits) * BUCKET_SIZE * sizeof(counter);
}

size_t bbc_bytes_size(const bbc_bytes_shape *s)
{
    if (s->bucket_bits < 8 || s->bucket_bits > 20) return 0;
    const size_t weights = BYTES_MIXED * BYTES_WEIGHTS * sizeof(int32_t), apms = BYTES_APMS * sizeof(uint16_t);
    return sizeof(bytes_state) + 64 + bytes_buckets_size(s) + weights + apms +
           sizeof(uint32_t) * (1 << BYTES_MATCH_BITS);
}

/* The arrays follow the struct; buckets begin at a multiple of their size. */
static void bytes_lay_out(bytes_state *p, const bbc_bytes_shape *shape)
{
    p->shape = *shape;
    char *at = (char *)(p + 1);
    at += -(uintptr_t)at & 63;
    p->buckets = (counter *)at;
    at += bytes_buckets_size(shape);
    for (int i = 0; i < BYTES_MIXED; i++, at += BYTES_WEIGHTS * sizeof(int32_t)) p->weights[i] = (int32_t *)at;
    p->last_seen = (uint32_t *)at;
    p->apms = (uint16_t *)(p->last_seen + (1 << BYTES_MATCH_BITS));
}

void bbc_bytes_begin(void *state, const bbc_bytes_shape *shape, const uint8_t *start, const uint8_t *in, uint8_t *out,
                     size_t size)
{
    bytes_state *p = state;
    bytes_lay_out(p, shape);
    binary_coder_begin(&p->coder, in, out, size);
    mixer_tables_fill(&p->tables);
    for (int i = 0; i < BYTES_MIXED; i++)
        for (int k = 0; k < BYTES_WEIGHTS; k++) {
            const int input = k % BYTES_PADDED, at = (input * BYTES_MIXED + i) * BYTES_SETS + k / BYTES_PADDED;
            p->weights[i][k] = BYTES_FIRST_WEIGHT;
            if (start && input < BYTES_INPUTS) p->weights[i][k] += (int8_t)start[at] * BYTES_START_UNIT;
        }
    for (int i = 0; i < 256; i++) apm_begin(&p->tables.logistic, p->apms + i * APM_POINTS);
}

void bbc_bytes_begin_learned(void *state, const void *learned, const uint8_t *in, uint8_t *out, size_t size)
{
    const bytes_state *from = learned;
    bytes_state *p = state;
    *p = *from;
    bytes_lay_out(p, &from->shape);
    binary_coder_begin(&p->coder, in, out, size);
    memcpy(p->buckets, from->buckets, bytes_buckets_size(&p->shape));
    for (int i = 0; i < BYTES_MIXED; i++) memcpy(p->weights[i], from->weights[i], BYTES_WEIGHTS * sizeof(int32_t));
    memcpy(p->last_seen, from->last_seen, sizeof(uint32_t) * (1 << BYTES_MATCH_BITS));
    memcpy(p->apms, from->apms, BYTES_APMS * sizeof(uint16_t));
}

void bbc_bytes_learn(void *state, const uint8_t *data, size_t size)
{
    bbc_kernels_now()->bytes_learn(state, data, size);
}

void bbc_bytes_weights(const void *state, int32_t *weights)
{
    const bytes_state *p = state;
    for (int input = 0; input < BYTES_INPUTS; input++)
        for (int i = 0; i < BYTES_MIXED; i++)
            for (int set = 0; set < BYTES_SETS; set++) *weights++ = p->weights[i][set * BYTES_PADDED + input];
}

int bbc_bytes_code(void *state, uint8_t *data, size_t from, size_t to)
{
    bytes_state *p = state;
    bbc_kernels_now()->bytes_code(p, data, from, to);
    return p->coder.full || binary_coder_spent(&p->coder) ? -1 : 0;
}

size_t bbc_bytes_end(void *state) { return binary_coder_end(&((bytes_state *)state)->coder); }
