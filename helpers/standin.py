"""Drawings made by a formula, in CIFAR-10's shapes and classes, for when CIFAR-10 is out of reach.

Nobody should take them for photographs, but the lessons of the course come out the same way
(`benchmarks/standin.py` measures that they do). Each ingredient carries one of them:

- A scene behind the object, drawn from four that its class favours, gives colour cues that even a
  short training on few images finds, so the smallest budget is well above chance. Related classes
  share scenes: animals are seldom taken for vehicles. Sky and sea make airplane and ship the
  bluest classes, as they are in CIFAR-10. Scenes are saturated and rather dark, because the first
  steps of Adam overshoot on bright pixels, whose mean is far from zero.
- A silhouette at a random place, in a random size and either direction tells apart the classes
  that share scenes. A wide layer learns more of its places than a narrow one, and a CNN, which
  need not learn each place anew, leaves both behind.
- Cat and dog, and automobile and truck, have related silhouettes and get confused most.
- Random body colours, tints, brightness and a slope of light are what a model must learn to
  ignore; they keep accuracy in the range that the lecture's MLP has on CIFAR-10.
- Noise in each pixel is what a large model can memorise: trained for long, it fits the training
  images better than new ones.

All randomness is taken from the raw output of a bit generator and all arithmetic is on integers:
the same seed gives the same bytes on every platform and with every version of NumPy, which
promises that stream but not the ones of `numpy.random.Generator`.
"""

import numpy as np

CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
TRAIN_PER_CLASS, TEST_PER_CLASS = 5_000, 1_000
SIDE = 32  # pixels

ArrayPair = tuple[np.ndarray, np.ndarray]

# What a pixel shows: sky, ground, or a part of the object. The larger number covers the smaller.
UPPER, LOWER, BODY, SHADE, LIGHT, DARK = range(6)
PARTS = 6

# One drawing a class, in the order of CLASSES, on a canvas of 64 by 64 with y pointing down:
# (part, x, y, x radius, y radius) is an oval, (part, (x, y), (x, y), ...) a convex polygon
# whose corners go round clockwise. Later shapes are drawn over earlier ones.
CANVAS = 64
DRAWINGS = (
    (  # airplane
        (SHADE, (30, 29), (22, 10), (28, 10), (42, 29)),
        (SHADE, (5, 29), (2, 14), (9, 14), (18, 29)),
        (BODY, 32, 32, 29, 6),
        (LIGHT, (20, 29), (46, 29), (46, 31), (20, 31)),
        (SHADE, (26, 34), (42, 34), (24, 55), (17, 55)),
    ),
    (  # automobile
        (BODY, (3, 35), (12, 31), (53, 31), (61, 36), (61, 46), (3, 46)),
        (BODY, (13, 32), (22, 20), (42, 20), (52, 32)),
        (LIGHT, (18, 31), (24, 23), (31, 23), (31, 31)),
        (LIGHT, (34, 31), (34, 23), (40, 23), (46, 31)),
        (DARK, 16, 46, 7, 7),
        (DARK, 48, 46, 7, 7),
    ),
    (  # bird
        (SHADE, (2, 40), (4, 30), (24, 30), (24, 40)),
        (BODY, 30, 34, 17, 11),
        (BODY, 47, 21, 9, 9),
        (SHADE, 26, 33, 12, 6),
        (DARK, (55, 18), (62, 22), (55, 25)),
        (DARK, 49, 19, 2, 2),
        (DARK, (27, 44), (29, 44), (29, 57), (27, 57)),
        (DARK, (34, 44), (36, 44), (36, 57), (34, 57)),
    ),
    (  # cat
        (SHADE, 50, 44, 5, 16),
        (BODY, 31, 46, 17, 15),
        (BODY, 31, 23, 14, 12),
        (BODY, (17, 21), (17, 3), (29, 13)),
        (BODY, (33, 13), (45, 3), (45, 21)),
        (LIGHT, 26, 22, 3, 3),
        (LIGHT, 37, 22, 3, 3),
        (DARK, 26, 22, 1, 3),
        (DARK, 37, 22, 1, 3),
        (DARK, (29, 28), (34, 28), (31, 31)),
    ),
    (  # deer
        (SHADE, (16, 36), (19, 36), (18, 60), (15, 60)),
        (SHADE, (38, 36), (41, 36), (42, 60), (39, 60)),
        (BODY, 28, 34, 17, 9),
        (BODY, (36, 30), (46, 14), (52, 17), (44, 38)),
        (BODY, 52, 17, 8, 5),
        (BODY, (21, 38), (24, 38), (25, 60), (22, 60)),
        (BODY, (33, 38), (36, 38), (35, 60), (32, 60)),
        (LIGHT, (46, 13), (36, 2), (39, 1), (49, 12)),
        (LIGHT, (49, 13), (50, 1), (53, 1), (52, 13)),
        (LIGHT, (52, 7), (60, 1), (61, 3), (53, 10)),
        (LIGHT, 11, 31, 3, 4),
    ),
    (  # dog
        (SHADE, (45, 52), (58, 32), (61, 34), (50, 58)),
        (BODY, 31, 46, 17, 15),
        (BODY, 31, 22, 14, 13),
        (SHADE, 15, 25, 5, 13),
        (SHADE, 47, 25, 5, 13),
        (LIGHT, 31, 30, 8, 7),
        (DARK, 26, 20, 2, 2),
        (DARK, 37, 20, 2, 2),
        (DARK, 31, 27, 4, 3),
    ),
    (  # frog
        (SHADE, 11, 46, 9, 11),
        (SHADE, 53, 46, 9, 11),
        (BODY, 32, 40, 23, 16),
        (BODY, 20, 24, 8, 8),
        (BODY, 44, 24, 8, 8),
        (LIGHT, 32, 48, 15, 7),
        (DARK, 20, 23, 4, 4),
        (DARK, 44, 23, 4, 4),
        (DARK, (18, 38), (46, 38), (44, 40), (20, 40)),
    ),
    (  # horse
        (SHADE, (12, 34), (18, 34), (17, 60), (12, 60)),
        (SHADE, (37, 34), (43, 34), (43, 60), (38, 60)),
        (DARK, (4, 28), (12, 24), (9, 46), (3, 48)),
        (BODY, 27, 31, 19, 11),
        (BODY, (32, 28), (42, 6), (51, 10), (45, 38)),
        (BODY, (42, 7), (50, 5), (62, 17), (58, 22), (46, 17)),
        (BODY, (20, 36), (26, 36), (25, 60), (20, 60)),
        (BODY, (31, 36), (37, 36), (36, 60), (31, 60)),
        (DARK, (29, 24), (40, 4), (44, 5), (36, 26)),
    ),
    (  # ship
        (BODY, (2, 38), (62, 36), (54, 52), (10, 52)),
        (SHADE, (8, 47), (56, 47), (54, 52), (10, 52)),
        (LIGHT, (14, 26), (46, 26), (48, 38), (14, 38)),
        (DARK, (18, 30), (42, 30), (42, 33), (18, 33)),
        (SHADE, (22, 12), (30, 12), (30, 26), (22, 26)),
        (DARK, (39, 6), (41, 6), (41, 26), (39, 26)),
    ),
    (  # truck
        (SHADE, (2, 12), (40, 12), (40, 43), (2, 43)),
        (BODY, (41, 22), (54, 22), (61, 33), (61, 46), (41, 46)),
        (BODY, (2, 41), (42, 41), (42, 46), (2, 46)),
        (LIGHT, (45, 25), (53, 25), (58, 33), (45, 33)),
        (DARK, 12, 47, 7, 7),
        (DARK, 29, 47, 7, 7),
        (DARK, 51, 47, 7, 7),
    ),
)

# RGB above and below the horizon.
SCENES = {
    "air": ((115, 165, 228), (158, 195, 232)),
    "sea": ((150, 182, 215), (25, 75, 140)),
    "haze": ((190, 196, 201), (128, 132, 136)),
    "road": ((127, 120, 114), (75, 72, 72)),
    "lawn": ((108, 128, 75), (82, 102, 25)),
    "wood": ((45, 58, 25), (48, 45, 18)),
    "room": ((160, 121, 88), (115, 75, 46)),
    "mud": ((98, 74, 42), (84, 54, 20)),
}
# For each class: four equally likely scenes, the RGB of the body, and how far that varies.
LOOKS = (
    (("air", "air", "sea", "haze"), (170, 172, 178), 70),
    (("road", "road", "haze", "mud"), (120, 100, 100), 110),
    (("lawn", "wood", "air", "mud"), (125, 110, 90), 90),
    (("room", "room", "mud", "road"), (135, 115, 95), 80),
    (("lawn", "wood", "wood", "mud"), (135, 105, 75), 50),
    (("room", "room", "lawn", "mud"), (150, 125, 100), 80),
    (("wood", "mud", "wood", "lawn"), (105, 115, 60), 60),
    (("lawn", "lawn", "mud", "room"), (115, 85, 65), 60),
    (("sea", "sea", "air", "haze"), (140, 130, 130), 90),
    (("road", "haze", "haze", "road"), (140, 125, 115), 110),
)

# How far things vary. Colours are in steps of a uint8.
SHIFT = 10  # pixels, of the object from the centre, each way
SCALE = (400, 500)  # smallest and range, in 1/256 canvas units a pixel: objects of 16 to 40 pixels
STRETCH = 50  # of that scale, between width and height
CAST = 15  # of the colours of a scene
BRIGHTNESS = 30  # of the whole image
SLOPE = 32  # of the light, from the centre of the image to its edge
NOISE = 50  # of a colour in a pixel

CHUNK = 512  # images painted at a time, in some 20 MB; another number gives other images


class _Stream:
    """Random integers from the raw output of PCG64, the part of it that NumPy promises to keep."""

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
        """Returns uint8 of that shape, whose size is a multiple of 8, uniform from 0 to 255."""
        raw = self._bits.random_raw(int(np.prod(shape)) // 8)
        return raw.astype("<u8", copy=False).view(np.uint8).reshape(shape)

    def order(self, n: int) -> np.ndarray:
        """Returns the integers below `n` in random order."""
        return np.argsort(self._bits.random_raw(n), kind="stable")


def make_standin(seed: int = 0) -> tuple[ArrayPair, ArrayPair]:
    """Draws as many images as CIFAR-10 has, of its size and classes, in random order.

    Args:
        seed: Other seeds give other images of the same kind; 0 or more.

    Returns:
        `(x_train, y_train), (x_test, y_test)`, as `keras.datasets.cifar10.load_data()`: images
        uint8 of shapes (50000, 32, 32, 3) and (10000, 32, 32, 3), labels uint8 of shapes
        (50000, 1) and (10000, 1), every class equally often.

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
            if isinstance(shape[0], tuple):
                inside = np.ones(canvas.shape, bool)
                for (x0, y0), (x1, y1) in zip(shape, shape[1:] + shape[:1], strict=True):
                    inside &= (x1 - x0) * (y - y0) >= (y1 - y0) * (x - x0)
            else:
                x0, y0, rx, ry = shape
                inside = ((x - x0) * ry) ** 2 + ((y - y0) * rx) ** 2 <= (rx * ry) ** 2
            canvas[inside] = part
    return canvases


class _Painter:
    """Paints images chunk by chunk.

    The large arrays of a chunk are kept for the next one: asking the system for fresh memory
    each time takes longer than all the arithmetic.
    """

    def __init__(self, stream: _Stream) -> None:
        self._stream = stream
        self._canvases = _draw_canvases()
        self._index = np.empty((CHUNK, SIDE, SIDE), np.intp)
        self._parts = np.empty((CHUNK, SIDE, SIDE), np.uint8)
        self._colours, self._noise = np.empty((2, CHUNK, SIDE, SIDE, 3), np.int16)

    def paint_set(self, per_class: int) -> ArrayPair:
        """Returns the images and labels of one set, as `make_standin`."""
        n = per_class * len(CLASSES)
        labels = self._stream.order(n) % len(CLASSES)
        images = np.empty((n, SIDE, SIDE, 3), np.uint8)
        for start in range(0, n, CHUNK):
            chunk = slice(start, start + CHUNK)
            images[chunk] = self._paint(labels[chunk])
        return images, labels.astype(np.uint8)[:, None]

    def _paint(self, labels: np.ndarray) -> np.ndarray:
        """Returns int16 (n, 32, 32, 3), 0 to 255, for `labels` (n,); valid until the next call."""
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
