"""Studies: every placement, with and without input gradients, over seeds, and their report."""
