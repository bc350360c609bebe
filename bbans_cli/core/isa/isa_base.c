/* Kernels for any 64-bit machine: no FMA instruction assumed, the soft one of exact.h in its place. */
#include "kernels.h"

#define TARGET_BASE

#include "kernel_table-inl.h"
KERNEL_TABLE(base)
