"""Models that version 0.2.0 has saved are read, and predict what they did there."""

import csv
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from packaging.version import Version

from tfq_resqunn._utils.keras import IS_KERAS_3, keras
from tfq_resqunn.cli import main

OLDER = Path(__file__).parents[1] / "data" / "models_0_2_0" / ("keras3" if IS_KERAS_3 else "keras2")
MODELS = sorted(path.stem for path in OLDER.glob("*.keras"))
with zipfile.ZipFile(OLDER / "twin.keras") as _file:
    WRITTEN_BY = json.loads(_file.read("metadata.json"))["keras_version"]
pytestmark = pytest.mark.skipif(
    # tf_keras, whose files have been the same for years, says no version.
    IS_KERAS_3 and Version(keras.__version__).release[:2] < Version(WRITTEN_BY).release[:2],
    reason=f"Keras {WRITTEN_BY} wrote them: an older Keras does not know all that it writes",
)


@pytest.fixture(scope="module")
def arrays():
    return np.load(OLDER / "outputs.npz")


@pytest.mark.parametrize("name", MODELS)
def test_older_models_predict_the_same(name, arrays):
    """To the bit on the machine that wrote them; elsewhere sums may be added in another order."""
    model = keras.models.load_model(OLDER / f"{name}.keras", compile=False)
    outputs = model.predict(arrays[f"{name}_inputs"], verbose=0)
    np.testing.assert_allclose(outputs, arrays[f"{name}_outputs"], rtol=0, atol=2e-6)


@pytest.mark.filterwarnings("ignore:predict")
def test_the_command_reads_them(arrays, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(OLDER / "twin.keras", tmp_path)
    shutil.copy(OLDER / "resqunn.keras", tmp_path)
    np.savez("images.npz", x=arrays["resqunn_inputs"])
    for name in ("twin", "resqunn"):
        result = CliRunner().invoke(main, ["predict", f"{name}.keras", "images.npz"])
        assert result.exit_code == 0, result.output
        with open("predictions.csv", encoding="utf-8") as file:
            labels = [int(row["label"]) for row in csv.DictReader(file)]
        assert labels == arrays[f"{name}_outputs"].argmax(axis=-1).tolist()
