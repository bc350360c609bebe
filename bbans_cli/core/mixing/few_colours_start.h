/* Where the coder of pixels of few colours starts: weights and APMs that were trained beforehand, by bytes of a file
 * (scripts/training/train_few_colours_start.py). Small pictures end before sets that start alike have learned much.
 *
 * The numbers are, one behind the other: weights of candidates, int8 (places, sets, inputs), sets of both arrays;
 * weights of samples, int8 (kinds of channel, sets, inputs), sets of the three arrays; APMs of samples, uint16 (kinds of
 * channel, sets, points), the lower byte first. Weights are less the ones before training. */
#ifndef BBC_FEW_COLOURS_START_H
#define BBC_FEW_COLOURS_START_H

#include "few_colours_start.cdef.h"
#include "few_colours_types.h"

enum { FEW_COLOURS_START_UNIT = 1 << 9 };
/* Candidates' sets by trust and by recent outcomes; samples' by bits before, equal neighbours, and against the
 * prediction, for the first bits of a sample alone. */
enum { FEW_COLOURS_TRUSTS = 256, FEW_COLOURS_RECENTS = 64, FEW_COLOURS_STARTED_BITS = 8 };
enum { FEW_COLOURS_PREFIXES = 256, FEW_COLOURS_EQUALS = 16, FEW_COLOURS_AGAINST = 18 };
enum { FEW_COLOURS_CANDIDATE_STARTS = FEW_COLOURS_TRUSTS + FEW_COLOURS_RECENTS };
enum { FEW_COLOURS_APM_STARTS = FEW_COLOURS_STARTED_BITS * FEW_COLOURS_AGAINST };
enum { FEW_COLOURS_BEFORE_APMS = FEW_COLOURS_PREFIXES + FEW_COLOURS_STARTED_BITS * FEW_COLOURS_EQUALS };
enum { FEW_COLOURS_SAMPLE_STARTS = FEW_COLOURS_BEFORE_APMS + FEW_COLOURS_APM_STARTS };
enum { FEW_COLOURS_CANDIDATE_INPUTS = 2 * FEW_COLOURS_CANDIDATE_CONTEXTS + 1 };
enum { FEW_COLOURS_SAMPLE_INPUTS = 2 * FEW_COLOURS_SAMPLE_CONTEXTS + 1 };
/* Of a channel: its place among several, the only one, or what others that are known go before */
enum { FEW_COLOURS_ALONE = FEW_COLOURS_CHANNELS, FEW_COLOURS_LATER, FEW_COLOURS_KINDS };

typedef struct {
    int8_t candidates[FEW_COLOURS_CANDIDATES][FEW_COLOURS_CANDIDATE_STARTS][FEW_COLOURS_CANDIDATE_INPUTS];
    int8_t samples[FEW_COLOURS_KINDS][FEW_COLOURS_SAMPLE_STARTS][FEW_COLOURS_SAMPLE_INPUTS];
    uint8_t apms[FEW_COLOURS_KINDS][FEW_COLOURS_APM_STARTS][APM_POINTS][2];
} few_colours_start;

_Static_assert(sizeof(few_colours_start) == BBC_FEW_COLOURS_START_BYTES, "the size of a start");

static inline int few_colours_kind(const bbc_mixing_shape *s, int c)
{
    return s->known > 0 ? FEW_COLOURS_LATER : s->channels == 1 ? FEW_COLOURS_ALONE : c;
}

/* The weights of set n of a start: candidate number `place`, and channel c. */
static inline int32_t *few_colours_candidate_set(const few_colours_state *d, int place, int n)
{
    const int by_recent = n >= FEW_COLOURS_TRUSTS, set = place * 256 + (by_recent ? n - FEW_COLOURS_TRUSTS : n);
    return d->candidate_weights[by_recent] + (size_t)set * FEW_COLOURS_CANDIDATE_PADDED;
}

static inline uint32_t few_colours_equal_set(int c, int n)
{
    return (uint32_t)(c << 12 | n / FEW_COLOURS_EQUALS << 8 | n % FEW_COLOURS_EQUALS);
}

static inline uint32_t few_colours_against_set(int c, int n)
{
    return (uint32_t)(c << 12 | n / FEW_COLOURS_AGAINST << 6 | n % FEW_COLOURS_AGAINST);
}

static inline int32_t *few_colours_sample_set(const few_colours_state *d, int c, int n)
{
    const int array = n < FEW_COLOURS_PREFIXES ? 0 : n < FEW_COLOURS_BEFORE_APMS ? 1 : 2;
    const uint32_t set = array == 0   ? (uint32_t)(c << 12 | n)
                         : array == 1 ? few_colours_equal_set(c, n - FEW_COLOURS_PREFIXES)
                                      : few_colours_against_set(c, n - FEW_COLOURS_BEFORE_APMS);
    return d->sample_weights[array] + (size_t)set * FEW_COLOURS_SAMPLE_PADDED;
}

/* Weights of a set that was begun, moved by what a start has for them. */
static inline void few_colours_move(int32_t *weights, const int8_t *by, int inputs)
{
    for (int i = 0; i < inputs; i++) weights[i] += by[i] * FEW_COLOURS_START_UNIT;
}

#endif
