"""What is checked before anything is loaded says the same as what needs it, or the two drift."""

import pytest

from tfq_resqunn.runs import beforehand, training
from tfq_resqunn.runs.config import RunConfig

pytestmark = [pytest.mark.once, pytest.mark.anywhere]

MISTAKES = [
    {"encoder": "angel"},
    {"ansatz": "sim_99"},
    {"observables": "zz"},
    {"observables": "Z0*Z0"},
    {"backend": "gpu"},
    {"backend": "noisy"},
    {"backend": "noiseless", "noise": {"bit_flip": 0.1}},
    {"noise": {"bit_flip": 2}},
    {"noise": {"foo": 1}},
    {"placement": "X+O3"},
    {"classes": [3, 3]},
    {"dataset": "digit"},
    {"dataset": "none.npz"},
    {"control": "classical", "encoder": "angel"},
]


@pytest.mark.parametrize("settings", MISTAKES, ids=str)
def test_a_run_is_refused_in_the_same_words(settings, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = RunConfig(**settings)
    with pytest.raises((ValueError, OSError)) as early:
        beforehand.check_run(config)
    with pytest.raises(early.type) as late:
        training.build_model(config, training.load_data(config))
    # A layer takes circuits of one's own as well, a run takes names alone.
    assert str(early.value) == str(late.value).replace(", or a cirq.Circuit", "")
