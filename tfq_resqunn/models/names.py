"""The names of control networks; imports no TensorFlow, so that commands can list them at once."""

CONTROLS = ("unentangled", "surrogate", "classical", "small", "shortcuts", "pixels")
