"""Models as they come: what their outputs mean, which images they take, files that are damaged."""

import json
import re
import zipfile

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tfq_resqunn import datasets
from tfq_resqunn._utils.keras import keras
from tfq_resqunn.layers import Quanv2D
from tfq_resqunn.models.exchange import with_backend
from tfq_resqunn.runs import training
from tfq_resqunn.runs.class_probabilities import to_probabilities
from tfq_resqunn.runs.config import RunConfig
from tfq_resqunn.runs.evaluation import evaluate, load_trained, read_labelled
from tfq_resqunn.runs.prediction import predict, predict_to_csv
from tfq_resqunn.runs.trained import read_trained

# --- what outputs mean -------------------------------------------------------------------------


def classifier(n_outputs, activation=None, loss=None):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(n_outputs, activation)])
    if loss is not None:
        model.compile("sgd", loss)
    return model


def binary(from_logits):
    return keras.losses.BinaryCrossentropy(from_logits=from_logits)


def sparse(from_logits):
    return keras.losses.SparseCategoricalCrossentropy(from_logits=from_logits)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


ONE, TWO = np.array([[-1.0], [0.2], [0.7]]), np.array([[0.3, 0.7], [0.9, 0.1], [0.5, 0.5]])
AS_THEY_ARE = np.concatenate([1 - ONE, ONE], 1)
SQUASHED = np.concatenate([1 - sigmoid(ONE), sigmoid(ONE)], 1)
SOFTMAX = np.exp(TWO) / np.exp(TWO).sum(1, keepdims=True)


@pytest.mark.parametrize(
    ("activation", "loss", "outputs", "expected"),
    [
        ("sigmoid", None, ONE, AS_THEY_ARE),
        ("sigmoid", "mse", ONE, AS_THEY_ARE),
        ("sigmoid", "binary_crossentropy", ONE, AS_THEY_ARE),
        ("sigmoid", binary(False), ONE, AS_THEY_ARE),
        (None, None, ONE, SQUASHED),
        (None, binary(True), ONE, SQUASHED),
        ("softmax", None, TWO, TWO),
        ("softmax", "categorical_crossentropy", TWO, TWO),
        ("softmax", sparse(False), TWO, TWO),
        (None, None, TWO, SOFTMAX),
        (None, sparse(True), TWO, SOFTMAX),
    ],
)
def test_outputs_become_probabilities(activation, loss, outputs, expected):
    convert = to_probabilities(classifier(outputs.shape[1], activation, loss), "predict")
    np.testing.assert_allclose(convert(outputs), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("n_outputs", "activation", "loss", "message"),
    [
        (1, None, "mse", "ends in linear and was compiled with the loss mse"),
        (1, "tanh", "hinge", "ends in tanh and was compiled with the loss hinge"),
        (3, "relu", None, "ends in relu and was compiled with no loss"),
        (1, "softmax", "binary_crossentropy", "the softmax of one number is always 1"),
        (1, None, sparse(True), "the softmax of one number is always 1"),
        (3, "sigmoid", "binary_crossentropy", "a model of 3 sigmoids"),
    ],
)
def test_models_that_choose_no_class(n_outputs, activation, loss, message):
    with pytest.raises(ValueError, match=f"^predict: .*\n.*{message}|^predict: .*{message}"):
        to_probabilities(classifier(n_outputs, activation, loss), "predict")


def test_models_of_another_form():
    image = keras.Input((4, 4, 1))
    flat = keras.layers.Flatten()(image)
    heads = [keras.layers.Dense(2, "softmax")(flat) for _ in range(2)]
    for outputs, rule in ((heads, "have one output"), (image, "give one number for each class")):
        with pytest.raises(ValueError, match=f"^evaluate: the model must {rule}"):
            evaluate(keras.Model(image, outputs), np.zeros((1, 4, 4, 1)), [0])


class Subclassed(keras.Model):
    """Says the shape of its outputs only by giving some."""

    def __init__(self, stack, form="array", **kwargs):
        super().__init__(**kwargs)
        self.stack, self.form = stack, form

    def build(self, input_shape):
        self.stack.build(input_shape)
        super().build(input_shape)

    def call(self, inputs):
        outputs = self.stack(inputs)
        return {
            "array": outputs,
            "one": {"a": outputs},
            "two": {"a": outputs, "b": outputs},
            "image": outputs[:, None],
        }[self.form]

    def get_config(self):
        stack = keras.layers.serialize(self.stack)
        return {**super().get_config(), "stack": stack, "form": self.form}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "stack": keras.layers.deserialize(config["stack"])})


def subclassed(n_outputs, activation, form):
    dense = keras.layers.Dense(n_outputs, activation)
    layers = [keras.Input((4, 4, 1)), Quanv2D(kernel_size=2), keras.layers.Flatten(), dense]
    model = Subclassed(keras.Sequential(layers), form)
    model.build((None, 4, 4, 1))
    return model


@pytest.mark.parametrize("form", ["array", "one"])
@pytest.mark.parametrize(
    ("n_outputs", "activation", "loss"),
    [(3, "softmax", None), (3, None, None), (3, "tanh", sparse(True)), (1, "sigmoid", None)],
)
def test_subclassed_models_are_evaluated(n_outputs, activation, loss, form, rng):
    model = subclassed(n_outputs, activation, form)
    x = rng.random((20, 4, 4, 1)).astype("float32")
    if loss is not None:
        model.compile("sgd", loss)
    outputs = model.predict(x, verbose=0)
    outputs = outputs if form == "array" else outputs["a"]
    labels = outputs.argmax(1) if n_outputs > 1 else (outputs[:, 0] > 0.5).astype(int)
    assert evaluate(model, x, labels).table["accuracy"].tolist() == [1.0]


@pytest.mark.parametrize(
    ("activation", "form", "message"),
    [
        ("softmax", "two", "the model must have one output, an array.\nReceived .* dict of 2"),
        ("softmax", "image", "the model must give one number for each class"),
        ("sigmoid", "array", "the model must give each image one of its classes"),
    ],
    ids=["two outputs", "an image", "sigmoids"],
)
def test_subclassed_models_that_choose_no_class(activation, form, message, rng):
    model = subclassed(2, activation, form)
    with pytest.raises(ValueError, match=f"^evaluate: {message}"):
        evaluate(model, rng.random((2, 4, 4, 1)), [0, 1])


def test_one_sigmoid_is_evaluated_as_it_is_predicted(tmp_path):
    """Its arg max is always 0."""
    model = keras.Sequential(
        [keras.Input((4, 4, 1)), Quanv2D(kernel_size=2), keras.layers.Flatten(),
         keras.layers.Dense(1, "sigmoid")]
    )  # fmt: skip
    model.save(tmp_path / "model.keras")
    x = np.random.default_rng(0).random((40, 4, 4, 1))
    outputs = model.predict(x, verbose=0)[:, 0]
    model.layers[-1].bias.assign([-np.median(np.log(outputs / (1 - outputs)))])
    model.save(tmp_path / "model.keras")
    y = (model.predict(x, verbose=0)[:, 0] > 0.5).astype(int)
    assert 0 < y.sum() < 40
    (tmp_path / "config.json").write_text(json.dumps({"classes": [7, 5]}))
    np.savez(tmp_path / "images.npz", x=x, y=np.array([7, 5])[y])
    predictions = predict(tmp_path / "model.keras", tmp_path / "images.npz")
    assert predictions.labels.tolist() == np.array([7, 5])[y].tolist()
    assert predictions.accuracy == 1
    assert evaluate(model, x, y).table.accuracy.tolist() == [1]
    predictions.to_csv(tmp_path / "predictions.csv")
    header = (tmp_path / "predictions.csv").read_text().partition("\n")[0]
    assert header == "image,label,true_label,p_7,p_5"


# --- which images ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run whose images were resized."""
    config = RunConfig(classes=(3, 8), n_train=8, n_test=6, image_size=4, depth=1, epochs=1)
    return training.train(config, tmp_path_factory.mktemp("run") / "small", verbose=0)


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """The run's test images, as they were before."""
    data = datasets.load("digits", classes=(3, 8), n_train=8, n_test=6)
    path = tmp_path_factory.mktemp("images") / "original.npz"
    np.savez(path, x=data.x_test, y=np.array(data.classes)[data.y_test])
    return path


def test_images_are_resized_as_the_run_did(run, original, tmp_path):
    predictions = predict(run.paths["model"], original)
    assert predictions.accuracy == pytest.approx(run.test_accuracy)
    assert predictions.note == "Images are resized from 8 x 8 to 4 x 4 pixels, as in training."
    _, of_the_run, y = load_trained(run.paths["model"])
    model, resized, labels = load_trained(run.paths["model"], original)
    np.testing.assert_array_equal(resized, of_the_run)
    np.testing.assert_array_equal(labels, y)
    np.savez(tmp_path / "small.npz", x=resized)
    small = predict(run.paths["model"], tmp_path / "small.npz")
    np.testing.assert_array_equal(small.probabilities, predictions.probabilities)
    assert small.note == ""


def test_a_model_for_every_size(tmp_path):
    layers = [
        keras.Input((None, None, 1)), Quanv2D(kernel_size=2),
        keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(3, "softmax"),
    ]  # fmt: skip
    model = keras.Sequential(layers)
    model.save(tmp_path / "model.keras")
    (tmp_path / "config.json").write_text('{"classes": [4, 5, 6]}')
    for size in (4, 6):
        x = np.random.default_rng(0).random((5, size, size, 1))
        np.savez(tmp_path / "x.npz", x=x)
        expected = np.array([4, 5, 6])[model.predict(x, verbose=0).argmax(1)]
        assert predict(tmp_path / "model.keras", tmp_path / "x.npz").labels.tolist() == [*expected]


@pytest.mark.parametrize(
    ("shape", "said"), [((4, 8, 8, 3), "(8, 8, 3)"), ((4, 3, 3, 3), "(3, 3, 3)")]
)
@pytest.mark.parametrize("reader", [predict, load_trained])
def test_images_that_the_model_does_not_take(run, tmp_path, shape, said, reader):
    np.savez(tmp_path / "x.npz", x=np.zeros(shape), y=[3, 8, 3, 8])
    message = (
        "the images must have the shape the model takes, (4, 4, 1) (rows, cols, channels).\n"
        f"Received {said} from {tmp_path / 'x.npz'}.\nResize the images, or train a model for "
        "their shape."
    )
    with pytest.raises(ValueError, match=f"^(predict|evaluate): {re.escape(message)}$"):
        reader(run.paths["model"], tmp_path / "x.npz")


SCALES = {  # layers that scale pixels, and whether they are made for large ones
    "by 255": (lambda: keras.layers.Rescaling(1 / 255), True),
    "from -1 to 1": (lambda: keras.layers.Rescaling(1 / 127.5, offset=-1), True),
    "of 16 bits": (lambda: keras.layers.Rescaling(1 / 65535), True),
    "from 0 to 1": (lambda: keras.layers.Rescaling(2.0, offset=-1), False),
    "normalized": (lambda: keras.layers.Normalization(mean=127.0, variance=900.0), True),
    "normalized, small": (lambda: keras.layers.Normalization(mean=0.5, variance=0.1), False),
}


@pytest.mark.parametrize("is_nested", [False, True])
@pytest.mark.parametrize("reader", [predict, load_trained])
@pytest.mark.parametrize("scale", SCALES)
def test_models_that_scale_pixels_themselves(tmp_path, scale, reader, is_nested):
    """Images are read as floats from 0 to 1; a model for pixels up to 255 would see next to 0."""
    make, is_for_large = SCALES[scale]
    begin = make()
    if is_nested:
        begin = keras.Sequential([keras.Input((4, 4, 1)), begin], name="inner")
    layers = [keras.layers.Flatten(), keras.layers.Dense(2, "softmax")]
    keras.Sequential([keras.Input((4, 4, 1)), begin, *layers]).save(tmp_path / "model.keras")
    (tmp_path / "config.json").write_text('{"classes": [0, 1]}')
    np.savez(tmp_path / "x.npz", x=np.full((3, 4, 4, 1), 200, np.uint8), y=[0, 1, 0])
    if not is_for_large:
        reader(tmp_path / "model.keras", tmp_path / "x.npz")
        return
    with pytest.raises(
        ValueError, match="must be a model that takes pixels from 0 to 1, as .* twice"
    ):
        reader(tmp_path / "model.keras", tmp_path / "x.npz")


@pytest.mark.parametrize("reader", [predict, load_trained])
def test_labels_that_the_model_does_not_know(run, original, tmp_path, reader):
    with np.load(original) as arrays:
        np.savez(tmp_path / "x.npz", x=arrays["x"], y=[3, 8, 1, 3, 0, 8])
    with pytest.raises(ValueError, match=r"classes, \(3, 8\). Received \[0, 1\] as well, in "):
        reader(run.paths["model"], tmp_path / "x.npz")


# --- what lies beside it -----------------------------------------------------------------------


def test_unknown_classes_are_told(run, original, tmp_path):
    lonely = tmp_path / "model.keras"
    lonely.write_bytes(run.paths["model"].read_bytes())
    message = (
        f"predict: the model's classes are not known, since {tmp_path / 'config.json'} is not "
        "there. They are numbered from 0 to 1."
    )
    np.savez(tmp_path / "x.npz", x=np.zeros((2, 4, 4)))
    with pytest.warns(UserWarning, match=f"^{re.escape(message)}$"):
        assert set(predict(lonely, tmp_path / "x.npz").labels) <= {0, 1}
    np.savez(tmp_path / "x.npz", x=np.zeros((2, 4, 4)), y=[3, 8])
    with (
        pytest.warns(UserWarning, match="not known"),
        pytest.raises(ValueError, match=r"classes, \(0, 1\). Received \[3, 8\] as well"),
    ):
        predict(lonely, tmp_path / "x.npz")


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "3", "null", '{"config": {}}', '{"classes": 3}', '{"classes": ["a", 8]}',
        '{"classes": [3, 8], "config": []}', '{"classes": [3, 8], "config": {"epochs": 0}}',
        '{"classes": [3, 8], "config": {"no such": 0}}', "\udcff",
    ],
)  # fmt: skip
def test_damaged_configuration(run, tmp_path, text):
    (tmp_path / "model.keras").write_bytes(run.paths["model"].read_bytes())
    (tmp_path / "config.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    message = f"predict: {tmp_path / 'config.json'}, beside the model, must be what a run has"
    with pytest.raises(ValueError, match=re.escape(message)):
        read_trained(tmp_path / "model.keras", "predict")


def damaged(content, path, kind):
    if kind in ("empty", "text", "cut", "flipped"):
        middle = len(content) // 2
        flipped = content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :]
        whole = {"empty": b"", "text": b"{}", "cut": content[:middle], "flipped": flipped}[kind]
        path.with_name(f"{kind}.keras").write_bytes(whole)
        return path.with_name(f"{kind}.keras")
    name, new = kind
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(path.with_name("d.keras"), "w") as target:
        for other in source.namelist():
            if other != name:
                target.writestr(other, source.read(other))
            elif new is not None:
                target.writestr(name, new)
    return path.with_name("d.keras")


# All that read a model's file, with the argument that names it.
READERS = {
    "predict: `model_path`": lambda path: read_trained(path, "predict"),
    "with_backend: `model`": with_backend,
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    "kind",
    [
        "empty", "text", "cut", "flipped",
        ("metadata.json", "{"), ("metadata.json", "[]"), ("metadata.json", "{}"),
        ("config.json", "{"), ("config.json", "[]"), ("config.json", "{}"), ("config.json", None),
        ("model.weights.h5", "no weights"), ("model.weights.h5", None),
    ],
)  # fmt: skip
def test_damaged_models(run, tmp_path, kind, reader):
    path = tmp_path / "model.keras"
    path.write_bytes(run.paths["model"].read_bytes())
    with pytest.raises(ValueError, match=rf"{reader} must be a (whole file|model that)") as e:
        READERS[reader](damaged(path.read_bytes(), path, kind))
    assert "ave or copy it again." in str(e.value)


def save_as_h5(run, path):
    keras.models.load_model(run.paths["model"]).save(path)


@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
@pytest.mark.parametrize("name", ["model.h5", "model.hdf5", "model.pkl"])
def test_only_keras_files_are_read(run, tmp_path, name):
    # Keras 2 runs the code that an HDF5 file holds.
    if name.endswith("5"):
        save_as_h5(run, tmp_path / name)
    else:
        (tmp_path / name).write_bytes(run.paths["model"].read_bytes())
    with pytest.raises(
        ValueError, match=r"must be a .keras file(.|\n)*model.save\('model.keras'\)"
    ):
        read_trained(tmp_path / name, "predict")


@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
def test_an_hdf5_file_under_another_name_is_refused(run, tmp_path):
    save_as_h5(run, tmp_path / "model.h5")
    (tmp_path / "model.h5").rename(tmp_path / "model.keras")
    with pytest.raises(ValueError, match="must be a whole file that Keras has written"):
        read_trained(tmp_path / "model.keras", "predict")


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    ("module", "name"),
    [("os", "system"), ("builtins", "exec"), ("subprocess", "Popen"), ("keras_other", "Dense")],
)
def test_a_model_names_no_module_of_others(run, tmp_path, module, name, reader):
    path = tmp_path / "model.keras"
    path.write_bytes(run.paths["model"].read_bytes())
    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read("config.json"))
    layer = next(one for one in config["config"]["layers"] if one["class_name"] == "Dense")
    layer["config"]["activation"] = {
        "module": module, "class_name": "function", "config": name, "registered_name": name,
    }  # fmt: skip
    other = damaged(b"", path, ("config.json", json.dumps(config)))
    with pytest.raises(ValueError, match=rf"no code of others(.|\n)*which names {module}"):
        READERS[reader](other)


@pytest.mark.parametrize("channels", ["gray", "rgb"])
def test_channels_are_those_of_the_run(tmp_path, rng, channels):
    n, other = (3, 1) if channels == "gray" else (1, 3)
    x = rng.integers(0, 256, (40, 4, 4, n), dtype=np.uint8)
    np.savez(tmp_path / "a.npz", x=x, y=np.arange(40) % 2)
    config = RunConfig(
        str(tmp_path / "a.npz"),
        depth=1, kernel_size=(1, 2), epochs=1, channels=channels, image_size=4,
    )  # fmt: skip
    path = training.train(config, tmp_path / "run", verbose=0).paths["model"]
    np.save(tmp_path / "new.npy", x[:3])
    (tmp_path / "new").mkdir()
    for k in range(3):
        Image.fromarray(x[k].squeeze()).save(tmp_path / "new" / f"{k}.png")
    arrays, pictures = predict(path, tmp_path / "new.npy"), predict(path, tmp_path / "new")
    np.testing.assert_array_equal(arrays.probabilities, pictures.probabilities)
    assert arrays.note == pictures.note == f"Images are made {channels}, as in training."
    kept = datasets.load(config.dataset, channels=channels)
    assert kept.image_shape[-1] == other
    np.save(tmp_path / "brought.npy", kept.x_train[:3])
    assert predict(path, tmp_path / "brought.npy").note == ""
    for label in (0, 1):
        (tmp_path / "large" / str(label)).mkdir(parents=True)
        picture = Image.fromarray(x[label].squeeze()).resize((6, 6))
        picture.save(tmp_path / "large" / str(label) / "1.png")
    both = "Images are resized from 6 x 6 to 4 x 4 pixels, as in training. " + arrays.note
    assert predict(path, tmp_path / "large").note == both
    assert read_labelled(path, tmp_path / "large")[-1] == both


def test_classes_with_names(tmp_path, rng):
    """From the labels of a file to those of predictions, by the command line."""
    x, names = rng.random((40, 4, 4)), np.array(["dog", "cat, wild", "3", "ox"] * 10)
    np.savez(tmp_path / "animals.npz", x=x, y=names)
    config = RunConfig(str(tmp_path / "animals.npz"), classes=("3", "dog"), epochs=1)
    assert RunConfig.from_json(config.to_json()) == config
    assert config.classes == (3, "dog")
    run = training.train(config, tmp_path / "run", verbose=0)
    known = {"x": x[[0, 2]], "y": np.array(["dog", "3"])}
    np.savez(tmp_path / "new.npz", **known)
    found = predict(run.paths["model"], tmp_path / "new.npz")
    assert found.classes == ("3", "dog")
    assert set(found.labels) <= {"3", "dog"} and found.accuracy in (0, 0.5, 1)
    predict_to_csv(run.paths["model"], tmp_path / "new.npz", tmp_path / "labels.csv")
    table = pd.read_csv(tmp_path / "labels.csv", dtype={"label": str, "true_label": str})
    assert list(table.columns) == ["image", "label", "true_label", "p_3", "p_dog"]
    assert table.true_label.tolist() == ["dog", "3"]
    _, _, y = load_trained(run.paths["model"], tmp_path / "new.npz")
    assert y.tolist() == [1, 0]
    assert len(load_trained(run.paths["model"])[2]) == 4
    np.savez(tmp_path / "others.npz", **known | {"y": np.array([3, 4])})
    with pytest.raises(ValueError, match=r"classes, \('3', 'dog'\). Received \['4'\] as well"):
        predict(run.paths["model"], tmp_path / "others.npz")
