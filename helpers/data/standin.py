"""Drawings made by a formula, in CIFAR-10's shapes and classes, for when CIFAR-10 is out of reach.

Nobody would take them for photographs, but the lessons of the course come out the same way
(`benchmarks/standin.py` measures this). Each ingredient supports one of those lessons:

- A scene behind the object, drawn from four that its class favours, gives colour cues that even a
  short training on few images picks up, so the smallest budget is well above chance. Related
  classes share scenes, so animals are seldom taken for vehicles. Sky and sea make airplane and
  ship the bluest classes, as they are in CIFAR-10. Scenes are saturated and rather dark, because
  the first steps of Adam overshoot on bright pixels, whose mean is far from zero.
- A silhouette at a random place, of a random size and facing either way, tells apart the classes
  that share scenes. A wide layer learns more of its places than a narrow one, and a CNN, which
  need not learn each place separately, outperforms both.
- Cat and dog have related silhouettes, as have automobile and truck, and are confused most.
- Random body colours, tints, brightness and a slope of light are what a model must learn to
  ignore. They keep accuracy in the range that the lecture's MLP reaches on CIFAR-10.
- Noise in each pixel is what a large model can memorise: after a long training, it fits the
  training images better than new ones.

All randomness comes from the raw output of a bit generator, and all arithmetic is on integers, so
the same seed gives the same bytes on every platform and with every version of NumPy, which
guarantees that stream but not those of `numpy.random.Generator`.
"""

import numpy as np

from helpers.data.cifar10 import CLASS_NAMES, ArrayPair
from helpers.data.standin_drawings import (
    BODY,
    CANVAS,
    DARK,
    DRAWINGS,
    LIGHT,
    LOOKS,
    PARTS,
    SCENES,
    SHADE,
)

TRAIN_PER_CLASS, TEST_PER_CLASS = 5_000, 1_000
SIDE = 32  # pixels

# How much things vary. Colours are in steps of a uint8.
SHIFT = 10  # pixels, of the object from the centre, each way
SCALE = (400, 500)  # least and range, in 1/256 canvas units per pixel: objects of 16 to 40 pixels
STRETCH = 50  # of that scale, between width and height
CAST = 15  # of the colours of a scene
BRIGHTNESS = 30  # of the whole image
SLOPE = 32  # of the light, from the centre of the image to its edge
NOISE = 50  # of a colour in a pixel
CHUNK = 512  # images painted at a time, in about 20 MB; another number gives other images


class _Stream:
    """Random integers from the raw output of PCG64, the part that NumPy promises not to change."""

    def __init__(self, seed: int) -> None:
        self._bits = np.random.PCG64(seed)

    def below(self, limit: int, *shape: int) -> np.ndarray:
        """Returns int64 of that shape, uniform from 0 to `limit` - 1 (at most 2**32)."""
        high = self._bits.random_raw(int(np.prod(shape))) >> np.uint64(32)
        return (high * np.uint64(limit) >> np.uint64(32)).astype(np.int64).reshape(shape)

    def around(self, spread: int, *shape: int) -> np.ndarray:
        """Returns int64 of that shape, uniform from -`spread` to `spread`."""
        return self.below(2 * spread + 1, *shape) - spread

    def octets(self, *shape: int) -> np.ndarray:
        """Returns uint8 of that shape (its size a multiple of 8), uniform from 0 to 255."""
        raw = self._bits.random_raw(int(np.prod(shape)) // 8)
        return raw.astype("<u8", copy=False).view(np.uint8).reshape(shape)

    def order(self, n: int) -> np.ndarray:
        """Returns the integers below `n` in random order."""
        return np.argsort(self._bits.random_raw(n), kind="stable")


def make_standin(seed: int = 0) -> tuple[ArrayPair, ArrayPair]:
    """Draws as many images as CIFAR-10 has, of its size and classes, in random order.

    Args:
        seed: An integer of at least 0. Other seeds give other images of the same kind.

    Returns:
        `(x_train, y_train), (x_test, y_test)`, as from `keras.datasets.cifar10.load_data()`:
        images, uint8 of shapes (50000, 32, 32, 3) and (10000, 32, 32, 3); labels, uint8 of shapes
        (50000, 1) and (10000, 1), with every class equally often.

    Raises:
        ValueError: `seed` is negative.
    """
    painter = _Painter(_Stream(seed))
    return painter.paint_set(TRAIN_PER_CLASS), painter.paint_set(TEST_PER_CLASS)


def _draw_canvases() -> np.ndarray:
    """Returns the part at each point of each class's drawing, uint8 of shape (10, 64, 64)."""
    y, x = np.mgrid[:CANVAS, :CANVAS]
    canvases = np.zeros((len(DRAWINGS), CANVAS, CANVAS), np.uint8)
    for canvas, drawing in zip(canvases, DRAWINGS, strict=True):
        for part, *shape in drawing:
            corners = [corner for corner in shape if isinstance(corner, tuple)]
            if corners:
                inside = np.ones(canvas.shape, bool)
                for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True):
                    inside &= (x1 - x0) * (y - y0) >= (y1 - y0) * (x - x0)
            else:
                x0, y0, rx, ry = (number for number in shape if isinstance(number, int))
                inside = ((x - x0) * ry) ** 2 + ((y - y0) * rx) ** 2 <= (rx * ry) ** 2
            canvas[inside] = part
    return canvases


class _Painter:
    """Paints images chunk by chunk.

    The large arrays of a chunk are kept for the next one, because asking the system for fresh
    memory each time takes longer than all the arithmetic.
    """

    def __init__(self, stream: _Stream) -> None:
        self._stream = stream
        self._canvases = _draw_canvases()
        self._index = np.empty((CHUNK, SIDE, SIDE), np.intp)
        self._parts = np.empty((CHUNK, SIDE, SIDE), np.uint8)
        self._colours, self._noise = np.empty((2, CHUNK, SIDE, SIDE, 3), np.int16)

    def paint_set(self, per_class: int) -> ArrayPair:
        """Returns the images and labels of one set, as `make_standin` does."""
        n = per_class * len(CLASS_NAMES)
        labels = self._stream.order(n) % len(CLASS_NAMES)
        images = np.empty((n, SIDE, SIDE, 3), np.uint8)
        for start in range(0, n, CHUNK):
            chunk = slice(start, start + CHUNK)
            images[chunk] = self._paint(labels[chunk])
        return images, labels.astype(np.uint8)[:, None]

    def _paint(self, labels: np.ndarray) -> np.ndarray:
        """Returns int16 (n, 32, 32, 3), 0 to 255, for `labels` (n,), valid until the next call."""
        n, stream, pixel = len(labels), self._stream, np.arange(SIDE)
        index, parts = self._index[:n], self._parts[:n]
        colours, noise = self._colours[:n], self._noise[:n]

        rows, columns = _place(n, stream)
        corner = (labels[:, None] * CANVAS + rows) * CANVAS
        np.add(corner[:, :, None], columns[:, None, :], out=index)
        # No index is out of range; "clip" keeps `take` from working in a copy of `out`.
        self._canvases.take(index, out=parts, mode="clip")
        horizon = 8 + stream.below(18, n, 1)
        np.maximum(parts, (pixel > horizon)[:, :, None], out=parts)

        np.add(PARTS * np.arange(n)[:, None, None], parts, out=index)
        _mix_colours(labels, stream).take(index, axis=0, out=colours, mode="clip")
        noise[:] = stream.octets(n, SIDE, SIDE, 3)
        noise -= 128
        noise *= NOISE
        noise >>= 7
        colours += noise
        slopes = stream.around(SLOPE, 2, n, 1)
        down, across = ((2 * pixel - SIDE) * slopes >> 5).astype(np.int16)
        # Rows of 96 numbers: adding along an axis of 3 takes several times as long.
        lines = colours.reshape(n, SIDE, SIDE * 3)
        lines += down[:, :, None]
        lines += across.repeat(3, axis=1)[:, None, :]
        return np.clip(colours, 0, 255, out=colours)


def _place(n: int, stream: _Stream) -> tuple[np.ndarray, np.ndarray]:
    """Returns which row and which column of its canvas each pixel shows, both (n, 32)."""
    smallest, extent = SCALE
    scale = smallest + stream.below(extent, n, 1)
    lines = []
    for direction in (1, 1 - 2 * stream.below(2, n, 1)):  # only columns are mirrored
        step = scale + stream.around(STRETCH, n, 1)
        # Half pixels, so that a mirrored image has the same centre.
        offset = 2 * (np.arange(SIDE) - stream.around(SHIFT, n, 1)) - (SIDE - 1)
        # No drawing touches the edge of its canvas, so what lies beyond is background as well.
        lines.append(np.clip(offset * step // 512 * direction + CANVAS // 2, 0, CANVAS - 1))
    return lines[0], lines[1]


def _mix_colours(labels: np.ndarray, stream: _Stream) -> np.ndarray:
    """Returns the RGB of each part of each image, int16 of shape (n * PARTS, 3), unclipped."""
    n = len(labels)
    scenes = np.array([[SCENES[name] for name in names] for names, _, _ in LOOKS])
    body = np.array([colour for _, colour, _ in LOOKS])[labels]
    spread = np.array([spread for _, _, spread in LOOKS])[labels, None]
    colours = np.empty((n, PARTS, 3), np.int64)
    colours[:, :BODY] = scenes[labels, stream.below(4, n)] + stream.around(CAST, n, 2, 3)
    grey, tint = stream.around(1024, n, 1), stream.around(512, n, 3)
    colours[:, BODY] = body + ((grey + tint) * spread >> 10)
    colours[:, SHADE] = colours[:, BODY] - 30 + stream.around(30, n, 3)
    colours[:, LIGHT] = 185 + stream.around(50, n, 3)
    colours[:, DARK] = 35 + stream.around(30, n, 3)
    colours += stream.around(BRIGHTNESS, n, 1, 1)
    return colours.astype(np.int16).reshape(-1, 3)
