/* few_colours.c: where it starts, trained beforehand; few_colours_start.h has the layout. */

/* Bytes of a start: weights and APMs. */
enum { BBC_FEW_COLOURS_START_BYTES = 226336 };

/* Right after bbc_few_colours_begin: start with these weights and APMs. */
void bbc_few_colours_start(void *state, const uint8_t *numbers);

/* For training: weights in 2^-16 and APMs in 2^-16 as they are now, of the sets that a start has: of candidates
 * (8, 320, 19), of samples (channels, 528, 43), APMs (channels, 144, 24). */
void bbc_few_colours_learned(const void *state, int32_t *candidates, int32_t *samples, uint16_t *apms);
