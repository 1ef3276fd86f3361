"""The sections of the page Inside."""
