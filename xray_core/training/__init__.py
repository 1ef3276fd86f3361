"""Training: recipe in, run folder out. Only `models`, `training` and `explain` import Keras."""
