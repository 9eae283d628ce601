"""One run of a study: what tells it from the others; imports no TensorFlow."""

from dataclasses import dataclass, replace
from typing import Any

from tfq_resqunn.models.names import CONTROLS
from tfq_resqunn.runs.config import RunConfig


@dataclass(frozen=True)
class StudyRun:
    """One run of a study: what identifies it.

    Args:
        placement: Where the residuals stand.
        input_gradient: Whether gradients pass through the layers.
        head: `"linear"` or `"none"`.
        variant: `"trainable"`, `"frozen"`, or a control, see `models.control`.
        seed: Of the draws from the data, the initial weights and the shuffling.
        learning_rate: `None`: that of all runs.
        head_learning_rate: `None`: that of all runs.
        draw: Of the initial weights, beside the seed.

    Example:
        >>> StudyRun("(X+O1)+O2", False, "linear", "trainable", 0).id
        '_X+O1_+O2_cut_linear_trainable_0'
    """

    placement: str
    input_gradient: bool
    head: str
    variant: str
    seed: int
    learning_rate: float | None = None
    head_learning_rate: float | None = None
    draw: int = 0

    @property
    def arm(self) -> str:
        """What is repeated over seeds; parentheses become underscores, spaces go."""
        placement = self.placement.translate(str.maketrans("()", "__", " "))
        gradient = "flow" if self.input_gradient else "cut"
        return f"{placement}_{gradient}_{self.head}_{self.variant}"

    @property
    def id(self) -> str:
        """A name for the run's folder."""
        parts = [self.arm, str(self.seed)]
        if self.learning_rate is not None:
            parts.append(f"rate_{self.learning_rate!r}")
        if self.head_learning_rate is not None:
            parts.append(f"head_{self.head_learning_rate!r}")
        if self.draw:
            parts.append(f"draw_{self.draw}")
        return "_".join(parts)

    @property
    def has_own_rates(self) -> bool:
        """Whether a learning rate is not that of all runs."""
        return self.learning_rate is not None or self.head_learning_rate is not None

    def configure(self, common: RunConfig) -> RunConfig:
        """Gives the configuration of this run, from what all runs have in common."""
        rates: dict[str, Any] = {
            name: rate
            for name in ("learning_rate", "head_learning_rate")
            if (rate := getattr(self, name)) is not None
        }
        if self.head == "none":
            rates["head_learning_rate"] = None
        else:  # the head's rate must not follow one that is the layers' alone
            rates.setdefault("head_learning_rate", _head_rate(common, self.learning_rate))
        return replace(
            common,
            **rates,
            placement=self.placement,
            head=self.head,
            control=self.variant if self.variant in CONTROLS else None,
            input_gradient=self.input_gradient,
            trainable=self.variant != "frozen",
            seed=self.seed,
            draw=self.draw,
        )


def _head_rate(common: RunConfig, of_layers: float | None) -> float | None:
    """Gives the rate of a head that has none of its own, where the layers may have one."""
    if of_layers is None or common.head_learning_rate is not None:
        return common.head_learning_rate
    return common.learning_rate
