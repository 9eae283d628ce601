"""`lattice-train`: trains a small network on scikit-learn's digits, and saves it."""

import argparse
import random

import tensorflow as tf

import tfq_resqunn as rq
from lattice_layer.layer import Lattice2D

keras = tf.keras


def network(image_shape, n_classes) -> keras.Model:
    """Builds the network: a layer of circuits, and a head."""
    model = keras.Sequential(
        [
            keras.Input(image_shape),
            Lattice2D(filters=2, n_layers=2),
            keras.layers.Flatten(),
            keras.layers.Dense(n_classes, activation="softmax"),
        ]
    )
    adam = keras.optimizers.Adam(0.02)
    model.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def main() -> None:
    """Trains and saves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", help="file to save the model in, such as lattice.keras")
    parser.add_argument("--epochs", type=int, default=10)
    arguments = parser.parse_args()
    random.seed(0)  # Keras draws its seeds from Python's
    tf.random.set_seed(0)
    data = rq.datasets.load("digits")
    model = network(data.image_shape, data.n_classes)
    model.fit(data.x_train, data.y_train, epochs=arguments.epochs, verbose=2)
    _, accuracy = model.evaluate(data.x_test, data.y_test, verbose=0)
    print(f"test accuracy {accuracy:.3f}")
    model.save(arguments.path)
