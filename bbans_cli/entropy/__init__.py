"""Entropy coding: the rANS message and the codec library, whose public name is `bbans_cli.codecs`."""
