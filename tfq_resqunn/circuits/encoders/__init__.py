"""Encoders: `n_features` -> a circuit whose symbols take the data; a file a family."""
