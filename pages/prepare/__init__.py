"""Sections of the Prepare page."""
