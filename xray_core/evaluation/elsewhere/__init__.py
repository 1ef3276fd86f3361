"""Predictions that were made elsewhere: a table, read, matched, checked, evaluated like a run."""
