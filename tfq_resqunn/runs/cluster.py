"""Which processes train one network together, as `TF_CONFIG` says; imports no TensorFlow.

TensorFlow defines what stands there: the addresses of all workers, which each of them is given
alike, and which of these the process itself is.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from tfq_resqunn._utils.arguments import choice, is_integer, received

MIRRORED, MULTI_WORKER = STRATEGIES = ("mirrored", "multi-worker")
VARIABLE = "TF_CONFIG"
# The jobs that `tf.distribute.MultiWorkerMirroredStrategy` trains with, the chief first.
JOBS = ("chief", "worker")
EXAMPLE = json.dumps(
    {
        "cluster": {"worker": ["host1:2222", "host2:2222"]},
        "task": {"type": "worker", "index": 0},
    }
)
# Where TensorFlow reads that its Keras is to be Keras 2, and what it takes for yes.
LEGACY_KERAS, YES = "TF_USE_LEGACY_KERAS", ("1", "true", "True")
ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+):([0-9]{1,5})")
MAX_PORT = 65535

check_strategy_name = choice(*STRATEGIES).or_none()


@dataclass(frozen=True)
class Cluster:
    """The processes that train one network together.

    Attributes:
        addresses: Of all of them, `host:port`, the chief's first.
        number: Which of them this process is; 0 is the chief, which alone writes files.
    """

    addresses: tuple[str, ...]
    number: int

    @property
    def is_chief(self) -> bool:
        """Whether this is the process that writes the files of the run."""
        return self.number == 0


def check_strategy(strategy: object, who: str = "train") -> Cluster | None:
    """Checks the name of a strategy, and what it takes from the environment.

    Returns:
        The cluster of `"multi-worker"`, `None` for what trains in one process.

    Raises:
        ValueError: If there is no such strategy, Keras 3 cannot train with it, or `TF_CONFIG` is
            missing or wrong.
    """
    if check_strategy_name(strategy, "strategy", who) != MULTI_WORKER:
        return None
    if os.environ.get(LEGACY_KERAS) not in YES:
        raise ValueError(
            f"{who}: `strategy` must be {MIRRORED!r} or None under Keras 3, which cannot train "
            f"with several workers (keras-team/keras#20585).\nReceived {MULTI_WORKER!r}.\n"
            f"Use Keras 2: install tf_keras, and set {LEGACY_KERAS}=1 before the program starts."
        )
    return read_cluster(os.environ.get(VARIABLE), who)


def read_cluster(text: str | None, who: str = "train") -> Cluster:
    """Reads the text of `TF_CONFIG`.

    Raises:
        ValueError: If it does not name at least two workers, and which of them this process is.

    Example:
        >>> read_cluster('''{"cluster": {"worker": ["a:1", "b:1"], "chief": ["c:1"]},
        ...                  "task": {"type": "worker", "index": 1}}''')
        Cluster(addresses=('c:1', 'a:1', 'b:1'), number=2)
    """
    if not text:
        _refuse("be set for strategy='multi-worker'", "none", who)
    try:
        config = json.loads(text)
    except (ValueError, RecursionError):
        _refuse("be JSON", received(text), who)
    cluster, task = (_mapping(config, key, who) for key in ("cluster", "task"))
    if not cluster or not set(cluster) <= set(JOBS):
        _refuse("name the jobs worker, and chief if there is one, in `cluster`", cluster, who)
    for job, addresses in cluster.items():
        if not isinstance(addresses, list) or not addresses or not all(map(_is_address, addresses)):
            _refuse(f"give {job} a list of addresses, host:port", addresses, who)
    if len(cluster.get("chief", [])) > 1:
        _refuse("name one chief at most", cluster["chief"], who)
    addresses = tuple(address for job in JOBS for address in cluster.get(job, []))
    if len(set(addresses)) < max(2, len(addresses)):
        _refuse("name at least two workers, each with an address of its own", cluster, who)
    own, index = task.get("type"), _index(task.get("index"))
    if own not in list(cluster) or index is None or not 0 <= index < len(cluster[own]):
        _refuse("name one of the cluster's workers in `task`, by type and index", task, who)
    before = len(cluster.get("chief", [])) if own == "worker" else 0
    return Cluster(addresses, before + index)


def _mapping(config: object, key: str, who: str) -> Mapping[str, Any]:
    found = config.get(key) if isinstance(config, dict) else None
    if not isinstance(found, dict):
        _refuse(f"hold `{key}`, names with values", config, who)
    return found


def _is_address(address: object) -> bool:
    match = ADDRESS.fullmatch(address) if isinstance(address, str) else None
    return match is not None and 1 <= int(match[2]) <= MAX_PORT


def _index(index: Any) -> int | None:
    """Gives an index as a number; TensorFlow takes one in quotes too."""
    if isinstance(index, str) and re.fullmatch(r"\d{1,9}", index, re.ASCII):
        return int(index)
    return int(index) if is_integer(index) else None


def _refuse(rule: str, value: object, who: str) -> NoReturn:
    shown = value if isinstance(value, str) else received(value)
    raise ValueError(
        f"{who}: the environment variable {VARIABLE} must {rule}.\nReceived {shown}.\n"
        "Set it for each worker, the same but for its own index, such as\n"
        f"  {VARIABLE}='{EXAMPLE}'"
    )
