"""One training run: its configuration, its folder, what is done with its model."""
