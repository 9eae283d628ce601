"""How seeds and learning rates of a study are written on a command line."""

from collections.abc import Mapping

from tfq_resqunn._utils.arguments import check_text
from tfq_resqunn.runs.settings import Form, join, list_of


def _read_seeds(text: str) -> int | tuple[int, ...]:
    numbers = tuple(int(number) for number in text.split(",") if number.strip())
    if not numbers:
        raise ValueError("no seeds")
    return numbers if "," in text else numbers[0]


def _write_seeds(seeds: tuple[int, ...]) -> str:
    if seeds == tuple(range(len(seeds))):
        return str(len(seeds))
    return join(seeds) + ("," if len(seeds) == 1 else "")  # which is no number of seeds


SEEDS = Form(
    check_text,  # StudyConfig has a rule of its own
    _read_seeds,
    _write_seeds,
    "N|SEEDS",
    "a number of seeds, such as 3, or seeds, such as 0,1,7",
)


def _read_arms(text: str) -> dict[str, tuple[float | None, ...]]:
    pairs = [part.rpartition("=") for part in text.split(";")]
    read = {
        arm.strip(): tuple(None if rate == "-" else float(rate) for rate in rates.split("/"))
        for arm, _, rates in pairs
    }
    if len(read) < len(pairs):
        raise ValueError("an arm twice")
    return read


def _write_arms(rates: Mapping[str, tuple[float | None, ...]]) -> str:
    return ";".join(
        f"{arm}={'/'.join('-' if rate is None else repr(rate) for rate in pair)}"
        for arm, pair in rates.items()
    )


# StudyConfig has rules of its own for these.
RATES = Form(
    check_text, list_of(float), join, "RATES", "rates with commas between them, such as 0.01,0.1"
)
ARMS = Form(
    check_text, _read_arms, _write_arms, "ARM=RATE/RATE;...",
    "arms with two rates each, none twice, such as none_flow_linear_trainable=0.1/0.01, - for none",
)  # fmt: skip
