/* Samples in linear light, and back, by sRGB's curve (IEC 61966-2-1).
 *
 * A camera's mosaic is interpolated in linear light, so that there one sample is a linear function of others, which it is
 * not of samples as they are stored. Where the shape has no `light`, samples stand for themselves. */
#ifndef BBC_LINEAR_LIGHT_H
#define BBC_LINEAR_LIGHT_H

#include "band_scan.h"
#include "exact.h"

/* The light of a sample, in units of the network. */
EX float linear_light_of(const scan_state *s, int32_t value)
{
    return s->shape.light ? s->light[value] : (float)value * s->range.step;
}

/* The sample that has this light, in units. */
EX float linear_light_sample(const scan_state *s, float light)
{
    const float top = s->range.top, share = ex_clip(light / top, -1.0f, 2.0f);
    if (share <= 0.0031308f) return share * 12.92f * top;
    return (ex_exp(ex_log(share) * 0.41666666f) * 1.055f - 0.055f) * top;
}

#endif
