"""Streamlit's race between a page that looks again by itself and a change of pages, worked around.

A fragment with `run_every` asks for its rerun in the moment in which its page is left. Streamlit
1.67 keeps the request, finds once the next page is drawn that the fragment is gone, and draws
nothing; but before that it has told the browser that the old page begins anew. The browser then
clears the new page, and breaks down at the next change in it: the window stays white.
"""

from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData

_run_script = ScriptRunner._run_script


def skip_stale_reruns() -> None:
    """Let a session pass over reruns of fragments that are all gone; once is enough."""
    ScriptRunner._run_script = _run_unless_stale  # type: ignore[method-assign]


def _run_unless_stale(runner: ScriptRunner, rerun_data: RerunData) -> None:
    asked = rerun_data.fragment_id_queue
    if asked and not any(map(runner._fragment_storage.contains, asked)):
        return
    _run_script(runner, rerun_data)
