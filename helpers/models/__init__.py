"""Model builders that a tuner can call, and how their models are compiled."""

from helpers.models.cnn import build_cnn
from helpers.models.mlp import build_digits_mlp, build_mlp, build_model
from helpers.models.speed import speed_up

__all__ = ["build_cnn", "build_digits_mlp", "build_mlp", "build_model", "speed_up"]
