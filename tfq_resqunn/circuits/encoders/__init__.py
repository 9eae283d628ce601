"""Encoders: `n_features` -> a circuit whose symbols take the data; a file a family."""

from tfq_resqunn.circuits.encoders.amplitude import amplitude_encoder
from tfq_resqunn.circuits.encoders.angle import angle_encoder, dense_angle_encoder
from tfq_resqunn.circuits.encoders.iqp import iqp_encoder, zz_feature_map
from tfq_resqunn.circuits.encoders.threshold import threshold_encoder
from tfq_resqunn.circuits.registry import ENCODERS

__all__ = [
    "ENCODERS",
    "amplitude_encoder",
    "angle_encoder",
    "dense_angle_encoder",
    "iqp_encoder",
    "threshold_encoder",
    "zz_feature_map",
]
