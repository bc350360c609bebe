"""Coders of pictures, the encoder's choice among them and the decoder's dispatch to them."""
