"""The coder of JPEG coefficients, and the inversion of a JPEG decoder, which finds them again from pixels."""
