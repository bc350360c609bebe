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

/* Inputs of the correction of a mixture. */
enum {
    /* 10: errors of this channel at 10 pixels nearby / activity, to ±6 */
    NETWORK_CORRECTION_OWN_ERRORS = 0,
    /* 2: of the conditional predictions of both least squares from the mean / activity, to ±6 */
    NETWORK_CORRECTION_DISTANCES = 10,
    /* 2: of the channels before at this pixel / activity, to ±6; 0 where there is none */
    NETWORK_CORRECTION_EARLIER_ERRORS = 12,
    /* 8: of the other two channels at the nearest 4 pixels, / activity, to ±6 */
    NETWORK_CORRECTION_OTHER_ERRORS = 14,
    /* 1: size of the mean absolute error of this channel at the nearest 4 pixels / activity */
    NETWORK_CORRECTION_ERROR_SIZE = 22,
    /* 2: sizes of the earlier errors / activity */
    NETWORK_CORRECTION_EARLIER_SIZES = 23,
    /* 1: size of the mean absolute error at the 6 pixels farther away / activity */
    NETWORK_CORRECTION_FARTHER_SIZE = 25,
    /* 1: size of the mean absolute error at the nearest 4 pixels / mean expected error there */
    NETWORK_CORRECTION_ERROR_RATIO = 26,
    /* 2: sizes of the earlier errors / expected errors */
    NETWORK_CORRECTION_EARLIER_RATIOS = 27,
    NETWORK_CORRECTIONS = 29
};

/* Further inputs of the head of each channel. */
static const int network_extra_count[3] = {0, 4, 6};

#endif
