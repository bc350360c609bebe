/* Sizes of the tables of linear light. */
#ifndef BBC_LINEAR_LIGHT_TYPES_H
#define BBC_LINEAR_LIGHT_TYPES_H

enum {
    LINEAR_LIGHT_CURVES = 16, /* of rising contrast; docs/experiments.md, Tone curves */
    LINEAR_LIGHT_ROOTS = 1024 /* steps of the root of the light in the table of samples */
};

#endif
