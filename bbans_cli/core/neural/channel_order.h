/* The order in which the channels of a pixel are coded: G, R, B. Neural coder and latents share it. */
#ifndef BBC_CHANNEL_ORDER_H
#define BBC_CHANNEL_ORDER_H

/* Where channel c in coding order lies in a pixel of 1 or 3 samples; a grey pixel has its one sample three times. */
static inline int channel_order_sample(int channels, int c)
{
    static const int rgb[3] = {1, 0, 2};
    return channels == 3 ? rgb[c] : 0;
}

#endif
