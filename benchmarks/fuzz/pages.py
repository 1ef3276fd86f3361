"""Opening pages in this process at addresses that nobody would type."""

import functools
import os
import shutil
from pathlib import Path
from typing import Any

from xray_core.processes import PROJECT
from xray_core.synthetic.dataset import write_synthetic_dataset
from xray_core.workspace import Workspace

N_IMAGES, SIDE = 60, 64
RUN = "20260301-110000-demo_cnn"


def open_address(page: str, asked: Any, home: Path) -> bool:
    """Open a page; return whether it shows no error.

    Args:
        page: its name.
        asked: {"query": {word: value or list of values}}, as far as it is that.
        home: of a workspace with drawn data and a run, drawn if it is not there.

    Raises:
        AssertionError: the page raised an exception, or is blank.
    """
    app = _start(home)
    query = asked.get("query") if isinstance(asked, dict) else None
    for name, value in (query if isinstance(query, dict) else {}).items():
        values = [str(item) for item in value] if isinstance(value, list) else str(value)
        # A browser sends text in UTF-8: half a sign arrives as a question mark.
        app.query_params[_clean(name)] = (
            [_clean(item) for item in values] if isinstance(values, list) else _clean(values)
        )
    app.switch_page(f"pages/{page}.py").run()
    if app.exception:
        error = app.exception[0]
        own = [line.strip() for line in error.stack_trace if str(PROJECT) in line]
        raise AssertionError(f"{page}: {error.message[:80]} {' '.join(own[-1:])}")
    if len(app.main) + len(app.sidebar) < 2:
        raise AssertionError(f"{page} is blank")
    return not app.error


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _start(home: Path) -> Any:
    """Return the app on a workspace of its own, in which no process is started."""
    os.environ["XRAY_HOME"] = str(_draw(home))
    return load_app()(str(PROJECT / "streamlit_app.py"), default_timeout=30)


@functools.cache
def _draw(home: Path) -> Path:
    from tests.pages.fake_runs import fake_run, write_report

    if not home.exists():
        partial = home.with_name(f"{home.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        workspace = Workspace(partial)
        write_synthetic_dataset(workspace.demo_data, n_images=N_IMAGES, size=SIDE)
        partial.rename(home)
        write_report(fake_run(Workspace(home), "done", RUN), Workspace(home))
    return home


@functools.cache
def load_app() -> Any:
    """Return `AppTest.from_file`, with what starts processes set still."""
    from streamlit import config
    from streamlit.components.v2 import manifest_scanner
    from streamlit.runtime.pages_manager import PagesManager
    from streamlit.testing.v1 import AppTest

    import xray_core.jobs.background
    import xray_core.jobs.measure
    import xray_core.jobs.worker
    import xray_core.processes
    import xray_core.registry

    for module in (xray_core.registry, xray_core.jobs.measure, xray_core.jobs.worker):
        module.start_detached = lambda *_: "0:0"  # type: ignore[attr-defined]
    # An audit that goes on and on.
    xray_core.jobs.background.start_detached = (  # type: ignore[attr-defined]
        lambda *_: xray_core.processes.own_handle()
    )
    scan = functools.cache(manifest_scanner.scan_component_manifests)
    manifest_scanner.scan_component_manifests = scan
    start = PagesManager.__init__

    def start_used(self: Any, *args: Any, **options: Any) -> None:
        start(self, *args, **options)
        PagesManager.uses_pages_directory = False  # a server that has shown a page before

    PagesManager.__init__ = start_used  # type: ignore[method-assign]
    config.set_option("client.showErrorDetails", "full")
    return AppTest.from_file
