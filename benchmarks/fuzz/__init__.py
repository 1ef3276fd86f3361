"""Mutated inputs of every kind, each read in a process with limits; see `__main__`."""
