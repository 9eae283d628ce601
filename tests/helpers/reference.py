"""The slow truth: Cirq's simulator in plain loops, written without the package's own arithmetic."""

import functools

import cirq
import numpy as np
import pytest

from tfq_resqunn._utils.tfq import HAS_TFQ, import_tfq

tfq = import_tfq()

needs_tfq = pytest.mark.skipif(not HAS_TFQ, reason="TensorFlow Quantum is not installed")
# Those that are exact, and need no other argument.
BACKENDS = ("compiled", "noiseless") if HAS_TFQ else ("compiled",)
# The same, and a simulator of Cirq's.
EXACT = [*BACKENDS, pytest.param(cirq.Simulator(), id="cirq")]


def expectations(circuit, features, weights):
    """Gives [n, n_observables] for features [n, n_features] and one vector of weights."""
    features = np.asarray(features, dtype=np.float64)
    angles = tuple(map(float, weights))
    return np.array([_of_one_row(circuit, tuple(map(float, x)), angles) for x in features])


@functools.lru_cache(maxsize=10_000)  # finite differences ask for the same windows again and again
def _of_one_row(circuit, features, weights):
    values = {s.name: v for s, v in zip(circuit.weights, weights, strict=True)}
    values |= {s.name: v for s, v in zip(circuit.inputs, features, strict=True)}
    resolved = cirq.resolve_parameters(circuit.circuit.unfreeze(), values)
    found = cirq.Simulator(dtype=np.complex128).simulate_expectation_values(
        resolved, list(circuit.observables), qubit_order=list(circuit.qubits)
    )
    return np.real(found)


def quanvolve(
    images, circuit, weights, *, kernel, strides, dilation=None, padding="valid", groups=1,
    readout="channels", expectations=expectations,
):  # fmt: skip
    """Slides over channels-last images of any rank; weights is [filters, n_weights].

    `expectations` says what a window gives; another truth than Cirq's may be quicker.
    """
    batch, *sizes, channels = images.shape
    axes = range(len(kernel))
    dilation = dilation or (1,) * len(kernel)
    reach = [dilation[a] * (kernel[a] - 1) + 1 for a in axes]
    if padding == "valid":
        patches = [(sizes[a] - reach[a]) // strides[a] + 1 for a in axes]
        before = after = [0] * len(kernel)
    else:
        patches = [int(np.ceil(sizes[a] / strides[a])) for a in axes]
        need = [max((patches[a] - 1) * strides[a] + reach[a] - sizes[a], 0) for a in axes]
        before, after = [n // 2 for n in need], [n - n // 2 for n in need]
        if padding == "causal":
            before, after = [n - 1 for n in reach], [0] * len(kernel)
    padded = np.pad(images, [(0, 0), *zip(before, after, strict=True), (0, 0)])
    filters, n_obs = len(weights), len(circuit.observables)
    per_group, out = channels // groups, np.full((batch, *patches, filters * n_obs), np.nan)
    for f in range(filters):
        g = f // (filters // groups)
        for b, *place in np.ndindex(batch, *patches):
            starts = [place[a] * strides[a] for a in axes]
            spans = [slice(starts[a], starts[a] + reach[a], dilation[a]) for a in axes]
            window = padded[(b, *spans)]
            values = window[..., g * per_group : (g + 1) * per_group].reshape(1, -1)
            found = expectations(circuit, values, weights[f])
            out[(b, *place, slice(f * n_obs, (f + 1) * n_obs))] = found
    if readout == "channels":
        return out
    per_pixel = n_obs // int(np.prod(kernel))
    covered = [patches[a] * kernel[a] for a in axes]
    pixels = np.full((batch, *covered, filters * per_pixel), np.nan)
    for b, f, *place in np.ndindex(batch, filters, *patches):
        for i, pixel in enumerate(np.ndindex(*kernel)):
            target = (b, *(place[a] * kernel[a] + pixel[a] for a in axes))
            start = f * n_obs + i * per_pixel
            own = slice(f * per_pixel, (f + 1) * per_pixel)
            pixels[(*target, own)] = out[(b, *place, slice(start, start + per_pixel))]
    if padding == "same":
        inner = [slice(before[a], before[a] + sizes[a]) for a in axes]
        pixels = pixels[(slice(None), *inner)]
    return pixels
