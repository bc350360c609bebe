"""The neural coder: bits back, the network's likelihood and its adaptation to the picture."""
