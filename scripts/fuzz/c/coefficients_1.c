/* Coefficients of JPEG pictures at level 1 */
enum { FUZZ_LEVEL = 1 };
#include "coefficients.h"
