/* Transposed copies of matrices of binary32, four rows and four columns at a time in vectors. */
#ifndef BBC_TRANSPOSE_H
#define BBC_TRANSPOSE_H

#include "exact.h"

#include <stddef.h>

typedef float transpose_four __attribute__((vector_size(16)));

#if defined(__clang__)
#define TRANSPOSE_PICK(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)
#else
typedef int32_t transpose_order __attribute__((vector_size(16)));
#define TRANSPOSE_PICK(a, b, i, j, k, l) __builtin_shuffle(a, b, (transpose_order){i, j, k, l})
#endif

EX transpose_four transpose_load(const float *p)
{
    transpose_four v;
    memcpy(&v, p, sizeof v);
    return v;
}

EX void transpose_store(float *p, transpose_four v) { memcpy(p, &v, sizeof v); }

/* Four rows, four columns; strides count floats. */
EX void transpose_block(const float *from, ptrdiff_t from_stride, float *to, ptrdiff_t to_stride)
{
    const transpose_four a = transpose_load(from), b = transpose_load(from + from_stride);
    const transpose_four c = transpose_load(from + 2 * from_stride), d = transpose_load(from + 3 * from_stride);
    const transpose_four ab = TRANSPOSE_PICK(a, b, 0, 4, 1, 5), cd = TRANSPOSE_PICK(c, d, 0, 4, 1, 5);
    const transpose_four ab2 = TRANSPOSE_PICK(a, b, 2, 6, 3, 7), cd2 = TRANSPOSE_PICK(c, d, 2, 6, 3, 7);
    transpose_store(to, TRANSPOSE_PICK(ab, cd, 0, 1, 4, 5));
    transpose_store(to + to_stride, TRANSPOSE_PICK(ab, cd, 2, 3, 6, 7));
    transpose_store(to + 2 * to_stride, TRANSPOSE_PICK(ab2, cd2, 0, 1, 4, 5));
    transpose_store(to + 3 * to_stride, TRANSPOSE_PICK(ab2, cd2, 2, 3, 6, 7));
}

/* to (columns, rows) from `from` (rows, columns), neither of them overlapping. Sixteen rows at a time, so that what lies
 * in one cache line of the copy is written at once. */
static inline void transpose(int rows, int columns, const float *restrict from, ptrdiff_t from_stride,
                             float *restrict to, ptrdiff_t to_stride)
{
    const int whole_rows = rows & ~3, whole_columns = columns & ~3;
    for (int some = 0; some < whole_rows; some += 16) {
        const int end = some + 16 < whole_rows ? some + 16 : whole_rows;
        for (int j = 0; j < whole_columns; j += 4)
            for (int i = some; i < end; i += 4)
                transpose_block(from + i * from_stride + j, from_stride, to + j * to_stride + i, to_stride);
    }
    for (int i = 0; i < rows; i++)
        for (int j = i < whole_rows ? whole_columns : 0; j < columns; j++)
            to[j * to_stride + i] = from[i * from_stride + j];
}

#endif
