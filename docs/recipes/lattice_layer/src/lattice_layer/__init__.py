"""A quanvolution that couples the pixels which touch."""

from lattice_layer.circuit import lattice
from lattice_layer.layer import Lattice2D

__all__ = ["Lattice2D", "lattice"]
