"""The model in torch: training only. Nothing that codes a picture imports this package."""
