"""Times steps of several contestants in turns, so that the machine's mood hits all alike."""

import statistics
import time
from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar

ROUNDS, SLOW_ROUNDS = 5, 3
SLOW = 1.0  # seconds for a step, from which on fewer rounds must do
MAX_STEPS = 200  # of one contestant in one round

# Runs as many steps as asked, after one that is not counted where they are quick; gives the seconds
# of each.
Contestant = Callable[[int], list[float]]
Name = TypeVar("Name", bound=Hashable)


def timed(step: Callable[[], object]) -> Contestant:
    """Makes a contestant of a function that runs one step to its end."""
    is_slow = False

    def run(n_steps: int) -> list[float]:
        nonlocal is_slow
        if not is_slow:
            step()  # so that all find the caches as they leave them
        seconds = []
        for _ in range(n_steps):
            start = time.perf_counter()
            step()
            seconds.append(time.perf_counter() - start)
        is_slow = seconds[-1] > SLOW
        return seconds

    return run


def affordable(make: Callable[[int], Callable], small: int, most: int, seconds: float) -> int:
    """Estimates how large a step can be that takes so many seconds.

    Most of what a small step takes is the same for a large one. So two are timed.

    Args:
        make: Makes a step of a size.
        small: The smaller one's size, and the least that is given; the other has 8 times as much.
        most: The most that is given.
        seconds: That the step may take.
    """
    sizes, times = (small, 8 * small), []
    for size in sizes:
        step = make(size)
        step()  # which traces
        times.append(min(timed(step)(3)))
    each = max((times[1] - times[0]) / (sizes[1] - sizes[0]), 1e-9)
    return min(most, max(small, int((seconds - times[0]) / each)))


def alternate(contestants: Mapping[Name, Contestant], seconds: float) -> dict[Name, float]:
    """Gives the median seconds of a step for each.

    Args:
        contestants: By their names. Each has run its first step already.
        seconds: For the counted steps of each, roughly; every one gets some in each round.
    """
    once = {name: run(1)[0] for name, run in contestants.items()}
    rounds = SLOW_ROUNDS if any(t > SLOW for t in once.values()) else ROUNDS
    n_steps = {n: max(1, min(MAX_STEPS, int(seconds / rounds / t))) for n, t in once.items()}
    samples: dict[Name, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, run in contestants.items():
            samples[name] += run(n_steps[name])
    return {name: statistics.median(found) for name, found in samples.items()}
