/* Elementary functions of exact.h on vectors, operation by operation the same. Compilers make comparisons and blends of
 * the clips there, which takes three times as long. */
#ifndef BBC_VECTOR_MATH_H
#define BBC_VECTOR_MATH_H

#include "simd-inl.h"

EX vf vf_clip(vf x, float lo, float hi) { return vf_min(vf_max(x, vf_all(lo)), vf_all(hi)); }

EX vf vf_abs(vf x) { return vf_max(x, vf_sub(vf_all(0.0f), x)); }

/* leaky_relu, of NaN too: a maximum with NaN is its second argument. */
EX vf vf_leaky_relu(vf x) { return vf_max(x, vf_mul(x, vf_all(0.1f))); }

/* ex_exp */
EX vf vf_exp(vf x)
{
    const vf magic = vf_all(0x1.8p23f);
    x = vf_clip(x, -87.0f, 88.0f);
    const vf t = vf_fma(x, vf_all(0x1.715476p+0f), magic), n = vf_sub(t, magic);
    vf r = vf_fma(n, vf_all(-0x1.62e4p-1f), x);
    r = vf_fma(n, vf_all(-0x1.7f7d1cp-20f), r);
    vf p = vf_all(0x1.6a2434p-10f);
    p = vf_fma(p, r, vf_all(0x1.1239e2p-7f));
    p = vf_fma(p, r, vf_all(0x1.5558f2p-5f));
    p = vf_fma(p, r, vf_all(0x1.555492p-3f));
    p = vf_fma(p, r, vf_all(0x1.fffffcp-2f));
    p = vf_add(vf_fma(p, vf_mul(r, r), r), vf_all(1.0f));
    return vf_mul(p, vf_scale(t));
}

/* ex_sigmoid of -x */
EX vf vf_sigmoid_minus(vf x) { return vf_div(vf_all(1.0f), vf_add(vf_all(1.0f), vf_exp(x))); }

#endif
