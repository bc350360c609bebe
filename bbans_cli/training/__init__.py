"""The networks in torch, for training alone. Nothing that codes a picture imports this package."""
