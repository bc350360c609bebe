/* Samples in linear light, and back: by sRGB's curve (IEC 61966-2-1) after a tone curve.
 *
 * A camera's mosaic is interpolated in linear light, so that there one sample is a linear function of others, which it is
 * not of samples as they are stored. Raw converters raise the contrast with a curve of their own, which `light` of the
 * shape undoes, about (docs/experiments.md, Tone curves). Where it is 0, samples stand for themselves. */
#ifndef BBC_LINEAR_LIGHT_H
#define BBC_LINEAR_LIGHT_H

#include "band_scan.h"
#include "exact.h"

/* The light of a sample, in units of the network. */
EX float linear_light_of(const scan_state *s, int32_t value)
{
    return s->shape.light ? s->light[value] : (float)value * s->range.step;
}

/* The sample that has this light, in units, by the table of samples whose lights have roots evenly apart. */
EX float linear_light_sample(const scan_state *s, float light)
{
    const float root = __builtin_sqrtf(ex_clip(light / s->range.top, 0.0f, 1.0f)) * LINEAR_LIGHT_ROOTS;
    const int at = root < LINEAR_LIGHT_ROOTS ? (int)root : LINEAR_LIGHT_ROOTS - 1;
    const float low = s->sample_of_root[at];
    return low + (root - (float)at) * (s->sample_of_root[at + 1] - low);
}

#endif
