"""A run whose files are damaged is a message or a row on every page, and hides no other run."""

import json
import shutil
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import OpenPage
from tests.pages.fake_runs import fake_run, record_processes, write_report
from tests.pages.shown import list_html
from xray_core.recipes import PUBLISHED
from xray_core.runs import Run, Submission
from xray_core.workspace import Workspace

DAMAGE: dict[str, tuple[str, Any]] = {  # kind -> file, and its bytes or what one field becomes
    "no status": ("status.json", b""),
    "endless epochs": ("status.json", b'{"state": "done", "epoch": 1e999}'),
    "odd times": ("status.json", {"started_at": "then", "ended_at": "9", "epoch": -5, "total": -1}),
    "no recipe": ("recipe.json", b"\xff"),
    "high priority": ("submission.json", {"priority": 10**30, "user": "ann"}),
    "no report": ("report.json", b""),
    "other report": ("report.json", {"confusion": [[1]], "metrics": []}),
    "no data": ("data.json", b"{}"),
    "no notes": ("notes.json", b'{"tags": 3}'),
    "no predictions": ("predictions.parquet", b"PAR1"),
    "odd lines": ("metrics.jsonl", b'[]\n{"kind": "epoch"}\n{"kind": "batch", "step": "x"}\n'),
    "lines of one class": ("metrics.jsonl", b"one class"),
    "odd events": ("events.jsonl", b'{"event": 3}\n[]\n'),
    "odd device": ("device.jsonl", b'{"time": 3}\n{"cpu_percent": []}\n'),
}
NEVER_HIDDEN = {
    "odd times",
    "no notes",
    "odd lines",
    "lines of one class",
    "odd events",
    "odd device",
}


def words_on(app: AppTest) -> str:
    texts = [*app.markdown, *app.caption, *app.info, *app.warning, *app.error, *app.subheader]
    words = [str(text.value) for text in texts]
    return " ".join([*words, *list_html(app)]).replace("\\", "")


def damage(run: Run, kind: str) -> None:
    name, content = DAMAGE[kind]
    path = run.folder / name
    if kind == "lines of one class":
        lines = [json.loads(line) for line in path.read_bytes().splitlines()]
        odd = [line | {"confusion": [[3]], "best_epoch": 99, "epoch": 7} for line in lines[-1:]]
        content = "\n".join(map(json.dumps, [*lines, *odd, {}])).encode()
    elif isinstance(content, dict):
        values = json.loads(path.read_bytes()) if path.exists() else {}
        content = json.dumps(values | content).encode()
    path.write_bytes(content)


@pytest.fixture
def whole(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run with every file that the pages read."""
    record_processes(monkeypatch)
    run = fake_run(workspace, "done", "20260301-110000-demo_cnn")
    write_report(run, workspace)
    run.write_submission(Submission("ann"))
    return run


def copy_damaged(whole: Run, kind: str) -> Run:
    """Return an older run like the whole one, with the damage of this kind."""
    number = list(DAMAGE).index(kind)
    run = Run(whole.folder.with_name(f"20260301-10{number:02d}00-demo_cnn"))
    shutil.copytree(whole.folder, run.folder)
    damage(run, kind)
    return run


def test_damaged_runs_are_rows_or_messages_on_the_pages_that_list_runs(
    whole: Run, open_page: OpenPage
) -> None:
    runs = {kind: copy_damaged(whole, kind) for kind in DAMAGE} | {"whole": whole}

    table = open_page("runs").dataframe[0].value.set_index("run")
    assert len(table) == len(runs)
    assert (table["state"].str[0] == "damaged").sum() == 2  # "no status" and "endless epochs"
    assert float(
        table["result"][table["state"].str[0] == "done"].iloc[0].split("%")[0]
    ) == pytest.approx(200 / 3, abs=5)
    assert f"{len(runs)} runs in all" in " ".join(list_html(open_page("home")))
    assert PUBLISHED["demo_cnn"].title in words_on(open_page("evaluate", run=whole.name))


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_run_says_so_at_its_own_links(kind: str, whole: Run, open_page: OpenPage) -> None:
    run = copy_damaged(whole, kind)
    name = DAMAGE[kind][0]
    pages = [open_page("runs", run=run.name)]
    if name not in ("submission.json", "notes.json", "events.jsonl", "device.jsonl"):
        pages.append(open_page("evaluate", run=run.name))

    said = [words for words in map(words_on, pages) if "damaged" in words]
    if kind in NEVER_HIDDEN:
        assert PUBLISHED["demo_cnn"].title in words_on(pages[0])
        assert len(said) == (kind == "no notes")
    else:
        assert said
        assert all(f"{name} is damaged" in words for words in said)


def test_a_run_of_an_earlier_version_is_a_row_and_is_never_called_damaged(
    whole: Run, open_page: OpenPage
) -> None:
    run = Run(whole.folder.with_name("20260301-100000-demo_cnn"))
    shutil.copytree(whole.folder, run.folder)
    status = json.loads(run.status_path.read_bytes())
    del status["format"]
    run.write_json("status.json", status)

    pages = [open_page("runs"), open_page("home")]
    pages += [open_page(page, run=run.name) for page in ("runs", "evaluate")]
    pages.append(open_page("train", **{"from": run.name}))

    table = pages[0].dataframe[0].value.set_index("run")
    assert sorted(table["state"].str[0]) == ["done", "other version"]
    for page in pages:
        assert "damaged" not in words_on(page)
    for page in pages[2:]:
        assert "was made by an earlier version" in words_on(page)
