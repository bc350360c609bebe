/* The basis in which the trunk's weights are fitted: the eigenvectors of the inputs' second moments, so that Adam's
 * steps do not mix what a picture's inputs keep apart (SOAP: Vyas et al. 2024, on the side of the inputs alone). */
#ifndef BBC_FITTED_BASIS_H
#define BBC_FITTED_BASIS_H

#include "fitted_samples-inl.h"

enum {
    FITTED_BASIS_CHUNKS = 1024, /* at most, of the samples */
    FITTED_BASIS_SWEEPS = 7
};

typedef float fitted_square[FITTED_INPUTS][FITTED_INPUTS];

/* Sums of products of the inputs of every chunk-th chunk. */
static void fitted_second_moments(int64_t chunks, const fitted_sample *samples, fitted_square moments)
{
    enum { N = FITTED_INPUTS, L = FITTED_LANES };
    const int64_t every = (chunks + FITTED_BASIS_CHUNKS - 1) / FITTED_BASIS_CHUNKS;
    fitted_chunk chunk;
    float pixels[L][N];
    memset(moments, 0, sizeof(fitted_square));
    for (int64_t i = 0; i < chunks; i += every) {
        fitted_restore(samples + i, &chunk);
        for (int l = 0; l < L; l++)
            for (int k = 0; k < N; k++) pixels[l][k] = samples[i].flags[l] & 1 ? chunk.input[k][l] : 0.0f;
        gemm(N, N, L, chunk.input[0], L, 1, pixels[0], N, NULL, moments[0], N);
    }
}

/* Rows or columns i and j of a rotation by an angle of cosine c, sine s. */
EX void fitted_rotate(float *restrict a, float *restrict b, ptrdiff_t step, float c, float s)
{
    for (ptrdiff_t k = 0; k < FITTED_INPUTS; k++) {
        const float x = a[k * step], y = b[k * step];
        a[k * step] = c * x - s * y;
        b[k * step] = s * x + c * y;
    }
}

/* bbc_fitted_basis. Cyclic Jacobi rotations (Golub and Van Loan, Matrix Computations, 8.5), a few sweeps: the basis need
 * not be exact. */
static void fitted_basis(int64_t chunks, const fitted_sample *samples, float *basis)
{
    enum { N = FITTED_INPUTS };
    fitted_square a;
    fitted_second_moments(chunks, samples, a);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) basis[i * N + j] = i == j ? 1.0f : 0.0f;
    for (int sweep = 0; sweep < FITTED_BASIS_SWEEPS; sweep++)
        for (int i = 0; i < N - 1; i++)
            for (int j = i + 1; j < N; j++) {
                const float off = a[i][j], size = off < 0.0f ? -off : off;
                if (!(size > 1e-6f * __builtin_sqrtf(__builtin_fabsf(a[i][i] * a[j][j])))) continue;
                const float t = (a[j][j] - a[i][i]) / (2.0f * off), root = __builtin_sqrtf(1.0f + t * t);
                const float tangent = 1.0f / (t < 0.0f ? t - root : t + root);
                const float c = 1.0f / __builtin_sqrtf(1.0f + tangent * tangent), s = c * tangent;
                fitted_rotate(a[i], a[j], 1, c, s);
                fitted_rotate(&a[0][i], &a[0][j], N, c, s);
                fitted_rotate(basis + (ptrdiff_t)i * N, basis + (ptrdiff_t)j * N, 1, c, s);
            }
}

#endif
