"""Which of TensorFlow's strategies for several devices a layer can be trained under."""

import tensorflow as tf

from tfq_resqunn._utils.keras import IS_KERAS_3


def check_strategy() -> None:
    """Refuses several machines under Keras 3, before `fit` fails with a dump of its tensors.

    Raises:
        RuntimeError: If the layer is built in the scope of such a strategy.
    """
    strategy = tf.distribute.get_strategy()
    if not IS_KERAS_3 or not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return
    here, everywhere = len(strategy.extended.worker_devices), strategy.num_replicas_in_sync
    if everywhere > here:
        raise RuntimeError(
            "EncodedPQC, which runs the circuits: Keras 3 cannot train under "
            "MultiWorkerMirroredStrategy with more than one worker "
            f"(keras-team/keras#20585). Received one with {everywhere} replicas, {here} of "
            "them here. Keras 2 can: install tf_keras, and set TF_USE_LEGACY_KERAS=1 before "
            "TensorFlow is imported."
        )
