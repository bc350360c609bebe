/* What the processor can do and the operating system allows, on x86-64. */
#ifndef BBC_CPU_FEATURES_H
#define BBC_CPU_FEATURES_H

enum { BBC_CPU_FEATURES_AVX2 = 1, BBC_CPU_FEATURES_AVX512 = 2 };

/* The sum of those that can be used: AVX2 with FMA; AVX-512 F, BW, DQ and VL beside them. */
int bbc_cpu_features(void);

#endif
