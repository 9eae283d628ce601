"""Plain pictures, the most frequent ones, decoded many at a time; as `pictures` reads them.

Pillow takes ten times as long to open a small picture as to decode it. So JPEGs and PNGs for which
none of its rules are needed are known by their first bytes, and decoded by TensorFlow.
"""

import functools
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from tfq_resqunn.datasets.pictures import Form

JPEG, PNG = b"\xff\xd8", b"\x89PNG\r\n\x1a\n"
FRAMES = (0xC0, 0xC1)  # JPEG's markers of pictures that are not progressive
EXIF, SCAN = 0xE1, b"\xff\xda"
COLOURS = {0: 1, 2: 3}  # PNG's types without a palette and transparency, and their channels
BLOCK = 256  # pictures that are decoded by one call of TensorFlow, where there are so many
BYTE = np.dtype(np.uint8)
OTHERWISE = (b"tRNS", b"eXIf", b"acTL")  # transparency, orientation, animation


def plain_form(content: bytes) -> Form | None:
    """Gives the form of a picture by the bytes of its file; `None` if it is not plain.

    Plain are JPEGs that are gray or in three colours and say nothing of an orientation, and PNGs
    of 8 bits without a palette, transparency, orientation or animation. Progressive JPEGs are not:
    where the last details are missing, versions of the decoder differ in how they smooth.
    """
    try:
        if content.startswith(JPEG):
            return _jpeg_form(content[: content.find(SCAN) + len(SCAN)])
        return _png_form(content) if content.startswith(PNG) else None
    except IndexError:  # it ends too early
        return None


@functools.lru_cache  # since pictures of one source begin alike
def _jpeg_form(content: bytes) -> Form | None:
    found, start = None, len(JPEG)
    while content[start : start + 1] == b"\xff":
        if content[start:] == SCAN:
            return found
        marker = content[start + 1]
        length = int.from_bytes(content[start + 2 : start + 4], "big")
        if marker == EXIF or length < 2:
            return None
        if marker in FRAMES:
            rows = int.from_bytes(content[start + 5 : start + 7], "big")
            cols = int.from_bytes(content[start + 7 : start + 9], "big")
            channels = content[start + 9]
            if found or content[start + 4] != 8 or channels not in (1, 3) or 0 in (rows, cols):
                return None
            found = Form(rows, cols, channels, BYTE)
        start += 2 + length
    return None


def _png_form(content: bytes) -> Form | None:
    found, start = None, len(PNG)
    while len(header := content[start : start + 8]) == 8:
        kind = header[4:]
        if kind == b"IDAT":
            return found
        if kind in OTHERWISE:
            return None
        if kind == b"IHDR":
            cols = int.from_bytes(content[start + 8 : start + 12], "big")
            rows = int.from_bytes(content[start + 12 : start + 16], "big")
            bits, colour = content[start + 16], content[start + 17]
            if found or bits != 8 or colour not in COLOURS or 0 in (rows, cols):
                return None
            found = Form(rows, cols, COLOURS[colour], BYTE)
        start += 12 + int.from_bytes(header[:4], "big")
    return None


def decode(contents: Sequence[bytes], form: Form) -> np.ndarray | None:
    """Decodes plain pictures of one kind and form; `None` if one is damaged.

    They are uint8 `[n, rows, cols, channels]`.
    """
    is_jpeg, n = contents[0].startswith(JPEG), len(contents)
    n_in_blocks = n - n % BLOCK
    blocks = tf.reshape(tf.constant(contents[:n_in_blocks], tf.string), [-1, BLOCK])
    try:
        parts = [_decode_block(block, is_jpeg, form.channels).numpy() for block in blocks]
        if n_in_blocks < n:
            rest = tf.constant(contents[n_in_blocks:])
            parts.append(_decoder_of_some(is_jpeg, form.channels)(rest).numpy())
    except tf.errors.InvalidArgumentError:
        return None
    is_whole = all(part.shape[1:] == form.shape for part in parts)
    return np.concatenate(parts) if is_whole else None


@functools.cache
def _decoder_of_some(is_jpeg: bool, channels: int) -> Callable[[tf.Tensor], tf.Tensor]:
    """Makes the decoder of any number of pictures of one kind, which is traced once."""
    return tf.function(
        lambda contents: tf.map_fn(
            lambda content: _decode(content, is_jpeg, channels),
            contents,
            fn_output_signature=tf.uint8,
        ),
        input_signature=[tf.TensorSpec([None], tf.string)],
    )


@tf.function
def _decode_block(contents: tf.Tensor, is_jpeg: bool, channels: int) -> tf.Tensor:
    """Decodes `BLOCK` pictures, one after the other in one thread, with an operation for each.

    A loop, or many threads, would take half as long again.
    """
    each: list[tf.Tensor] = []
    for content in tf.unstack(contents, BLOCK):
        with tf.control_dependencies(each[-1:]):
            each.append(_decode(content, is_jpeg, channels))
    return tf.stack(each)


def _decode(content: tf.Tensor, is_jpeg: bool, channels: int) -> tf.Tensor:
    if is_jpeg:
        # As Pillow does it; TensorFlow's own choice is not the same on all systems.
        return tf.io.decode_jpeg(content, channels, dct_method="INTEGER_ACCURATE")
    return tf.io.decode_png(content, channels)
