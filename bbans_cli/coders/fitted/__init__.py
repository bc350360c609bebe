"""The fitted coder: a small network whose weights the encoder fits to the picture; a decoder learns nothing."""
