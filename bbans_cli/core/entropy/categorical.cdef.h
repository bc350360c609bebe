/* categorical.c: n symbols 0..size-1 with the same probabilities. All return a bbc_ans_status.
 *
 * bbc_categorical_build makes three tables from `size` weights: cum, size + 1 cumulative frequencies, for the pop;
 * entries, one for each symbol, for the push; and lookup, 2^lookup_bits numbers, lookup_bits <= precision: for each
 * value of the upper bits of a peeked value the first symbol that it can mean. A push needs n free words,
 * used or not. */
typedef struct {
    uint64_t reciprocal, limit;
    uint32_t start, complement, shift, unused;
} bbc_categorical_entry;

int bbc_categorical_build(const double *weights, uint32_t size, unsigned precision, uint32_t *cum,
                          bbc_categorical_entry *entries, unsigned lookup_bits, uint32_t *lookup);
int bbc_categorical_push(uint64_t *states, size_t lanes, bbc_ans_words *words, const uint32_t *symbols,
                         const bbc_categorical_entry *entries, uint32_t size, unsigned precision, size_t n,
                         size_t *done);
int bbc_categorical_pop(uint64_t *states, size_t lanes, bbc_ans_words *words, uint32_t *symbols, const uint32_t *cum,
                        uint32_t size, unsigned precision, const uint32_t *lookup, unsigned lookup_bits, size_t n,
                        size_t *done);
