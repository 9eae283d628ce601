"""`lattice-export`: writes a saved model as a SavedModel, for servers."""

import argparse

import tensorflow as tf

import lattice_layer  # noqa: F401 - Keras then knows the layer


def main() -> None:
    """Loads and exports."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", help="a .keras file")
    parser.add_argument("folder", help="folder to write, which ends in a number: the version")
    arguments = parser.parse_args()
    tf.keras.models.load_model(arguments.path).export(arguments.folder)
