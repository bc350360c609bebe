/* Where the network's inputs and outputs lie. Written by `python -m scripts.release.make_network_layout` from
 * bbans_cli/coders/neural/network_layout.py; edit that. */
#ifndef BBC_NETWORK_LAYOUT_TYPES_H
#define BBC_NETWORK_LAYOUT_TYPES_H

enum { NETWORK_TAPS = 28, NETWORK_COMPONENTS = 4 };

/* Inputs of the trunk: offset, and number of columns. */
enum {
    /* 84: neighbours by channel, less the channel's base, / activity, clipped to ±6 */
    NETWORK_INPUT_TAPS = 0,
    /* 3: (log2(activity) - 2) / 2 of each channel */
    NETWORK_INPUT_LOG_ACTIVITY = 84,
    /* 3: base / 128 - 1 of each channel */
    NETWORK_INPUT_BASE = 87,
    /* 3: prediction of the local least squares, less the base, / activity, clipped to ±6 */
    NETWORK_INPUT_LOCAL_PREDICTION = 90,
    /* 3: local least squares: gain of R on the error in G, of B on that in G, of B on that in R */
    NETWORK_INPUT_LOCAL_GAIN = 93,
    /* 3: local least squares: ln(expected error) / 2 of each channel */
    NETWORK_INPUT_LOCAL_HALF_LOG_SIGMA = 96,
    /* 1: phase-conditioned prediction of G, less the base, / activity, clipped to ±6 */
    NETWORK_INPUT_PHASE_PREDICTION = 99,
    /* 3: phase-conditioned least squares: ln(expected error) / 2 of each channel */
    NETWORK_INPUT_PHASE_HALF_LOG_SIGMA = 100,
    /* 3: ln(mean absolute error nearby / activity) / 2 of the local predictions */
    NETWORK_INPUT_LOCAL_ERROR_SIZE = 103,
    /* 3: the same of the phase-conditioned predictions */
    NETWORK_INPUT_PHASE_ERROR_SIZE = 106,
    /* 3: error of the phase-conditioned predictions at the pixel to the west / activity, to ±6 */
    NETWORK_INPUT_PHASE_ERROR_WEST = 109,
    /* 3: the same of the pixel to the north */
    NETWORK_INPUT_PHASE_ERROR_NORTH = 112,
    NETWORK_INPUTS = 115
};

/* Columns of bbc_scan_least_squares. */
enum {
    /* 3: prediction of the local least squares from neighbours alone, less the base */
    NETWORK_LS_LOCAL_PREDICTION = 0,
    /* 3: local least squares: gain of R on the error in G, of B on that in G, of B on that in R */
    NETWORK_LS_LOCAL_GAIN = 3,
    /* 3: local least squares: ln(expected error) / 2 of each channel */
    NETWORK_LS_LOCAL_HALF_LOG_SIGMA = 6,
    /* 3: phase-conditioned prediction, given the earlier channels, less the base */
    NETWORK_LS_PHASE_PREDICTION = 9,
    /* 3: phase-conditioned least squares: ln(expected error) / 2 of each channel */
    NETWORK_LS_PHASE_HALF_LOG_SIGMA = 12,
    /* 3: ln(mean absolute error nearby / activity) / 2 of the local predictions */
    NETWORK_LS_LOCAL_ERROR_SIZE = 15,
    /* 3: the same of the phase-conditioned predictions */
    NETWORK_LS_PHASE_ERROR_SIZE = 18,
    /* 3: error of the phase-conditioned predictions at the pixel to the west / activity, to ±6 */
    NETWORK_LS_PHASE_ERROR_WEST = 21,
    /* 3: the same of the pixel to the north */
    NETWORK_LS_PHASE_ERROR_NORTH = 24,
    NETWORK_LS_COLUMNS = 27
};

/* Outputs of a head. */
enum {
    /* 4: of the components' weights */
    NETWORK_OUTPUT_LOGITS = 0,
    /* 4: from the centre, in units of the activity */
    NETWORK_OUTPUT_MEANS = 4,
    /* 4: in units of the activity */
    NETWORK_OUTPUT_LOG_SCALES = 8,
    /* 2: of the residuals of G and R, once they are known */
    NETWORK_OUTPUT_RESIDUAL_COEFFICIENTS = 12,
    /* 1: of the conditional prediction of the local least squares */
    NETWORK_OUTPUT_LOCAL_COEFFICIENT = 14,
    /* 1: of the phase-conditioned prediction */
    NETWORK_OUTPUT_PHASE_COEFFICIENT = 15,
    NETWORK_OUTPUTS = 16
};

/* Further inputs of the head of each channel. */
static const int network_extra_count[3] = {0, 4, 6};

#endif
