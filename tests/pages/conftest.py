"""A workspace with drawn data, and the app opened at one of its pages."""

import functools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from xray_core.runs.always_open import write_always_open
from xray_core.synthetic.dataset import write_synthetic_dataset
from xray_core.workspace import Workspace

APP = Path(__file__).parents[2] / "streamlit_app.py"
N_IMAGES = 48

OpenPage = Callable[..., AppTest]


@pytest.fixture(scope="session", autouse=True)
def _packages_are_looked_through_once() -> Iterator[None]:
    """Keep what AppTest finds in all installed packages: each page opened read them anew."""
    found = functools.cache(manifest_scanner.scan_component_manifests)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", found)
        yield


@pytest.fixture(scope="session")
def _drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn") / "demo"
    write_synthetic_dataset(folder, n_images=N_IMAGES, size=64)
    return folder


@pytest.fixture
def workspace(_drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace of its own with 48 synthetic images of 64 px; the app looks nowhere else.

    Every test set lies open in it: what is closed has tests of its own.
    """
    workspace = Workspace(tmp_path / "workspace")
    shutil.copytree(_drawn, workspace.demo_data)
    write_always_open(workspace, True)
    monkeypatch.setenv("XRAY_HOME", str(workspace.folder))
    monkeypatch.delenv("XRAY_DATA_ROOTS", raising=False)
    st.cache_resource.clear()
    return workspace


@pytest.fixture
def open_page(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> OpenPage:
    """Return a function that opens a page by name, with query parameters."""
    start = PagesManager.__init__

    def start_used(self: PagesManager, *args: Any, **options: Any) -> None:
        start(self, *args, **options)
        PagesManager.uses_pages_directory = False

    # A server that has shown a page before. AppTest plays a fresh one at every run, for which
    # pages start themselves again, and a click gets lost.
    monkeypatch.setattr(PagesManager, "__init__", start_used)

    def open_named(name: str, **query: str | list[str]) -> AppTest:
        app = AppTest.from_file(str(APP), default_timeout=60)
        for key, value in query.items():
            app.query_params[key] = value
        app.switch_page(f"pages/{name}.py").run()
        assert not app.exception, app.exception[0].value
        return app

    return open_named
