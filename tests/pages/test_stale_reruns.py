"""A page that is left while it looks again by itself does not clear the next one."""

from inspect import signature
from typing import Any, cast

import pytest
from streamlit.runtime.fragment import FragmentStorage
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData

from pages.components import stale_reruns


class FakeRunner:
    """A script runner with one fragment."""

    class _fragment_storage:  # noqa: N801 - Streamlit's own name
        contains = {"there"}.__contains__


@pytest.mark.parametrize(
    ("asked", "runs"), [([], True), (["there"], True), (["gone", "there"], True), (["gone"], False)]
)
def test_only_fragments_that_are_there_run_again(
    asked: list[str], runs: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[Any] = []
    monkeypatch.setattr(ScriptRunner, "_run_script", ScriptRunner._run_script)  # put back after
    monkeypatch.setattr(stale_reruns, "_run_script", lambda runner, data: ran.append(data))
    stale_reruns.skip_stale_reruns()

    ScriptRunner._run_script(cast(ScriptRunner, FakeRunner()), RerunData(fragment_id_queue=asked))

    assert bool(ran) == runs


def test_streamlit_still_has_what_is_worked_around() -> None:
    assert callable(FragmentStorage.contains)
    assert "fragment_id_queue" in RerunData.__dataclass_fields__
    assert list(signature(ScriptRunner._run_script).parameters)[1:] == ["rerun_data"]
