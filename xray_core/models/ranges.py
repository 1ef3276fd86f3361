"""Ranges of gray levels that a network may have been trained on, for who chooses one by name."""

UNCHANGED = "0..255"
# Range -> factor and offset that make it of [0, 255].
PIXELS = {UNCHANGED: (1.0, 0.0), "0..1": (1 / 255, 0.0), "-1..1": (1 / 127.5, -1.0)}
