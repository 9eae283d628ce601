"""What a trained quanvolution gives goes into scikit-learn's estimators."""

import pickle

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from tests.helpers.networks import features_of, make, with_backends
from tests.helpers.reference import quanvolve
from tfq_resqunn._utils.keras import keras


class Features:
    """A model's outputs, one row for each image; a class, so that pipelines can be pickled."""

    def __init__(self, model):
        self.model = model

    def __call__(self, x):
        return self.model.predict(x, verbose=0).reshape(len(x), -1)


def trained(name, x, y, **arguments):
    model = make(name, x.shape[1:], 2, **arguments)
    adam = keras.optimizers.Adam(0.05)
    model.compile(adam, "sparse_categorical_crossentropy", jit_compile=False)
    model.fit(x, y, batch_size=10, epochs=2, verbose=0)
    return model


@pytest.mark.parametrize(("name", "arguments"), with_backends("Quanv2D", "Residual"))
def test_features_are_those_of_cirq(name, arguments, digits):
    x, y = digits
    model = trained(name, x, y, **arguments)
    layer = model.get_layer("features")
    quanv = layer if name == "Quanv2D" else layer.layer
    angles = quanv.get_weights()[0]
    truth = quanvolve(x[:3], quanv.circuit, angles, kernel=(2, 2), strides=(2, 2), readout="pixels")
    found = features_of(model, name).predict(x[:3], verbose=0)
    np.testing.assert_allclose(found, truth if name == "Quanv2D" else x[:3] + truth, atol=1e-5)


@pytest.mark.parametrize(("name", "arguments"), with_backends())
def test_a_pipeline_takes_features(name, arguments, digits):
    x, y = digits
    extract = Features(features_of(trained(name, x, y, **arguments), name))
    # The default solver warns where SciPy is newer than scikit-learn.
    beforehand = make_pipeline(StandardScaler(), LogisticRegression(solver="newton-cholesky"))
    pipeline = make_pipeline(FunctionTransformer(extract), beforehand)
    scores = cross_val_score(pipeline, x, y, cv=3)
    np.testing.assert_array_equal(scores, cross_val_score(beforehand, extract(x), y, cv=3))
    assert scores.mean() > 0.6  # the share of zeros
    pipeline.fit(x, y)
    again = pickle.loads(pickle.dumps(pipeline))
    np.testing.assert_array_equal(again.predict_proba(x), pipeline.predict_proba(x))
