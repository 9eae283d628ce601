"""Data sets: what is loaded, and every mistake that is caught."""

import re
import warnings

import numpy as np
import pytest

from tfq_resqunn.datasets import load, load_images, sources
from tfq_resqunn.datasets.arrays import PIXELS

pytestmark = pytest.mark.once


def whole(message):
    return f"^{re.escape(message)}$"


@pytest.fixture
def arrays(rng):
    """Two classes, 1 and 5; six training and four test images of 3x2 pixels."""
    return {
        "x_train": rng.integers(0, 256, (6, 3, 2), dtype=np.uint8),
        "y_train": np.array([5, 1, 5, 1, 5, 1]),
        "x_test": rng.integers(0, 256, (4, 3, 2), dtype=np.uint8),
        "y_test": np.array([1, 5, 1, 5]),
    }


@pytest.fixture
def save(tmp_path):
    def save_arrays(**arrays):
        path = tmp_path / "data.npz"
        np.savez(path, **arrays)
        return path

    return save_arrays


def test_digits():
    data = load()
    assert data.name == "digits"
    assert data.classes == tuple(range(10))
    assert (data.image_shape, data.n_classes) == ((8, 8, 1), 10)
    assert (len(data.x_train), len(data.x_test)) == (1437, 360)
    for x, y in ((data.x_train, data.y_train), (data.x_test, data.y_test)):
        assert (x.dtype, y.dtype) == (np.float32, np.int64)
        assert (x.min(), x.max()) == (0, 1)
        assert set(y) == set(range(10))


def test_digits_parts_do_not_overlap():
    data = load()
    train = {image.tobytes() for image in data.x_train}
    test = {image.tobytes() for image in data.x_test}
    assert len(train) + len(test) == 1797
    assert not train & test


@pytest.mark.parametrize("sizes", [{}, {"n_train": 50, "n_test": 20}])
def test_same_seed_same_data(sizes):
    first, second = load(seed=3, **sizes), load(seed=3, **sizes)
    other = load(seed=4, **sizes)
    for name in sources.ARRAY_NAMES:
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
        assert not np.array_equal(getattr(first, name), getattr(other, name))


def test_classes_become_labels_in_the_given_order():
    whole_data, data = load(), load(classes=[8, 3])
    assert data.classes == (8, 3)
    np.testing.assert_array_equal(
        data.x_train[data.y_train == 0], whole_data.x_train[whole_data.y_train == 8]
    )
    np.testing.assert_array_equal(
        data.x_test[data.y_test == 1], whole_data.x_test[whole_data.y_test == 3]
    )


def test_draws_are_stratified_and_without_repetition():
    data = load(n_train=100, n_test=50)
    assert np.bincount(data.y_train).tolist() == [10] * 10
    assert np.bincount(data.y_test).tolist() == [5] * 10
    assert len({image.tobytes() for image in data.x_train}) == 100


@pytest.mark.parametrize("n_train", [6, 5, 2])
def test_every_possible_number_of_images_can_be_drawn(arrays, save, n_train):
    data = load(save(**arrays), n_train=n_train)
    assert len(data.x_train) == len(data.y_train) == n_train
    assert set(data.y_train) == {0, 1}


@pytest.mark.parametrize(
    ("image_size", "shape"), [(4, (4, 4, 1)), ((5, 3), (5, 3, 1)), (16, (16, 16, 1))]
)
def test_image_size(image_size, shape):
    data = load(n_train=10, n_test=10, image_size=image_size)
    assert data.image_shape == shape
    assert data.x_train.dtype == np.float32
    assert 0 <= data.x_train.min() <= data.x_train.max() <= 1


def test_resizing_averages():
    full, half = load(n_train=10), load(n_train=10, image_size=4)
    assert half.x_train.mean() == pytest.approx(full.x_train.mean(), rel=0.05)


def test_npz_of_integers(arrays, save):
    path = save(**arrays)
    data = load(path)
    assert (data.name, data.classes, data.image_shape) == (str(path), (1, 5), (3, 2, 1))
    np.testing.assert_allclose(data.x_train[..., 0], arrays["x_train"] / 255, rtol=1e-6)
    assert data.y_train.tolist() == [1, 0, 1, 0, 1, 0]
    assert data.y_test.tolist() == [0, 1, 0, 1]


def test_npz_of_floats_with_channels(arrays, save, rng):
    arrays |= {"x_train": rng.random((6, 3, 2, 3)), "x_test": rng.random((4, 3, 2, 3))}
    data = load(save(**arrays))
    assert data.image_shape == (3, 2, 3)
    np.testing.assert_array_equal(data.x_train, arrays["x_train"].astype(np.float32))


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10", "cifar100"])
def test_downloads_go_through_keras(monkeypatch, arrays, name):
    module = getattr(sources.keras.datasets, name)
    parts = [arrays[key] for key in sources.ARRAY_NAMES]
    monkeypatch.setattr(module, "load_data", lambda: (tuple(parts[:2]), tuple(parts[2:])))
    data = load(name)
    assert (data.name, data.image_shape, data.classes) == (name, (3, 2, 1), (1, 5))


def test_failed_download(monkeypatch):
    def fail():
        raise Exception("URL fetch failure")

    monkeypatch.setattr(sources.keras.datasets.mnist, "load_data", fail)
    message = (
        "load: `name` must be a data set that Keras can download or has in its cache.\n"
        'Received "mnist", which failed: URL fetch failure\n'
        'Use name="digits", which needs no network, or the path of an .npz file.'
    )
    with pytest.raises(ConnectionError, match=whole(message)):
        load("mnist")


NAMES = "digits, mnist, fashion_mnist, cifar10, cifar100"
LABELS = "Give them as they stand in the data, such as classes=[3, 8] or classes=['cat', 'dog']."
ARGUMENT_ERRORS = [
    (
        {"name": "minst"},
        ValueError,
        f"load: `name` must be one of {NAMES}, or the path of an .npz file or of a folder.\n"
        "Received 'minst', and there is no such file or folder.\nDid you mean \"mnist\"?",
    ),
    (
        {"name": "imagenet"},
        ValueError,
        f"load: `name` must be one of {NAMES}, or the path of an .npz file or of a folder.\n"
        "Received 'imagenet', and there is no such file or folder.\nCheck the path; it is relative "
        'to the folder the program runs in. Or use name="digits", which needs no network.',
    ),
    (
        {"name": 3},
        TypeError,
        "load: `name` must be a string or a path.\nReceived 3 (int).\n"
        f"Use one of {NAMES}, or the path of an .npz file or of a folder.",
    ),
    (
        {"name": "no-such-file.npz"},
        FileNotFoundError,
        "load: `name` must be a file that exists.\nReceived no-such-file.npz, which does not.\n"
        "Check the path; it is relative to the folder the program runs in.",
    ),
    (
        {"classes": "38"},
        TypeError,
        "load: `classes` must be a list of labels, integers or names or None. Received '38'. "
        + LABELS,
    ),
    (
        {"classes": [3, 8.0]},
        TypeError,
        "load: `classes` must be a list of labels, integers or names or None. Received [3, 8.0] of "
        "type list. " + LABELS,
    ),
    (
        {"classes": [3, "3"]},
        ValueError,
        "load: `classes` must be at least two different labels, each once. Received [3, '3'] of "
        "type list. " + LABELS,
    ),
    (
        {"classes": [3, 12, 15]},
        ValueError,
        "load: `classes` must be labels of the training data, which are "
        "0, 1, 2, 3, 4, 5, 6, 7, 8, 9.\nReceived 3, 12, 15; not there: 12, 15.\n"
        "With classes=[...], name labels that are there.",
    ),
    (
        {"n_train": 2000},
        ValueError,
        "load: `n_train` must be from 10 (one image for each class) to 1437 (all there are).\n"
        "Received 2000.\nChoose a number in that range, or leave it out to take all.",
    ),
    (
        {"n_test": 1, "classes": [3, 8]},
        ValueError,
        "load: `n_test` must be from 2 (one image for each class) to 72 (all there are).\n"
        "Received 1.\nChoose a number in that range, or leave it out to take all.",
    ),
    (
        {"n_train": 10.0},
        TypeError,
        "load: `n_train` must be an integer or None. Received 10.0. Leave it out to take all.",
    ),
    (
        {"seed": None},
        TypeError,
        "load: `seed` must be an integer. Received None.",
    ),
    (
        {"image_size": "8x8"},
        TypeError,
        "load: `image_size` must be an integer, a pair of integers or None. Received '8x8'. "
        "Give pixels, such as image_size=14 or (14, 10).",
    ),
    (
        {"image_size": (4, 0)},
        ValueError,
        "load: `image_size` must be at least 1 pixel in each direction. Received (4, 0) of type "
        "tuple. Give pixels, such as image_size=14 or (14, 10).",
    ),
]


@pytest.mark.parametrize(("arguments", "error", "message"), ARGUMENT_ERRORS)
def test_wrong_argument(arguments, error, message):
    with pytest.raises(error, match=whole(message)):
        load(**arguments)


ARRAY_ERRORS = [
    (
        {"x_train": np.zeros((6, 4))},
        ValueError,
        "load: `x_train` must have the shape [n, rows, cols] or [n, rows, cols, channels], with "
        "at least one image and one pixel.\nReceived shape (6, 4).\n"
        "Reshape it, such as x.reshape(-1, 28, 28, 1).",
    ),
    (
        {"x_test": np.zeros((0, 3, 2))},
        ValueError,
        "load: `x_test` must have the shape [n, rows, cols] or [n, rows, cols, channels], with "
        "at least one image and one pixel.\nReceived shape (0, 3, 2).\n"
        "Reshape it, such as x.reshape(-1, 28, 28, 1).",
    ),
    (
        {"x_train": np.zeros((6, 3, 2), complex)},
        TypeError,
        f"load: `x_train` must hold {PIXELS}.\n"
        "Received dtype complex128.\nConvert it, such as x.astype('float32').",
    ),
    (
        {"x_train": np.full((6, 3, 2), 300)},
        ValueError,
        f"load: `x_train` must hold {PIXELS} (its dtype is int64).\n"
        "Received values from 300 to 300.\n"
        "Divide by what white is: save x / 65535 for 16 bits, x / 4095 for 12.",
    ),
    (
        {"x_train": np.linspace(-0.5, 0.5, 36).reshape(6, 3, 2)},
        ValueError,
        f"load: `x_train` must hold {PIXELS} (its dtype is float64).\n"
        "Received values from -0.5 to 0.5.\n"
        "Save (x - black) / (white - black), with the two values that mean black and white in all "
        "files alike (such as -1 and 1), not with the minimum and maximum of each.",
    ),
    (
        {"x_train": np.full((6, 3, 2), 2.5)},
        ValueError,
        f"load: `x_train` must hold {PIXELS} (its dtype is float64).\n"
        "Received values from 2.5 to 2.5.\n"
        "Divide by what white is in all files alike: save x / 2.5, if it is 2.5.",
    ),
    (
        {"x_train": np.where(np.arange(36) % 13 == 7, np.nan, 0.5).reshape(6, 3, 2)},
        ValueError,
        "load: `x_train` must hold finite numbers.\nReceived 3 of 36 pixels that are NaN or "
        "infinite, the first at index (1, 0, 1).\n"
        "Leave those images out, or use np.nan_to_num.",
    ),
    (
        {"y_train": np.zeros(5, int)},
        ValueError,
        "load: `y_train` must have one label for each of the 6 images of `x_train`: shape (6,).\n"
        "Received shape (5,).\nSave images and labels of equal length.",
    ),
    (
        {"y_test": np.array([1, 5, 1.5, np.nan])},
        ValueError,
        "load: `y_test` must hold whole numbers or names.\nReceived 2 others, such as 1.5.\n"
        "Round them, such as np.rint(y).astype(int), if they are meant for classes.",
    ),
    (
        {"y_test": np.array([[1, 1], [0, 1], [1, 0], [0, 0]])},
        ValueError,
        "load: `y_test` must have one label for each of the 4 images of `x_test`: shape (4,).\n"
        "Received shape (4, 2).\nSome rows have several ones, or none: these are several labels "
        "an image, of which a softmax knows one. Train on one of them at a time, such as y[:, 0].",
    ),
    (
        {"y_test": np.array([[1, 7], [0, 1], [1, 0], [0, 0]])},
        ValueError,
        "load: `y_test` must have one label for each of the 4 images of `x_test`: shape (4,).\n"
        "Received shape (4, 2).\nSave one label for each image.",
    ),
    (
        {"y_train": np.array(["b", "a", "b", "a", "b", "a"])},
        TypeError,
        "load: `y_train` and `y_test` must hold labels of one kind.\nReceived names against "
        "integers.\nSave both as integers, or both as names.",
    ),
    (
        {"y_train": np.array(["b", "a", "b", "", "b", "a"])},
        ValueError,
        "load: `y_train` must hold names that are not empty.\nReceived an empty one for image 3.\n"
        "Name its class.",
    ),
    (
        {"y_train": np.array([b"b", b"\xff", b"b", b"a", b"b", b"a"])},
        ValueError,
        "load: `y_train` must hold names as text.\nReceived bytes that are not ASCII: 'ascii' "
        "codec can't decode byte 0xff in position 0: ordinal not in range(128).\n"
        "Save them as text, such as np.char.decode(y, 'utf-8').",
    ),
    (
        {"y_train": np.array([1, 5, 1, 5, 1, 2**63], np.uint64)},
        ValueError,
        "load: `y_train` must hold integers of 64 bits.\nReceived 9223372036854775808.\n"
        "Number the classes from 0.",
    ),
    (
        {"y_train": np.array([1, 5, 1, 5, 1, 5], complex)},
        TypeError,
        "load: `y_train` must hold integers or names.\nReceived dtype complex128.\n"
        "Convert them, such as y.astype(int).",
    ),
    (
        {"x_val": np.zeros((4, 3, 2))},
        ValueError,
        "load: `name` must have images and labels for validation, or neither.\n"
        "Received data.npz with x_val alone.\nSave the other beside it.",
    ),
    (
        {"x_train": np.full((6, 3, 2), 200, np.uint16)},
        ValueError,
        f"load: `x_train` must hold {PIXELS} (its dtype is uint16).\nReceived values from 200 to "
        "200.\nDivide by what white is: save x / 65535 for 16 bits, x / 4095 for 12, x / 255 for "
        "8.",
    ),
    (
        {"x_train": np.full((6, 3, 2), 1.0001)},
        ValueError,
        f"load: `x_train` must hold {PIXELS} (its dtype is float64).\nReceived values from 1.0001 "
        "to 1.0001.\nThese may be rounding errors: save np.clip(x, 0, 1).",
    ),
    (
        {"x_test": np.zeros((4, 2, 2))},
        ValueError,
        "load: `x_test` must hold images of the same shape as `x_train`.\n"
        "Received (2, 2, 1) against (3, 2, 1).\nResize one of the two before saving them.",
    ),
    (
        {"y_test": np.array([1, 5, 1, 7])},
        ValueError,
        "load: `name` must have training images of every label.\nReceived none of 7, which other "
        "images have; the labels for training are 1, 5.\nAdd training images, or leave those "
        "others out: with classes=[...], name labels for training.",
    ),
]


@pytest.mark.parametrize(("changed", "error", "message"), ARRAY_ERRORS)
def test_wrong_array(arrays, save, monkeypatch, tmp_path, changed, error, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=whole(message)):
        load(save(**arrays | changed).name)


INTEGERS = np.arange(36).reshape(6, 3, 2) * 7
VALUES = {  # how images are saved, the value that is white, what a warning says
    "bytes": (INTEGERS.astype(np.uint8), 255, None),
    "integers": (INTEGERS, 255, None),
    "16 bits": ((INTEGERS * 257).astype(np.uint16), 65535, "integers of 16 bits from 0 to 62965"),
    "bytes as floats": (INTEGERS.astype(np.float32), 255, "floats from 0.0 to 245.0"),
    "floats": (INTEGERS / 245, 1, None),
    "half": ((INTEGERS / 245).astype(np.float16), 1, None),
    "masks": (INTEGERS > 100, 1, None),
    "black": (np.zeros((6, 3, 2), np.uint16), 65535, "integers of 16 bits from 0 to 0"),
}


@pytest.mark.parametrize("name", VALUES)
def test_pixels_are_scaled_by_one_rule(arrays, save, name):
    x, white, said = VALUES[name]
    path = save(**arrays | {"x_train": x})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        data = load(path)
    assert [str(w.message) for w in caught] == (
        [] if said is None else [f"load: `x_train` holds {said}, which are divided by {white}."]
    )
    expected = (x / np.float64(white)).astype(np.float32)
    np.testing.assert_allclose(data.x_train[..., 0], expected, rtol=1e-6)
    assert data.x_train.dtype == np.float32


def test_floats_of_one_source_have_one_white(arrays, save):
    floats = {"x_train": INTEGERS.astype(float), "x_test": np.full((4, 3, 2), 0.5)}
    with pytest.warns(UserWarning, match="`x_train` holds floats from 0.0 to 245.0"):
        data = load(save(**arrays | floats))
    assert data.x_test.max() == np.float32(0.5 / 255)


NUMBERS = np.array([5, 1, 5, 1, 5, 1])
ROWS = {  # how the labels 5, 1, ... are saved, the classes that come of it
    "integers": (lambda y: y, (1, 5)),
    "column": (lambda y: y[:, None], (1, 5)),
    "bytes": (lambda y: y.astype(np.uint8), (1, 5)),
    "negative": (lambda y: y - 3, (-2, 2)),
    "floats": (lambda y: y.astype(float), (1, 5)),
    "booleans": (lambda y: y == 5, (0, 1)),
    "one-hot": (lambda y: np.eye(6)[y], (1, 5)),
    "one-hot booleans": (lambda y: np.eye(6)[y] > 0, (1, 5)),
    "names": (lambda y: np.where(y == 5, "dog", "cat"), ("cat", "dog")),
    "names in a column": (lambda y: np.where(y == 5, "dog", "cat")[:, None], ("cat", "dog")),
    "names as bytes": (lambda y: np.where(y == 5, b"dog", b"cat"), ("cat", "dog")),
    "numbers as text": (lambda y: y.astype(str), ("1", "5")),
}


@pytest.mark.filterwarnings("ignore:.*is one-hot")
@pytest.mark.parametrize("name", ROWS)
def test_labels_of_every_form(arrays, save, name):
    form, classes = ROWS[name]
    path = save(**arrays | {key: form(arrays[key]) for key in ("y_train", "y_test")})
    data = load(path)
    assert data.classes == classes and {type(label) for label in data.classes} <= {int, str}
    assert data.y_train.tolist() == [1, 0, 1, 0, 1, 0]
    assert data.y_test.tolist() == [0, 1, 0, 1]
    assert data.y_train.dtype == np.int64
    chosen = load(path, classes=classes[::-1])
    assert (chosen.classes, chosen.y_test.tolist()) == (classes[::-1], [1, 0, 1, 0])


def test_one_hot_labels_are_said(arrays, save):
    with pytest.warns(UserWarning, match="`y_train` is one-hot, of 6 classes; its labels are the"):
        load(save(**arrays | {"y_train": np.eye(6)[NUMBERS]}))


def test_classes_as_numbers_or_text(arrays, save):
    text = {key: arrays[key].astype(str) for key in ("y_train", "y_test")}
    assert load(save(**arrays | text), classes=[5, 1]).classes == ("5", "1")
    assert load(save(**arrays), classes=["5", 1]).classes == (5, 1)
    with pytest.raises(ValueError, match="which are 1, 5.\nReceived 'cat', 5; not there: 'cat'."):
        load(save(**arrays), classes=["cat", 5])


def test_channels(arrays, save, rng):
    colours = {f"x_{part}": rng.random((n, 3, 2, 3)) for part, n in {"train": 6, "test": 4}.items()}
    gray = load(save(**arrays | colours), channels="gray")
    luma = colours["x_train"] @ [0.2989, 0.587, 0.114]
    np.testing.assert_allclose(gray.x_train[..., 0], luma, rtol=1e-5)
    assert load(save(**arrays | colours), channels="rgb").image_shape == (3, 2, 3)
    assert load(save(**arrays), channels="gray").image_shape == (3, 2, 1)
    coloured = load(save(**arrays), channels="rgb")
    np.testing.assert_array_equal(coloured.x_test, np.repeat(load(save(**arrays)).x_test, 3, -1))
    others = {name: np.zeros((*x.shape, 2)) for name, x in arrays.items() if name[0] == "x"}
    with pytest.raises(ValueError, match="(?s)`channels` takes images of one channel.*of 2"):
        load(save(**arrays | others), channels="gray")
    with pytest.raises(ValueError, match="`channels` must be one of 'gray', 'rgb'"):
        load(channels="grey")


def test_validation_images(arrays, save):
    path = save(**arrays, x_val=arrays["x_test"][:2], y_val=np.array([5, 1]))
    data = load(path, image_size=4)
    assert (data.x_val.shape, data.y_val.tolist()) == ((2, 4, 4, 1), [1, 0])
    assert load("digits").x_val is None


def test_files_of_medmnist(tmp_path, rng):
    """Their layout: MedMNIST v2 (Yang et al. 2023), labels in a column."""
    parts = {"train": 20, "val": 5, "test": 10}
    arrays = {
        f"{part}_{what}": values
        for part, n in parts.items()
        for what, values in (
            ("images", rng.integers(0, 256, (n, 28, 28, 3), dtype=np.uint8)),
            ("labels", (np.arange(n)[:, None] % 4).astype(np.uint8)),
        )
    }
    np.savez(tmp_path / "bloodmnist.npz", **arrays)
    data = load(tmp_path / "bloodmnist.npz")
    assert (data.image_shape, data.classes, len(data.x_val)) == ((28, 28, 3), (0, 1, 2, 3), 5)
    np.testing.assert_allclose(data.x_test, arrays["test_images"] / 255, rtol=1e-6)
    several = {key: np.ones((len(y), 14), np.uint8) for key, y in arrays.items() if "labels" in key}
    np.savez(tmp_path / "chestmnist.npz", **arrays | several)
    with pytest.raises(ValueError, match="(?s)`train_labels` must have one.*several labels an im"):
        load(tmp_path / "chestmnist.npz")
    volumes = {
        key: np.zeros((len(x), 8, 8, 8), np.uint8) for key, x in arrays.items() if "im" in key
    }
    np.savez(tmp_path / "organmnist3d.npz", **arrays | volumes)
    with pytest.raises(ValueError, match="(?s)`train_images` must have .* so 8 channels"):
        load(tmp_path / "organmnist3d.npz")


def test_dark_integers_are_warned_of(arrays, save):
    masks = {name: (x > 100).astype(np.uint8) for name, x in arrays.items() if name[0] == "x"}
    warning = (
        "`x_train` holds integers from 0 to 1, which are divided by 255 and so all nearly black. "
        "If 1 is white, save x / 1 instead."
    )
    with pytest.warns(UserWarning, match="divided by 255") as caught:
        data = load(save(**arrays | masks))
    assert str(caught[0].message) == f"load: {warning}"
    assert data.x_train.max() == np.float32(1 / 255)


@pytest.mark.parametrize(("key", "what"), [("test", "test"), ("val", "validation")])
def test_classes_without_test_or_validation_images(arrays, save, key, what):
    arrays |= {"y_train": np.array([5, 1, 5, 1, 2, 3])}
    whole_part = {"x_val": arrays["x_train"], "y_val": arrays["y_train"]}
    whole_part |= {"x_test": arrays["x_train"], "y_test": arrays["y_train"]}
    lacking = {f"x_{key}": arrays["x_test"], f"y_{key}": np.array([1, 5, 1, 5])}
    message = (
        f"load: `classes` must leave at least one {what} image.\nReceived 2, 3; the {what} labels "
        "are 1, 5.\nWith classes=[...], name labels that are in all parts."
    )
    with pytest.raises(ValueError, match=whole(message)):
        load(save(**arrays | whole_part | lacking), classes=[2, 3])


@pytest.mark.parametrize("argument", ["n_train", "n_test"])
def test_no_class_loses_all_images_in_a_draw(save, argument):
    part = argument.removeprefix("n_")
    arrays = {f"x_{key}": np.zeros((42, 3, 2)) for key in ("train", "test")}
    arrays |= {f"y_{key}": np.array(["cat"] * 40 + ["dog"] * 2) for key in ("train", "test")}
    path = save(**arrays)
    assert np.bincount(getattr(load(path, **{argument: 30}), f"y_{part}")).tolist() == [29, 1]
    message = (
        f"load: `{argument}` must be so large that the share of each class is an image or more.\n"
        "Received 6 of 42 images, of which 2 are 'dog', so that none of these is drawn.\n"
        "Choose a larger number, or leave it out to take all."
    )
    with pytest.raises(ValueError, match=whole(message)):
        load(path, **{argument: 6})


def test_arrays_that_are_not_used_are_said_or_refused(arrays, save):
    whole_set = {"x": arrays["x_train"], "y": arrays["y_train"]}
    path = save(**arrays | whole_set)
    said = (
        f"load: x and y of {path} will not be used, since it has x_train, y_train, x_test, y_test."
    )
    with pytest.warns(UserWarning, match=re.escape(said)):
        load(path)
    path = save(**whole_set, x_val=arrays["x_test"], y_val=arrays["y_test"])
    message = (
        "load: `name` must have images for testing beside those for validation.\n"
        f"Received {path} with x, y, x_val, y_val.\nSave all as x_train, y_train, x_test, y_test, "
        "x_val, y_val; or leave x_val and y_val out."
    )
    with pytest.raises(ValueError, match=whole(message)):
        load(path)


@pytest.mark.parametrize(("part", "what"), [("test", "test"), ("val", "validation")])
def test_classes_that_are_not_measured_are_said(arrays, save, part, what):
    path = save(**arrays | {f"x_{part}": arrays["x_test"], f"y_{part}": np.array([1, 1, 1, 1])})
    with pytest.warns(UserWarning, match=f"^load: there are no {what} images of 5. What is "):
        load(path)


def test_missing_arrays(arrays, save):
    path = save(x_train=arrays["x_train"], labels=arrays["y_train"])
    message = (
        f"load: `name` must have the arrays x_train, y_train, x_test, y_test, or x and y, of which "
        f"a fifth is then drawn for testing.\n"
        f"Received {path} with x_train, labels; missing: y_train, x_test, y_test.\n"
        f"Save all four, such as with np.savez('data.npz', x_train=..., y_train=..., x_test=..., "
        f"y_test=...)."
    )
    with pytest.raises(ValueError, match=whole(message)):
        load(path)


def test_whole_data_is_split(rng, save):
    x = rng.integers(0, 256, (50, 3, 2), dtype=np.uint8)
    y = np.repeat([1, 5], [10, 40])
    path = save(x=x, y=y)
    data = load(path)
    assert (data.x_train.shape, data.x_test.shape) == ((40, 3, 2, 1), (10, 3, 2, 1))
    assert data.classes == (1, 5)
    assert [np.bincount(part).tolist() for part in (data.y_train, data.y_test)] == [[8, 32], [2, 8]]
    given = {(image.tobytes(), label) for image, label in zip(x, y == 5, strict=True)}
    parts = [(data.x_train, data.y_train), (data.x_test, data.y_test)]
    loaded = {
        (np.round(image[..., 0] * 255).astype(np.uint8).tobytes(), bool(label))
        for images, labels in parts
        for image, label in zip(images, labels, strict=True)
    }
    assert loaded == given
    np.testing.assert_array_equal(load(path).x_test, data.x_test)
    assert not np.array_equal(load(path, seed=1).x_test, data.x_test)


@pytest.mark.parametrize(
    ("labels", "numbers"),
    [
        (
            [0] * 98 + [1] * 2,
            "100 images, of which a fifth is 20, of 2 classes, the smallest with 2",
        ),
        (
            [0] * 9 + [1],
            "10 images, of which a fifth is 2, of 2 classes, the smallest with 1",
        ),
        (
            [0, 0, 1, 1],
            "4 images, of which a fifth is 1, of 2 classes, the smallest with 2",
        ),
    ],
)
def test_whole_data_too_small_to_split(labels, numbers, save):
    path = save(x=np.zeros((len(labels), 3, 2)), y=np.array(labels))
    with pytest.raises(
        ValueError, match=re.escape(f"{numbers}.\nSplit them yourself: save x_train")
    ):
        load(path)


def test_not_an_archive(tmp_path):
    path = tmp_path / "data.npz"
    path.write_text("no archive")
    message = (
        f"load: `name` must be an .npz archive.\nReceived {path}, which is not.\n"
        f"Write it with np.savez."
    )
    with pytest.raises(ValueError, match=whole(message)):
        load(path)


def test_python_objects_are_not_unpickled(arrays, save):
    arrays["y_train"] = np.array([None] * 6)
    with pytest.raises(ValueError, match=r"^load: the file must hold arrays of numbers, no Python"):
        load(save(**arrays))


@pytest.mark.parametrize(
    ("names", "has_labels"),
    [
        (("x", "y"), True),
        (("x_test", "y_test"), True),
        (("x",), False),
        (("images",), False),
    ],
)
def test_load_images(arrays, save, names, has_labels):
    contents = dict(zip(names, (arrays["x_test"], arrays["y_test"]), strict=False))
    x, y = load_images(save(**contents))
    np.testing.assert_allclose(x[..., 0], arrays["x_test"] / 255, rtol=1e-6)
    assert (None if y is None else y.tolist()) == ([1, 5, 1, 5] if has_labels else None)


def test_load_images_without_images(arrays, save):
    path = save(first=arrays["x_test"], second=arrays["x_test"])
    message = (
        f"load_images: `path` must be a file with an array named x or x_test, or with a single "
        f"array.\nReceived {path} with first, second.\n"
        f"Save the images with np.savez('data.npz', x=images)."
    )
    with pytest.raises(ValueError, match=whole(message)):
        load_images(path)


def test_load_images_checks_like_load(save):
    with pytest.raises(ValueError, match=r"^load_images: `x` must hold booleans, integers in "):
        load_images(save(x=np.full((2, 3, 2), 256)))
    with pytest.raises(ValueError, match=r"^load_images: `y` must have one label for each of"):
        load_images(save(x=np.zeros((2, 3, 2)), y=np.zeros(3, int)))


CHANNELS = {
    "volume": ((6, 8, 8, 8), {}, r"x.reshape\(-1, \*x.shape\[2:\]\).*n_channels=8"),
    "channels first": ((6, 3, 8, 8), {}, r"save np.moveaxis\(x, 1, -1\)"),
    "grey channels first": ((6, 1, 8, 8), {}, r"save np.moveaxis\(x, 1, -1\)"),
    "said, and first": ((6, 10, 8, 8), {"n_channels": 10}, r"save np.moveaxis\(x, 1, -1\)"),
    "said wrongly": ((6, 8, 8, 3), {"n_channels": 10}, "with 10 channels.\n.*n_channels=3"),
    "said oddly": ((6, 8, 8, 3), {"n_channels": [3]}, "`n_channels` must be one integer"),
    "grey": ((6, 8, 8), {}, None),
    "RGBA": ((6, 8, 8, 4), {}, None),
    "small images": ((6, 2, 2, 3), {}, None),
    "bands": ((6, 8, 8, 10), {"n_channels": 10}, None),
    "volume that is meant": ((6, 8, 8, 8), {"n_channels": 8}, None),
}


@pytest.mark.parametrize("case", CHANNELS)
def test_channels_are_last_and_few_or_said(case, tmp_path, rng):
    shape, said, message = CHANNELS[case]
    x = rng.random(shape)
    np.savez(tmp_path / "whole.npz", x=np.concatenate([x] * 5), y=np.arange(30) % 2, **said)
    np.savez(tmp_path / "images.npz", x=x, **said)
    for read in (
        lambda: load(tmp_path / "whole.npz").x_train,
        lambda: load_images(tmp_path / "images.npz")[0],
    ):
        if message is None:
            found = read()
            assert found.shape[1:] == (x if x.ndim == 4 else x[..., None]).shape[1:]
        else:
            with pytest.raises(ValueError, match=re.compile(message, re.DOTALL)):
                read()
