import itertools
import re

import pytest

from tfq_resqunn import Placement
from tfq_resqunn.models.placement import as_placement

pytestmark = [pytest.mark.once, pytest.mark.anywhere]

# text, what flows on after each layer
FEEDS = [
    ("none", {1: 1, 2: 2}),
    ("X+O1", {1: (0, 1), 2: 2}),
    ("O1+O2", {1: 1, 2: (1, 2)}),
    ("(X+O1)+O2", {1: (0, 1), 2: ((0, 1), 2)}),
    ("x+o1", {1: (0, 1), 2: 2}),
    ("None", {1: 1, 2: 2}),
    ("O2+O3, X+O1", {1: (0, 1), 2: 2, 3: (2, 3)}),
    ("X+O007", {7: (0, 7)}),
    ("X+O2", {1: 1, 2: (0, 2)}),
    ("X+O1+O2", {1: 1, 2: (0, 1, 2)}),
    ("X+O1, X+O2", {1: (0, 1), 2: (0, 2)}),
    ("X+O1, O2+O3", {1: (0, 1), 2: 2, 3: (2, 3)}),
    ("X+(O1+O2)", {1: 1, 2: (0, (1, 2))}),
    ("  X + O1 ,O2+ O3", {1: (0, 1), 3: (2, 3)}),
]


@pytest.mark.parametrize(("text", "feeds"), FEEDS)
def test_feeds(text, feeds):
    placement = Placement.parse(text)
    assert {k: placement.feed(k) for k in feeds} == feeds
    assert Placement.parse(str(placement)) == placement
    assert placement.feed(0) == 0


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_every_placement_is_there_once_and_parses(depth):
    every = Placement.every(depth)
    assert len({str(p) for p in every}) == 2**depth
    for placement, chosen in zip(every, _subsets(depth), strict=True):
        assert Placement.parse(str(placement), depth) == placement
        replaced = {k for k in range(1, depth + 1) if placement.feed(k) != k}
        assert replaced == set(chosen)
    assert every[-1] == Placement.full(depth) == as_placement(None, depth)


def _subsets(depth):
    for n in range(depth + 1):
        yield from itertools.combinations(range(1, depth + 1), n)


def test_value():
    assert Placement.parse("X+O1") == Placement(((0, 1),))
    assert hash(Placement.parse("X+O1")) == hash(Placement.parse(" X + O1 "))
    assert eval(repr(Placement.parse("(X+O1)+O2"))) == Placement.parse("(X+O1)+O2")
    assert as_placement(Placement.parse("X+O1"), 1) == Placement.parse("X+O1")


ERRORS = [
    ("X+", 2, "Expected X, O1, O2, ... or '('"),
    ("X+O3", 2, "There is no layer 3: the network's depth is 2 (O1, O2)"),
    ("(X+O1", 0, "This '(' is never closed"),
    ("X+X", 2, "A sum holds each output once, but this one stands in it already"),
    ("(X+O1)+O1", 7, "A sum holds each output once, but this one stands in it already"),
    ("x+y", 2, "Expected X, O1, O2, ..., '(', ')', '+' or ','"),
    ("O2+O1", 3, "The terms of a sum stand in the order of their layers: here O1+O2"),
    ("x + o2 + o1", 9, "The terms of a sum stand in the order of their layers: here X+O1+O2"),
    ("O2+(X+O1)", 3, "The terms of a sum stand in the order of their layers: here (X+O1)+O2"),
    ("(O1+X)+O2", 4, "The terms of a sum stand in the order of their layers: here X+O1"),
    ("X+O\u0661", 2, "Expected X, O1, O2, ..., '(', ')', '+' or ','"),
    ("X+O201", 2, "A network has at most 200 layers"),
    ("X+O1 & O2", 5, "Expected X, O1, O2, ..., '(', ')', '+' or ','"),
    ("O0+O1", 0, "Layers are counted from O1 (X is the network's input)"),
    ("X+O1,X+O1", 5, "Two sums take the place of O1: X+O1 and X+O1"),
    ("(X+O1)+O2, X+O1", 11, "Two sums take the place of O1: X+O1 and X+O1"),
    ("O1", 0, "A sum needs two terms, as in X+O1"),
    ("X+O1 O2", 5, "Expected '+', ',' or the end"),
    ("X+O1)", 4, "Expected '+', ',' or the end"),
    (
        "X+01",
        2,
        "Expected X, O1, O2, ..., '(', ')', '+' or ',' (with the letter O, not the digit 0)",
    ),
    ("", 0, "Expected X, O1, O2, ... or '('"),
    ("nothing", 0, "Expected X, O1, O2, ..., '(', ')', '+' or ','"),
    ("__import__('os')", 0, "Expected X, O1, O2, ..., '(', ')', '+' or ','"),
]


@pytest.mark.parametrize(("text", "place", "why"), ERRORS)
def test_errors_show_the_place(text, place, why):
    with pytest.raises(ValueError) as error:
        Placement.parse(text, depth=2)
    arrow = " " * place + "^"
    assert str(error.value) == (
        f"Placement: {why}.\n    {text}\n    {arrow}\n"
        "Examples: 'none', 'X+O1', 'O1+O2', '(X+O1)+O2', 'X+O1, O2+O3'."
    )


@pytest.mark.parametrize("text", ["(" * 5000, "X+O" + "9" * 5000, "X+O1, " * 1000])
def test_long_texts_are_shown_around_the_place(text):
    with pytest.raises(ValueError, match="\\^\nExamples") as error:
        Placement.parse(text)
    _, shown, caret, _ = str(error.value).splitlines()
    assert len(caret) <= len(shown) <= 4 + 72 + 2 * len("...")


def test_the_deepest_network_has_a_placement():
    full = Placement.full(200)
    assert Placement.parse(str(full), 200) == full


def deep(n):
    sums = (0, 1)
    for k in range(2, n):
        sums = (sums, k)
    return (sums,)


@pytest.mark.parametrize(
    "sums",
    ["X+O1", (0, 1), ((0,),), ((0, "O1"),), ((0, True),), ((0, 1.0),), deep(5000)],
    ids=["text", "flat", "alone", "name", "bool", "float", "deep"],
)
def test_the_constructor_takes_parsed_sums_only(sums):
    with pytest.raises(TypeError, match="For the text form use Placement.parse"):
        Placement(sums)


@pytest.mark.parametrize(
    ("sums", "why"),
    [
        (((0, 1), (0, 1)), "Two sums take the place of O1"),
        (((0, 1), ((0, 1), 2)), "Two sums take the place of O1"),
        (((1, 0),), "The terms of a sum stand in the order of their layers: here X+O1"),
        (((0, 0),), "A sum holds each output once"),
        (((0, -1),), "Expected X, O1, O2"),
        (((0, 10**30),), "A network has at most 200 layers"),
    ],
)
def test_the_constructor_knows_the_parsers_rules(sums, why):
    with pytest.raises(ValueError, match=f"Placement: {re.escape(why)}"):
        Placement(sums)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Placement.parse("none", -1), ValueError, "`depth` must be at least 1"),
        (lambda: Placement.parse("none", True), TypeError, "`depth` must be an integer"),
        (lambda: Placement.full(0), ValueError, "`depth` must be at least 1"),
        (lambda: Placement.full(201), ValueError, "`depth` must be at most 200. Received 201"),
        (lambda: Placement.every(-1), ValueError, "`depth` must be at least 1"),
        (lambda: Placement.every(64), ValueError, "`depth` must be at most 16. Received 64"),
        (lambda: Placement.around([0, 1]), ValueError, "`layers` must be at least 1"),
        (lambda: Placement.around(["1"]), TypeError, "`layers` must be an integer"),
        (lambda: as_placement(None, 0), ValueError, "`depth` must be at least 1"),
    ],
)
def test_depths(make, error, message):
    with pytest.raises(error, match=f"Placement: {message}"):
        make()


def test_layers_are_a_set():
    assert Placement.around([2, 1, 1]) == Placement.full(2)


@pytest.mark.parametrize("value", [3, ("X", "O1"), b"X+O1"])
def test_type_errors(value):
    with pytest.raises(TypeError, match="Placement: `text` must be a string"):
        as_placement(value, 2)
