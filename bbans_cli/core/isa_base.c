/* Kernels for any 64-bit machine: no FMA instruction assumed, the soft one of exact.h in its place. */
#include "bbc.h"

#define TARGET_BASE

#include "kernel_table.h"
KERNEL_TABLE(base)
