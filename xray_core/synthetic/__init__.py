"""Draws invented chest radiographs: a chest, what is wrong with it, and the rendering."""
