"""TensorFlow, for the tests that are about it, and what they do in the lane of JAX.

A test of its data sets or its compiler has the mark `needs_tensorflow`. Any other test runs in both
lanes, and takes the tensors of either backend from `keras.ops`.
"""

import importlib.util
from unittest import mock

import keras
import pytest

HAS_TENSORFLOW = importlib.util.find_spec("tensorflow") is not None
if HAS_TENSORFLOW:
    import tensorflow as tf
else:
    # So that the arguments of tests that are skipped can be written down.
    tf = mock.MagicMock(name="tensorflow")

# Of models so small that to compile them takes longer than to train them. With JAX it does not:
# there, each operation is compiled for itself otherwise.
EAGERLY = keras.backend.backend() == "tensorflow"

needs_tensorflow = pytest.mark.skipif(
    not HAS_TENSORFLOW, reason="it is about TensorFlow, which this lane does without"
)
