"""Where strings are cut in two, so that they share what is computed from either end."""

import collections
import dataclasses
from collections.abc import Sequence

from tfq_resqunn.simulation.gates.operators import String


@dataclasses.dataclass(frozen=True, eq=False)
class Node:
    """The first letters of some strings, or their last ones, read from the end.

    Attributes:
        side: The end where the sweep begins, `"left"` or `"right"`.
        letters: Those of the qubits from there on.
        qubit: That of the last of these letters; -1 without any.
        parent: The node with one letter less; `None` without any.
    """

    side: str
    letters: String
    qubit: int
    parent: "Node | None"


@dataclasses.dataclass(frozen=True, eq=False)
class Cuts:
    """Strings, each as a node from the left and a node from the right.

    Attributes:
        left: All nodes from the left, each after its parent; the first is without letters.
        right: Those from the right.
        pairs: For each string, its two nodes.
    """

    left: list[Node]
    right: list[Node]
    pairs: list[tuple[Node, Node]]


def cut_strings(strings: Sequence[String]) -> Cuts:
    """Cuts each string where most of its parts are parts of other strings as well."""
    left, right = _Tree("left", strings), _Tree("right", [s[::-1] for s in strings])
    pairs = []
    for string in strings:
        from_left, from_right = left.shares(string), right.shares(string[::-1])
        n = len(string)
        at = min(range(n + 1), key=lambda c: from_left[c] + from_right[n - c])
        pairs.append((left.node(string[:at]), right.node(string[::-1][: n - at])))
    return Cuts(left.nodes, right.nodes, pairs)


class _Tree:
    def __init__(self, side: str, strings: Sequence[String]):
        self._side, self._n = side, len(strings[0])
        self._counts = collections.Counter(s[:i] for s in strings for i in range(1, len(s) + 1))
        self._nodes: dict[String, Node] = {(): Node(side, (), -1, None)}

    @property
    def nodes(self) -> list[Node]:
        return list(self._nodes.values())

    def node(self, letters: String) -> Node:
        for n in range(self._n_known(letters) + 1, len(letters) + 1):
            qubit = n - 1 if self._side == "left" else self._n - n
            parent = self._nodes[letters[: n - 1]]
            self._nodes[letters[:n]] = Node(self._side, letters[:n], qubit, parent)
        return self._nodes[letters]

    def _n_known(self, letters: String) -> int:
        n = len(letters)
        while letters[:n] not in self._nodes:
            n -= 1
        return n

    def shares(self, string: String) -> list[float]:
        # What the first nodes of a string cost, where a node is paid for by all that share it.
        costs = [0.0]
        for i in range(1, len(string) + 1):
            costs.append(costs[-1] + 1 / self._counts[string[:i]])
        return costs
