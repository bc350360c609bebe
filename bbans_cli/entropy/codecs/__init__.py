"""Composable entropy coding: small codecs on a last-in, first-out message.

    >>> from bbans_cli.codecs import Gaussian, Message
    >>> message = Message()
    >>> Gaussian(mean=[3.0, 40.0], deviation=2.0).push(message, [5, 41])
    >>> len(message.to_bytes())
    5

A codec has a push and a pop that undo each other (`codec`). Codecs combine into codecs (`combinators`), and with a
latent variable model into bits-back coding (`bitsback`). docs/codecs.md is a tutorial from one symbol to a picture.
After Craystack, by J. Townsend and others, on the coder and the exact arithmetic of this package.
"""

from bbans_cli.entropy.codecs.bitsback import BBANS, GaussianBins, bin_values, hierarchy
from bbans_cli.entropy.codecs.categorical import Bernoulli, BetaBinomial, Categorical, Uniform
from bbans_cli.entropy.codecs.check import check_codec
from bbans_cli.entropy.codecs.codec import PRECISION, Codec, Distribution, Pair
from bbans_cli.entropy.codecs.combinators import autoregressive, dependent, repeat, serial, substack
from bbans_cli.entropy.codecs.location_scale import Gaussian, GaussianMixture, Logistic, LogisticMixture
from bbans_cli.entropy.rans import Message
from bbans_cli.errors import UnderflowError

__all__ = [
    "BBANS",
    "PRECISION",
    "Bernoulli",
    "BetaBinomial",
    "Categorical",
    "Codec",
    "Distribution",
    "Gaussian",
    "GaussianBins",
    "GaussianMixture",
    "Logistic",
    "LogisticMixture",
    "Message",
    "Pair",
    "Uniform",
    "UnderflowError",
    "autoregressive",
    "bin_values",
    "check_codec",
    "dependent",
    "hierarchy",
    "repeat",
    "serial",
    "substack",
]
