/* latents.c: what the posterior reads, and the small layers of the latents' networks */
int bbc_latents_statistics(const float *embed, const float *embed_bias, const float *mix, const float *mix_bias,
                           const uint8_t *pixels, int width, int rows, int channels, int side, float *out);
int bbc_latents_dense(int m, int n, int k, const float *in, const float *weight, const float *bias, int leaky,
                      float *out);
int bbc_latents_gaussian(int m, int n, const float *in, double low, double high, double *mean, double *deviation);
