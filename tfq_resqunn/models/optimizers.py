"""Copies of optimizers, with the state that training has given them."""

from tfq_resqunn._utils.keras import IS_KERAS_3, keras


def is_optimizer(value: object) -> bool:
    """Tells whether a value is an optimizer; Keras 2 has two families of them."""
    return isinstance(value, keras.optimizers.Optimizer) or _is_legacy(value)


def copied(optimizer: keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
    """Copies an optimizer through its configuration, without its state.

    The classes of what is inside it (the optimizer that a `LossScaleOptimizer` scales for, a
    schedule of learning rates) need not be registered with Keras.
    """
    inner = _inner(optimizer)
    hyper = getattr(inner, "_hyper", {})  # numbers and schedules of a legacy optimizer, by name
    parts = (inner, getattr(inner, "_learning_rate", None), hyper.get("learning_rate"))
    with keras.utils.custom_object_scope({type(part).__name__: type(part) for part in parts}):
        return type(optimizer).from_config(optimizer.get_config())


def copy_state(
    own: keras.optimizers.Optimizer, original: keras.optimizers.Optimizer, trainable_variables: list
) -> None:
    """Gives an optimizer, just made by `copied`, the state of the original.

    `trainable_variables` are those that it is to train, in the original's order.
    """
    if _is_built(original):
        if _is_legacy(own):
            own._create_all_weights(trainable_variables)
        else:
            own.build(trainable_variables)
        for mine, given in zip(_state(own), _state(original), strict=True):
            mine.assign(given)
        counter = getattr(_inner(original), "_u_product_counter", None)
        if counter is not None:  # Keras 2's Nadam counts steps in an integer
            _inner(own)._u_product_counter = counter


def _inner(optimizer: keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
    """The optimizer that does the work: the one inside, where another scales the loss for it."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def _is_legacy(optimizer: object) -> bool:
    return not IS_KERAS_3 and isinstance(optimizer, keras.optimizers.legacy.Optimizer)


def _is_built(optimizer: keras.optimizers.Optimizer) -> bool:
    if _is_legacy(optimizer):
        return int(optimizer.iterations) > 0
    return _inner(optimizer).built if IS_KERAS_3 else getattr(_inner(optimizer), "_built", False)


def _state(optimizer: keras.optimizers.Optimizer) -> list:
    """All variables of an optimizer, also those that its `variables` leaves out."""
    variables = list(optimizer.weights if _is_legacy(optimizer) else optimizer.variables)
    product = getattr(_inner(optimizer), "_u_product", None)  # Nadam's
    if product is not None and not any(v is product for v in variables):
        variables.append(product)
    if not IS_KERAS_3 and getattr(optimizer, "dynamic", False):  # a LossScaleOptimizer
        scale = optimizer._loss_scale
        variables += [scale.current_loss_scale, scale.counter]
    return variables
