/* Coefficients of JPEG pictures at level 5 */
enum { FUZZ_LEVEL = 5 };
#include "coefficients.h"
