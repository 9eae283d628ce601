"""`fit(class_weight=...)` and `fit(sample_weight=...)`: classes of different sizes."""

import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.networks import make, with_backends
from tfq_resqunn._utils.keras import IS_KERAS_3, keras

RATE = 0.5
BALANCED = {0: 30 / 36, 1: 30 / 24}  # images / (classes * images of the class)


def stepped(model, start, x, y, **weights):
    """The weights after one step of gradient descent on all images, from the same start."""
    model.set_weights(start)
    sgd = keras.optimizers.SGD(RATE)
    model.compile(sgd, "sparse_categorical_crossentropy", jit_compile=False)
    model.fit(x, y, batch_size=len(x), verbose=0, **weights)
    return model.get_weights()


def expected_step(model, start, x, y, sample_weight):
    """The same by hand: the mean of all images' losses, each times its weight."""
    model.set_weights(start)
    with tf.GradientTape() as tape:
        right = tf.gather(model(x), y, axis=1, batch_dims=1)
        loss = -tf.reduce_mean(sample_weight * tf.math.log(right))
    variables = [w.value if IS_KERAS_3 else w for w in model.trainable_weights]
    slopes = tape.gradient(loss, variables)
    return [w - RATE * g.numpy() for w, g in zip(start, slopes, strict=True)]


@pytest.mark.parametrize(("name", "arguments"), with_backends())
def test_weights_of_classes_and_of_samples_are_factors_of_the_loss(name, arguments, digits):
    x, y = digits
    model = make(name, x.shape[1:], 2, **arguments)
    start = model.get_weights()
    each = np.array([BALANCED[label] for label in y], "float32")
    by_class = stepped(model, start, x, y, class_weight=BALANCED)
    by_sample = stepped(model, start, x, y, sample_weight=each)
    plain = stepped(model, start, x, y)
    by_hand = expected_step(model, start, x, y, each)
    for k, expected in enumerate(by_hand):
        np.testing.assert_allclose(by_class[k], expected, atol=2e-4)
        np.testing.assert_allclose(by_sample[k], expected, atol=2e-4)
    assert max(np.abs(a - b).max() for a, b in zip(plain, by_hand, strict=True)) > 1e-3
