"""Fewer coordinates on the bonds: only what can be reached from one end and seen from the other.

What a sweep carries from qubit to qubit is a vector over the values of the bonds. Whatever the
weights and the data are, these vectors lie in a space that is often much smaller, and of that only
the part counts that vectors from the other end can see. Both spaces are found once, from columns
with random weights. Coordinates in what is left are exact.

Most nodes have the same spaces as their neighbours. These are then the same object, so that what
is made of them is made once.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from tfq_resqunn.simulation.matrix_products.columns import Columns
from tfq_resqunn.simulation.matrix_products.cuts import Cuts, Node

_TINY = 1e-11  # against 1: a direction that rounding alone has made
_NOTHING = 1e-14  # against the longest: a row that rounding alone has made
_EXTRA = 8  # samples of weights, beyond the number of dimensions
OTHER_SIDE = {"left": "right", "right": "left"}


@dataclasses.dataclass(frozen=True, eq=False)
class Space:
    """A space in each slice: `vectors`, `[slices, n, size]`, are orthonormal rows, or zero."""

    vectors: np.ndarray


@dataclasses.dataclass(frozen=True, eq=False)
class Coordinates:
    """What a sweep carries at a node.

    Attributes:
        slices: The slices in which there is anything.
        vectors: `[slices, size, n]`: what each coordinate stands for, over the bonds' values.
        constant: `[slices, n]` where neither weights nor data change the coordinates, or nothing of
            them is seen; else `None`.
    """

    slices: np.ndarray
    vectors: np.ndarray
    constant: np.ndarray | None


def find_coordinates(columns: Columns, cuts: Cuts) -> dict[Node, Coordinates]:
    """Finds the coordinates of all nodes."""
    return _Search(columns).run(cuts)


class _Search:
    def __init__(self, columns: Columns):
        self._columns = columns
        self._random = np.random.default_rng(0)
        self._samples: dict[tuple, np.ndarray] = {}
        self._spaces: list[Space] = []
        self._images: dict[tuple, Space] = {}
        self._joined: dict[tuple[int, ...], Space] = {}
        self._found: dict[tuple, Coordinates] = {}

    def run(self, cuts: Cuts) -> dict[Node, Coordinates]:
        start = np.ones((self._columns.n_slices, 1, 1))
        reached: dict[Node, Space] = {}
        fixed: dict[Node, np.ndarray | None] = {}
        for node in (*cuts.left, *cuts.right):
            if node.parent is None:
                reached[node], fixed[node] = self._space(start), start[:, 0]
            else:
                reached[node] = self._image(reached[node.parent], node, node.side)
                fixed[node] = self._fixed(fixed[node.parent], node)
        seen: dict[Node, list[Space]] = {node: [] for node in reached}
        for left, right in cuts.pairs:
            seen[left].append(reached[right])
            seen[right].append(reached[left])
        found = {}
        for node in (*reversed(cuts.left), *reversed(cuts.right)):
            space = self._join(seen[node])
            if node.parent is not None:
                seen[node.parent].append(self._image(space, node, OTHER_SIDE[node.side]))
            found[node] = self._coordinates(reached[node], space, fixed[node])
        for node in (*cuts.left, *cuts.right):
            if node.parent is not None:
                found[node] = _within(found[node], found[node.parent])
        return found

    def _column(self, node: Node, side: str) -> np.ndarray:
        """Samples of a node's column: `[slices or 1, samples, in, out, letters]`, from a side."""
        likeness = self._columns.likeness[node.qubit]
        if likeness not in self._samples:
            n = _EXTRA + max(_size(sizes) for sizes, _ in likeness[-1])
            self._samples[likeness] = self._columns.sample(node.qubit, n, self._random)
        start = likeness[0].index(node.letters[-1])
        column = self._samples[likeness][:, :, start]
        return column if side == "left" else np.swapaxes(column, 2, 3)

    def _image(self, space: Space, node: Node, side: str) -> Space:
        """What becomes of a space when a node's qubit is taken in, from the given side."""
        key = id(space), self._columns.likeness[node.qubit], node.letters[-1], side
        if key not in self._images:
            # Sums at random, of vectors and of letters, for each sample of weights: as many as a
            # space can have dimensions reach all of it.
            column = self._column(node, side)
            n_samples, n_letters = column.shape[1], column.shape[-1]
            column = column @ self._random.normal(size=(n_samples, 1, n_letters, 1))
            mixing = self._random.normal(size=(n_samples, space.vectors.shape[1]))
            rows = np.swapaxes(mixing @ space.vectors, 0, 1)[:, :, None]
            rows = np.swapaxes(rows @ np.swapaxes(column[..., 0], 0, 1), 0, 1)[:, :, 0]
            self._images[key] = self._space(rows)
        return self._images[key]

    def _fixed(self, vector: np.ndarray | None, node: Node) -> np.ndarray | None:
        """What becomes of a vector that depends on nothing, if it still does not."""
        if vector is None:
            return None
        column = self._column(node, node.side)[:, :_EXTRA]
        images = np.einsum("ki,ksioa->ksao", vector, column, optimize=True)
        by_identity = images[:, :1, :1]  # the first letter is the identity
        if np.abs(images[:, :, 1:]).max(initial=0) > _TINY:
            return None
        if np.abs(images[:, :, :1] - by_identity).max() > _TINY:
            return None
        return by_identity[:, 0, 0]

    def _join(self, spaces: Sequence[Space]) -> Space:
        key = tuple(sorted({id(space) for space in spaces}))
        if key not in self._joined:
            by_id = {id(space): space.vectors for space in spaces}
            self._joined[key] = self._space(np.concatenate(list(by_id.values()), axis=1))
        return self._joined[key]

    def _space(self, rows: np.ndarray) -> Space:
        """Gives the space of some rows; an equal one that is known already, if there is one."""
        lengths = np.linalg.norm(rows, axis=2, keepdims=True)
        rows = np.divide(
            rows, lengths, out=np.zeros_like(rows), where=lengths > _NOTHING * lengths.max()
        )
        _, sizes, vectors = np.linalg.svd(rows, full_matrices=False)
        there = sizes > _TINY
        vectors = (vectors * there[:, :, None])[:, : max(1, there.sum(axis=1).max())]
        for space in self._spaces:
            if space.vectors.shape == vectors.shape and _is_within(vectors, space.vectors):
                return space
        self._spaces.append(Space(vectors))
        return self._spaces[-1]

    def _coordinates(self, reached: Space, seen: Space, fixed: np.ndarray | None) -> Coordinates:
        key = id(reached), id(seen), None if fixed is None else fixed.tobytes()
        if key not in self._found:
            overlaps = reached.vectors @ np.swapaxes(seen.vectors, 1, 2)
            directions, sizes, _ = np.linalg.svd(overlaps, full_matrices=False)
            there = sizes > _TINY
            slices = np.flatnonzero(there.any(axis=1))
            vectors = np.swapaxes(reached.vectors, 1, 2) @ (directions * there[:, None, :])
            vectors = vectors[slices][:, :, : max(1, there.sum(axis=1).max())]
            constant = None
            if fixed is not None:
                constant = np.einsum("kin,ki->kn", vectors, fixed[slices])
            elif not len(slices):
                constant = np.zeros((0, vectors.shape[2]))
            self._found[key] = Coordinates(slices, vectors, constant)
        return self._found[key]


def _within(own: Coordinates, parent: Coordinates) -> Coordinates:
    """Drops slices that a node's parent has not: rounding can leave a trace of one."""
    there = np.isin(own.slices, parent.slices)
    if there.all():
        return own
    constant = None if own.constant is None else own.constant[there]
    return Coordinates(own.slices[there], own.vectors[there], constant)


def _is_within(vectors: np.ndarray, space: np.ndarray) -> bool:
    ranks = [np.any(v, axis=2).sum(axis=1) for v in (vectors, space)]
    if not np.array_equal(*ranks):
        return False
    projected = vectors @ np.swapaxes(space, 1, 2) @ space
    return bool(np.abs(projected - vectors).max() < 1e-10)


def _size(sizes: Sequence[int]) -> int:
    return int(np.prod(sizes, dtype=int))
