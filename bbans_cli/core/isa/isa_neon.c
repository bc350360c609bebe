/* Kernels for aarch64, whose base includes NEON with FMA, 4 floats at a time. */
#include "kernels.h"

#if defined(__aarch64__)

#define TARGET_NEON
#define TARGET_HAS_FMA

#include "kernel_table-inl.h"
KERNEL_TABLE(neon)

#endif
