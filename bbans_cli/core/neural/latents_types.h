/* Sizes of the encoder that reads blocks of pixels, and where its weights lie. */
#ifndef BBC_LATENTS_TYPES_H
#define BBC_LATENTS_TYPES_H

enum {
    LATENTS_WIDTH = 32,  /* features of a patch */
    LATENTS_INPUTS = 51, /* 48 differences from the means, 3 means */
    LATENTS_ROW = 16     /* most patches beside each other in a block of at most 64 pixels */
};

typedef struct latents_encoder {
    const float *embed, *embed_bias; /* (51, 32), (32) */
    const float *mix, *mix_bias;     /* (32, 32), (32) */
} latents_encoder;

#endif
