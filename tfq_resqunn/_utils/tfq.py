"""Decides, once, whether TensorFlow Quantum is there.

It exists for Linux on x86-64 with Python 3.10 to 3.12 only, and only the backends `"noiseless"` and
`"noisy"` compute with it. Where it is not installed, the package runs without it. A copy that is
installed but cannot be imported is an error, since it was meant to be used.
"""

import contextlib
import functools
import importlib.util
from collections.abc import Iterator
from typing import Any

_SPEC = importlib.util.find_spec("tensorflow_quantum")
HAS_TFQ = _SPEC is not None and _SPEC.origin is not None  # a mere folder of that name is none


@functools.cache
def import_tfq() -> Any:
    """Gives TensorFlow Quantum, imported with TensorFlow, or `None` where it is not installed."""
    if not HAS_TFQ:
        return None
    import tensorflow as tf

    try:
        with _without_start(tf):
            import tensorflow_quantum
    except Exception as error:  # of whatever kind TensorFlow has for a library that does not fit
        raise ImportError(
            "tfq_resqunn: TensorFlow Quantum is installed, but cannot be imported with TensorFlow "
            f"{tf.__version__}: {type(error).__name__}: {error}\n"
            "TensorFlow Quantum 0.7.6 needs TensorFlow 2.18: pip install 'tensorflow==2.18.*' "
            "'tf-keras==2.18.*'. To go on without it: pip uninstall tensorflow-quantum."
        ) from error
    return tensorflow_quantum


@contextlib.contextmanager
def _without_start(tf: Any) -> Iterator[None]:
    """Keeps TensorFlow Quantum from starting TensorFlow when it is imported.

    It makes a lock then, a `tf.CriticalSection`, which starts TensorFlow. After that no devices can
    be set up, and no workers be connected. Here the lock is made when it is first used.
    """
    section = tf.CriticalSection

    class Later:
        @functools.cached_property
        def _section(self) -> Any:
            return section()

        def execute(self, *args: Any, **kwargs: Any) -> Any:
            return self._section.execute(*args, **kwargs)

    tf.CriticalSection = Later
    try:
        yield
    finally:
        tf.CriticalSection = section


def check_tfq(backend: str, who: str) -> None:
    """Raises an ImportError, which names a substitute, if a backend lacks TensorFlow Quantum."""
    if not HAS_TFQ:
        instead = {
            "noiseless": "backend='compiled', which computes the same values and gradients",
            "noisy": "backend='compiled' with the same `noise`, which is exact (with "
            "`repetitions` it draws shots)",
        }
        raise ImportError(
            f"{who}: backend={backend!r} runs circuits on TensorFlow Quantum, which is not "
            "installed here.\nIt exists for Linux on x86-64 with Python 3.10 to 3.12, and comes "
            "along with this package there unless TFQ_RESQUNN_WITHOUT_TFQ=1 is set.\n"
            f"Use {instead[backend]}. A model that was saved with it is read by "
            "tfq_resqunn.with_backend('model.keras', 'compiled')."
        )
