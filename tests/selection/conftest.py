"""The small catalogs of the tables of Explore, to be selected from."""

from tests.eda.conftest import make_catalog, siim

__all__ = ["make_catalog", "siim"]
