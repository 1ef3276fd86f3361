"""Looks inside a finished run's network: what it sees, and which images look alike to it.

Keras may be imported here. What is computed lies as plain files in `<run>/explained/`, which
pages read without Keras.
"""
