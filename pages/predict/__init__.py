"""The sections of the page Predict."""
