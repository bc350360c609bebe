/* A pixel's causal context, normalised: the inputs of the likelihood network (docs/format.md, section context). */
#ifndef BBC_CONTEXT_H
#define BBC_CONTEXT_H

#include "exact.h"
#include "pass.h"

/* Taps of one channel in raster order: rows -5 to 0 of the context, 48 bytes. */
EX void context_taps(const uint8_t *at, ptrdiff_t stride, uint8_t *taps)
{
    memcpy(taps, at - 5 * stride - 2, 5);
    memcpy(taps + 5, at - 4 * stride - 3, 7);
    memcpy(taps + 12, at - 3 * stride - 4, 9);
    memcpy(taps + 21, at - 2 * stride - 5, 11);
    memcpy(taps + 32, at - stride - 6, 10);
    memcpy(taps + 42, at - 6, 6);
}

/* Median edge detector (LOCO-I, Weinberger et al. 2000). */
EX int context_base(int west, int north, int northwest)
{
    int high = west > north ? west : north, low = west > north ? north : west;
    return northwest >= high ? low : northwest <= low ? high : west + north - northwest;
}

EX int context_distance(int a, int b) { return a > b ? a - b : b - a; }

/* Inputs (PASS_INPUTS) of the pixel p->x, p->y; fills base and activity. */
static void context_gather(const pass_state *s, pass_pixel *p, float *input)
{
    for (int c = 0; c < 3; c++) {
        uint8_t t[PASS_TAPS];
        context_taps(pass_at(s, c, p->x, p->y), s->stride, t);
        int base = context_base(t[47], t[38], t[37]), sum = 0;
        for (int i = 24; i <= 28; i++) sum += context_distance(t[i], base);
        for (int i = 36; i <= 40; i++) sum += context_distance(t[i], base);
        sum += context_distance(t[46], base) + context_distance(t[47], base);
        float inverse = s->inverse_activity[sum], *row = input + c * PASS_TAPS;
        for (int i = 0; i < PASS_TAPS; i++) row[i] = ex_clip((float)(t[i] - base) * inverse, -6.0f, 6.0f);
        input[3 * PASS_TAPS + c] = s->log_activity[sum];
        input[3 * PASS_TAPS + 3 + c] = (float)base * 0.0078125f - 1.0f;
        p->base[c] = base;
        p->activity[c] = 0.7f + (float)sum / 12.0f;
    }
}

#endif
