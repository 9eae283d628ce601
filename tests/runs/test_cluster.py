"""`TF_CONFIG`: what TensorFlow defines is read, and anything else is an error with an example."""

import json

import pytest

from tfq_resqunn.runs.cluster import EXAMPLE, Cluster, check_strategy, read_cluster

pytestmark = [pytest.mark.once, pytest.mark.anywhere]

TWO = ["a:1", "b:2"]


def config(cluster, job="worker", index=0):
    return json.dumps({"cluster": cluster, "task": {"type": job, "index": index}})


READ = {
    EXAMPLE: (("host1:2222", "host2:2222"), 0),
    config({"worker": TWO}, index=1): (("a:1", "b:2"), 1),
    config({"worker": TWO}, index="1"): (("a:1", "b:2"), 1),
    config({"worker": ["a:1"], "chief": ["b:2"]}): (("b:2", "a:1"), 1),
    config({"worker": ["a:1"], "chief": ["b:2"]}, "chief"): (("b:2", "a:1"), 0),
    config({"worker": ["[::1]:65535", "10.0.0.1:1"]}): (("[::1]:65535", "10.0.0.1:1"), 0),
}


@pytest.mark.parametrize("text", READ)
def test_what_is_read(text):
    addresses, number = READ[text]
    cluster = read_cluster(text)
    assert cluster == Cluster(addresses, number)
    assert cluster.is_chief == (number == 0)


SET = "be set for strategy='multi-worker'.\nReceived none."
MAPPING = "names with values"
JOBS = "name the jobs worker, and chief if there is one"
ADDRESSES = "give worker a list of addresses"
TASK = "name one of the cluster's workers in `task`"
TWO_WORKERS = "name at least two workers, each with an address of its own"
REFUSED = {
    None: SET,
    "": SET,
    "{": "be JSON.\nReceived '{'",
    "[" * 10**5: "be JSON",
    "[]": f"hold `cluster`, {MAPPING}",
    "3": f"hold `cluster`, {MAPPING}",
    "{}": f"hold `cluster`, {MAPPING}",
    '{"cluster": []}': f"hold `cluster`, {MAPPING}",
    json.dumps({"cluster": {"worker": TWO}}): f"hold `task`, {MAPPING}",
    json.dumps({"cluster": {"worker": TWO}, "task": 0}): f"hold `task`, {MAPPING}",
    json.dumps({"cluster": {"worker": TWO}, "task": {}}): TASK,
    config({}): JOBS,
    config({"worker": TWO, "ps": ["c:3"]}): JOBS,
    config({"worker": TWO, "evaluator": ["c:3"]}): JOBS,
    config({"worker": []}): ADDRESSES,
    config({"worker": "a:1"}): ADDRESSES,
    config({"worker": {"0": "a:1"}}): ADDRESSES,
    config({"worker": ["a:1", 2]}): ADDRESSES,
    config({"worker": ["a:1", "b:٣"]}): ADDRESSES,
    config({"worker": ["a:1", "b"]}): ADDRESSES,
    config({"worker": ["a:1", "b:0"]}): ADDRESSES,
    config({"worker": ["a:1", "b:65536"]}): ADDRESSES,
    config({"worker": ["a:1", "http://b:2"]}): ADDRESSES,
    config({"worker": ["a:1", "b :2"]}): ADDRESSES,
    config({"worker": ["a:1", "b:2"], "chief": ["c:3", "d:4"]}): "name one chief at most",
    config({"worker": ["a:1"]}): TWO_WORKERS,
    config({"chief": ["a:1"]}, "chief"): TWO_WORKERS,
    config({"worker": ["a:1", "a:1"]}): TWO_WORKERS,
    config({"worker": ["a:1"], "chief": ["a:1"]}): TWO_WORKERS,
    config({"worker": TWO}, "chief"): TASK,
    config({"worker": TWO}, "ps"): TASK,
    config({"worker": TWO}, ["worker"]): TASK,
    config({"worker": TWO}, index=2): TASK,
    config({"worker": TWO}, index=-1): TASK,
    config({"worker": TWO}, index="-1"): TASK,
    config({"worker": TWO}, index=0.5): TASK,
    config({"worker": TWO}, index=True): TASK,
    config({"worker": TWO}, index=None): TASK,
}


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: str(text)[:60])
def test_what_is_refused(text):
    with pytest.raises(ValueError) as error:
        read_cluster(text)
    lines = str(error.value)
    assert lines.startswith("train: the environment variable TF_CONFIG must "), lines
    assert REFUSED[text] in lines
    assert lines.endswith(f"such as\n  TF_CONFIG='{EXAMPLE}'")
    assert len(lines) < 1000


def test_strategies_by_name(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", EXAMPLE)
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "1")
    assert check_strategy(None) is check_strategy("mirrored") is None
    assert check_strategy("multi-worker") == read_cluster(EXAMPLE)
    for name in ("mirror", "", 3):
        with pytest.raises(ValueError, match="^train: `strategy` must be one of 'mirrored', 'mul"):
            check_strategy(name)
    monkeypatch.delenv("TF_USE_LEGACY_KERAS")
    with pytest.raises(
        ValueError, match=r"under Keras 3, which cannot(.|\n)*TF_USE_LEGACY_KERAS=1"
    ):
        check_strategy("multi-worker")
