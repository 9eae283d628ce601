"""Adam, with a learning rate of its own for a network's head."""

from typing import Any

from tfq_resqunn._utils.keras import IS_KERAS_3, keras, register

HEAD = "head"  # the layer's name


@register
class HeadAdam(keras.optimizers.Adam):
    """Adam, whose learning rate is multiplied for the weights of the layer named `head`.

    Args:
        learning_rate: As for `keras.optimizers.Adam`.
        head_scale: Float, how many times that rate the head's is.
        **kwargs: As for `keras.optimizers.Adam`.
    """

    def __init__(self, learning_rate: Any = 0.001, head_scale: float = 1.0, **kwargs: Any) -> None:
        super().__init__(learning_rate, **kwargs)
        self.head_scale = head_scale
        self._heads: list[Any] = []

    def build(self, variables: list) -> None:
        self._heads = [self._var_key(v) for v in variables if _layer_of(v) == HEAD]
        super().build(variables)

    def update_step(self, gradient: Any, variable: Any, *rate: Any) -> None:
        if self._var_key(variable) not in self._heads:
            super().update_step(gradient, variable, *rate)
        elif IS_KERAS_3:
            super().update_step(gradient, variable, rate[0] * self.head_scale)
        else:  # whose rate cannot be told: a step is proportional to it
            before = variable.read_value()
            super().update_step(gradient, variable)
            variable.assign(before + self.head_scale * (variable - before))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "head_scale": self.head_scale}


def _layer_of(variable: Any) -> str:
    path = variable.path if IS_KERAS_3 else variable.name
    return path.rpartition("/")[0].rpartition("/")[2]
