"""The package's version: read by `setup.py` as text, never imported there."""

__version__ = "0.2.0"
