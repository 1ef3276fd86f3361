"""Pieces that several pages show; no page of their own."""
