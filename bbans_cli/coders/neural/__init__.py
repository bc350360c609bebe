"""The neural coder: a likelihood network that learns while it codes, and latents coded with bits-back coding."""
