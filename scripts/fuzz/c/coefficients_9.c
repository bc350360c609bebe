/* Coefficients of JPEG pictures at level 9 */
enum { FUZZ_LEVEL = 9 };
#include "coefficients.h"
