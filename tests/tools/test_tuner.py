"""KerasTuner chooses circuits and learning rates by validation data."""

import keras_tuner
import numpy as np
import pytest

from tests.helpers.networks import make
from tfq_resqunn._utils.keras import IS_KERAS_3, keras
from tfq_resqunn._utils.seeding import set_seed

needs_keras_3 = pytest.mark.skipif(not IS_KERAS_3, reason="KerasTuner takes models of Keras 3 only")
FIT = {"epochs": 2, "batch_size": 10, "verbose": 0}
BEST = keras_tuner.Objective("val_accuracy", "max")


def network(hp):
    """A network with the circuit and the learning rate of one trial."""
    set_seed(0)
    model = make(
        "Residual", (4, 4, 1), 2,
        ansatz=hp.Choice("ansatz", ["basic_entangler", "strongly_entangling", "brick"]),
        n_layers=hp.Int("n_layers", 1, 2),
    )  # fmt: skip
    adam = keras.optimizers.Adam(hp.Float("rate", 1e-3, 1e-1, sampling="log"))
    model.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
    return model


@pytest.fixture
def parts(digits):
    x, y = digits
    return (x[:20], y[:20]), (x[20:], y[20:])


def search(folder, parts, build=network, n_trials=3, tuner=keras_tuner.RandomSearch, **options):
    (x, y), validation = parts
    found = tuner(
        build, objective=BEST, max_trials=n_trials, seed=1, directory=folder, project_name="search",
        **options,
    )  # fmt: skip
    found.search(x, y, validation_data=validation, **FIT)
    return found


def by_hand(hp, parts):
    """The best accuracy on validation data over the epochs of a training without a tuner."""
    (x, y), validation = parts
    model = network(hp)
    history = model.fit(x, y, validation_data=validation, **FIT).history
    return max(history["val_accuracy"])


def described(model):
    layer = model.get_layer("features").layer
    return layer.ansatz, layer.n_layers, float(np.array(model.optimizer.learning_rate))


# Beside the weights that KerasTuner loads stands the state of an optimizer, which is left out.
@pytest.mark.filterwarnings("ignore:Skipping variable loading for optimizer")
@needs_keras_3
def test_the_best_of_a_search_is_what_its_score_says(tmp_path, parts):
    tuner = search(tmp_path, parts)
    scores = [trial.score for trial in tuner.oracle.trials.values()]
    best, (model,) = tuner.get_best_hyperparameters()[0], tuner.get_best_models(1)
    assert by_hand(best, parts) == max(scores)
    values = best.values
    ansatz, n_layers, rate = described(model)
    assert (ansatz, n_layers) == (values["ansatz"], values["n_layers"])
    assert rate == pytest.approx(values["rate"])
    x, y = parts[1]
    accuracy = np.mean(model.predict(x, verbose=0).argmax(axis=1) == y)
    assert accuracy == pytest.approx(max(scores))


@needs_keras_3
@pytest.mark.slow
@pytest.mark.parametrize("tuner", [keras_tuner.BayesianOptimization, keras_tuner.GridSearch])
def test_other_ways_to_search(tuner, tmp_path, parts):
    found = search(tmp_path, parts, tuner=tuner, n_trials=4)
    assert len(found.oracle.trials) == 4
    best = found.oracle.get_best_trials(1)[0]
    assert best.score == by_hand(best.hyperparameters, parts)


@needs_keras_3
def test_a_circuit_that_is_refused_is_a_failed_trial(tmp_path, parts):
    """A search goes on, and keeps the package's message."""

    def patches_that_may_be_too_large(hp):
        model = make("resqunn", (4, 4, 1), 2, kernel_size=hp.Choice("kernel_size", [2, 5]))
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    tuner = search(tmp_path, parts, patches_that_may_be_too_large, n_trials=2)
    trials = {t.hyperparameters["kernel_size"]: t for t in tuner.oracle.trials.values()}
    assert {size: t.status for size, t in trials.items()} == {2: "COMPLETED", 5: "FAILED"}
    assert "Quanv2D: the kernel must fit into the image: height must be at" in trials[5].message


class Trials(keras_tuner.RandomSearch):
    """A search that trains by itself, and so needs nothing of KerasTuner's Keras."""

    def run_trial(self, trial, parts):
        return {"val_accuracy": by_hand(trial.hyperparameters, parts)}


def test_a_search_that_trains_by_itself_takes_either_keras(tmp_path, parts):
    options = dict(objective=BEST, seed=1, directory=tmp_path, project_name="search")
    tuner = Trials(max_trials=1, **options)
    tuner.search(parts)
    (first,) = tuner.oracle.trials.values()
    assert set(first.hyperparameters.values) == {"ansatz", "n_layers", "rate"}
    again = Trials(max_trials=2, overwrite=False, **options)  # goes on with a second trial
    again.search(parts)
    assert len(again.oracle.trials) == 2
    assert again.oracle.trials[first.trial_id].score == first.score
    best = again.oracle.get_best_trials(1)[0]
    assert best.score == by_hand(best.hyperparameters, parts)


@pytest.mark.skipif(IS_KERAS_3, reason="says what happens with models of Keras 2")
def test_a_model_of_keras_2_is_refused_by_name(tmp_path, parts):
    with pytest.raises(TypeError, match="to return a valid Keras Model instance. Received: <tf_"):
        search(tmp_path, parts)
