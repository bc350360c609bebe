/* uniform.c: n symbols, symbol i below sizes[i], all values equally likely. Returns a bbc_ans_status. */
int bbc_uniform_pop(uint64_t *states, size_t lanes, bbc_ans_words *words, const uint32_t *sizes, uint32_t *symbols,
                    unsigned precision, size_t n, size_t *done);
