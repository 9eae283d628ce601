"""scikit-learn's folds and searches, over networks in Keras' `SKLearnClassifier`."""

import pickle

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score

from tests.helpers.networks import make, with_backends
from tfq_resqunn._utils.keras import keras
from tfq_resqunn._utils.seeding import set_seed

pytestmark = pytest.mark.skipif(
    not hasattr(keras, "wrappers"), reason="SKLearnClassifier came with Keras 3.8"
)
FIT = {"epochs": 2, "batch_size": 10, "verbose": 0}
FOLDS = StratifiedKFold(2, shuffle=True, random_state=0)


@pytest.fixture(autouse=True)
def quiet():
    """`SKLearnClassifier` has no `verbose` for predictions."""
    keras.utils.disable_interactive_logging()
    yield
    keras.utils.enable_interactive_logging()


def network(X, y, name="Quanv2D", rate=0.1, **arguments):
    """What `SKLearnClassifier` calls: rows of pixels in, columns of probabilities out."""
    set_seed(0)  # the same weights and batches in each fold
    inner = make(name, (4, 4, 1), y.shape[1], **arguments)
    model = keras.Sequential([keras.Input((X.shape[1],)), keras.layers.Reshape((4, 4, 1)), inner])
    adam = keras.optimizers.Adam(rate)
    model.compile(adam, "categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
    return model


def classifier(**model_kwargs):
    return keras.wrappers.SKLearnClassifier(network, model_kwargs=model_kwargs)


def probabilities(fitted, x):
    return fitted.model_.predict(x)


@pytest.fixture
def rows(digits):
    """scikit-learn takes a row for each image."""
    x, y = digits
    return x.reshape(len(x), -1), y


@pytest.mark.parametrize(("name", "arguments"), with_backends())
def test_scores_are_those_of_folds_by_hand(name, arguments, rows):
    x, y = rows
    found = cross_val_score(classifier(name=name, **arguments), x, y, cv=FOLDS, params=FIT)
    by_hand = []
    for train, test in FOLDS.split(x, y):
        one_hot = np.eye(2)[y[train]]
        model = network(x[train], one_hot, name, **arguments)
        model.fit(x[train], one_hot, **FIT)
        by_hand.append(np.mean(model.predict(x[test]).argmax(axis=1) == y[test]))
    np.testing.assert_array_equal(found, by_hand)


@pytest.mark.slow
def test_a_grid_search_takes_what_its_folds_say(rows):
    x, y = rows
    grid = [{"rate": 1e-9}, {"rate": 0.1, "n_uploads": 2}]
    search = GridSearchCV(classifier(), {"model_kwargs": grid}, cv=FOLDS).fit(x, y, **FIT)
    scores = [cross_val_score(classifier(**k), x, y, cv=FOLDS, params=FIT).mean() for k in grid]
    np.testing.assert_allclose(search.cv_results_["mean_test_score"], scores)
    assert search.best_params_["model_kwargs"] == grid[int(np.argmax(scores))] != grid[0]
    refitted = classifier(**grid[int(np.argmax(scores))]).fit(x, y, **FIT)
    np.testing.assert_array_equal(
        probabilities(search.best_estimator_, x), probabilities(refitted, x)
    )


def through_joblib(estimator, path):
    joblib.dump(estimator, path / "estimator.joblib")
    return joblib.load(path / "estimator.joblib")


COPIES = {
    "pickle": lambda estimator, path: pickle.loads(pickle.dumps(estimator)),
    "joblib": through_joblib,
}


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize(("name", "arguments"), with_backends())
def test_a_fitted_classifier_can_be_stored(name, arguments, how, rows, tmp_path):
    x, y = rows
    labels = np.array(["zero", "one"])[y]
    fitted = classifier(name=name, **arguments).fit(x, labels, **FIT)
    again = COPIES[how](fitted, tmp_path)
    np.testing.assert_array_equal(probabilities(again, x), probabilities(fitted, x))
    np.testing.assert_array_equal(again.predict(x), fitted.predict(x))
    assert set(again.predict(x).ravel()) <= {"zero", "one"}
    again.fit(x, labels, **FIT)
    np.testing.assert_allclose(probabilities(again, x), probabilities(fitted, x), atol=1e-6)


def test_a_clone_is_not_fitted(rows):
    x, y = rows
    fitted = classifier().fit(x, y, **FIT)
    fresh = clone(fitted)
    with pytest.raises(NotFittedError):
        fresh.predict(x)
    fresh.fit(x, y, **FIT)
    np.testing.assert_array_equal(probabilities(fresh, x), probabilities(fitted, x))


def test_a_model_is_cloned_with_its_circuits_before_it_is_fitted(rows):
    x, y = rows
    model = network(x, np.eye(2), ansatz="brick", n_layers=2)
    before = model.get_weights()
    fitted = clone(keras.wrappers.SKLearnClassifier(model)).fit(x, y, **FIT)
    np.testing.assert_equal(model.get_weights(), before)
    ours, its = (m.layers[-1].get_layer("features") for m in (model, fitted.model_))
    assert its is not ours and its.get_config() == ours.get_config()
    assert fitted.score(x, y) == np.mean(fitted.model_.predict(x).argmax(axis=1) == y)


def test_classes_and_samples_can_be_weighted(rows):
    x, y = rows
    weights = {0: 5.0, 1: 1.0}
    each = np.array([weights[label] for label in y])
    plain, by_class, by_sample = (
        probabilities(classifier().fit(x, y, **FIT, **options), x)
        for options in ({}, {"class_weight": weights}, {"sample_weight": each})
    )
    np.testing.assert_allclose(by_class, by_sample, atol=1e-5)
    assert by_class[:, 0].mean() > plain[:, 0].mean() + 0.01


def test_images_of_rows_and_columns_are_refused(digits):
    x, y = digits
    with pytest.raises(ValueError, match="Found array with dim 4"):
        classifier().fit(x, y)
