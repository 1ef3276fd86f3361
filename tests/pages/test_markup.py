"""Names, labels, tags, notes and folders full of markup: every page shows them to the letter."""

import json
import re
import shutil
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from markdown_it import MarkdownIt
from streamlit.testing.v1 import AppTest

from pages.components.frame import JOINER, escape_markdown, format_message
from tests.datasets.fakes import FAKES, RADIOGRAPHY_ROWS, write_image, write_radiography_workbook
from tests.pages.conftest import OpenPage
from tests.pages.fake_runs import fake_run, record_processes
from tests.pages.shown import list_figures, list_html, list_markdown, list_visible
from tests.pages.test_explore import read_grid
from xray_core import cli
from xray_core.datasets import open_dataset
from xray_core.datasets.folder.mapping import MAPPING_FILE
from xray_core.evaluation import build_report
from xray_core.evaluation.report import prediction_table
from xray_core.jobs import JobQueue, background
from xray_core.recipes import PUBLISHED
from xray_core.registry import add_dataset
from xray_core.runs import Run, Submission
from xray_core.runs.notes import Notes, write_notes
from xray_core.selection import TEXT, VALUES, Filter, format_filters
from xray_core.tasks import class_of, encode_catalog, find_task
from xray_core.workspace import Workspace

# Each of them means something in Markdown, in Streamlit's own Markdown, or in HTML.
MARKUP = (
    "![x](https://evil.example/a.png)",
    "<img src=x onerror=alert(1)>",
    "[l](javascript:alert(1))",
    ":red[z]",
    "$x$",
    ":material/bolt:",
    ":skull:",
    "www.evil.example",
    "a@evil.example",
    "`c`",
    "**b**",
    "~~s~~",
)
MARK = " ".join(MARKUP)
# The same without what no file name can hold.
NAME = "![x](www.evil.example)<img src=x>[l](javascript:a)$x$:red[z]:skull:"
IN_NAMES = ("![x](www", "<img src=x>", "[l](javascript:a)", "www.evil.example")
SHORT = "<b>![x](y)$x$"  # of forty characters at most
RAW = re.compile(
    r"(?<!\\)(?:" + "|".join(map(re.escape, (*MARKUP, *IN_NAMES, "<b>", "![x](y)"))) + ")"
)
RUN, WAITING = "20260301-100000-demo_cnn", "20260301-110000-demo_cnn"


def assert_shown_to_the_letter(app: AppTest) -> None:
    """Assert that no markup of ours reached the browser as such."""
    assert not app.exception, app.exception[0].value
    for where, text in list_markdown(app):
        assert not RAW.search(text), (where, text)
    for text in list_figures(app):
        assert not [one for one in ("<img", "<b>!") if one in text], text
    for text in list_html(app):
        assert "<img" not in text
        assert "<b>!" not in text


def markdown_of(app: AppTest) -> str:
    return "\n".join(text for _, text in list_markdown(app))


@pytest.mark.parametrize("text", [*MARKUP, MARK, NAME, "1. x", "- x", "# h", "> q", "===", "| a |"])
@pytest.mark.parametrize("around", ["{}", "**Bold:**  \n{}", "- {}\n- {}", "a {} b"])
def test_a_text_that_is_escaped_is_shown_to_the_letter(text: str, around: str) -> None:
    parser = MarkdownIt("gfm-like", {"linkify": False}).enable(["table", "strikethrough"])
    plain = parser.render(around.replace("{}", "SOMETHING"))

    html = parser.render(around.replace("{}", escape_markdown(text)))

    shown = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert html.replace(JOINER, "") == plain.replace("SOMETHING", shown.replace('"', "&quot;"))


@pytest.mark.parametrize(
    ("text", "late"),
    [
        ("http://evil.example", "http://"),
        ("WWW.evil.example", "WWW."),
        ("a@evil.example", "a@e"),
        (":material/bolt:", ":material/"),
        (":material_bolt:", ":material_bolt:"),
        (":streamlit:", ":streamlit:"),
        (":+1:", ":+1:"),
        ("a -> b", " -> "),
        ("<=", "<="),
    ],
)
def test_what_is_replaced_after_the_escapes_are_gone_is_divided(text: str, late: str) -> None:
    """The browser looks for these in the text that is left when all escapes are undone."""
    [left] = MarkdownIt("commonmark").parseInline(escape_markdown(text))
    words = "".join(one.content for one in left.children or ())

    assert late not in words
    assert words.replace(JOINER, "") == text


def test_an_address_in_a_message_can_be_copied_and_is_no_link() -> None:
    address = "https://a.example/mobilenet_v2/x_1_tf.h5"

    [left] = MarkdownIt("commonmark").parseInline(format_message(f"Get_it: {address}, *then* go."))

    pieces = [(one.type, one.content) for one in left.children or ()]
    assert pieces == [("text", "Get_it: "), ("code_inline", address), ("text", ", *then* go.")]


def test_words_that_mean_nothing_stay_as_they_are() -> None:
    for text in ("COVID-19", "Pleural_Thickening", "12:30", "a (b) / c", "A & B", "x.png", "50 %"):
        assert escape_markdown(text) == text


@pytest.fixture
def own(workspace: Workspace, tmp_path: Path) -> Path:
    """A folder of 24 images with a table, in the registry; every name and cell of it is markup."""
    folder = tmp_path / NAME
    rows = []
    for number in range(24):
        write_image(folder / NAME / f"{number} {NAME}.png", (64, 64), seed=number)
        rows.append(
            {
                f"file {MARK}": f"{NAME}/{number} {NAME}.png",
                f"label {MARK}": f"{'AB'[number % 2]} {MARK}",
                f"patient {MARK}": f"{number // 2} {MARK}",
                f"study {MARK}": f"{number} {MARK}",
                f"view_position {MARK}": f"PA {MARK}",
                f"age {MARK}": "50" if number % 3 else MARK,
                "x": 4,
                "y": 4,
                "w": 16,
                "h": 20,
            }
        )
    pd.DataFrame(rows).to_csv(folder / f"{NAME}.csv", index=False)
    columns = {
        role: f"{role} {MARK}" for role in ("label", "patient", "study", "view_position", "age")
    }
    columns |= {"path": f"file {MARK}", "x": "x", "y": "y", "width": "w", "height": "h"}
    mapping = {"tables": [{"file": f"{NAME}.csv", "columns": columns}]}
    (folder / MAPPING_FILE).write_text(json.dumps(mapping), "utf-8")
    add_dataset(workspace, folder)
    return folder


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Tasks such as an audit run in this process at once; nothing else is started."""

    def run(command: list[str], log: Path, environment: Any = None) -> str:
        cli.main(command[3:])  # without `python -m xray_core`
        return "0:0"

    monkeypatch.setattr(background, "start_detached", run)
    return record_processes(monkeypatch)


@pytest.mark.parametrize(
    ("page", "query"),
    [
        ("home", {}),
        ("explore", {"data": MARK, "where": MARK, "image": MARK}),
        ("explore", {"numbers": "About"}),
        ("explore", {"numbers": "Labels"}),
        ("explore", {"numbers": "Patients"}),
        ("explore", {"numbers": "Images"}),
        ("explore", {"numbers": "Boxes"}),
        ("audit", {}),
        ("prepare", {"image": MARK}),
        ("train", {"recipe": MARK, "from": MARK}),
        ("runs", {"run": MARK}),
        ("runs", {"sweep": MARK}),
        ("evaluate", {"run": MARK}),
    ],
)
def test_a_dataset_of_markup_is_shown_to_the_letter(
    page: str, query: dict[str, str], own: Path, open_page: OpenPage, started: list[list[str]]
) -> None:
    if page == "explore" and "numbers" in query:
        query = {**query, "show": "Counts"}

    app = open_page(page, **{"data": own.name, **query})

    assert_shown_to_the_letter(app)
    if page in ("explore", "audit", "prepare", "train") and query.get("data") != MARK:
        assert app.selectbox(key="data_choice").value == own.name


def test_an_image_of_markup_is_shown_to_the_letter(own: Path, open_page: OpenPage) -> None:
    catalog = open_dataset(own, own.parent / "cache")
    first, second = catalog.images["image_id"].iloc[[0, 1]]

    for query in ({"image": first}, {"image": first, "with": second}):
        app = open_page("explore", data=own.name, **query)

        assert_shown_to_the_letter(app)
        assert any("evil.example" in text for text in list_html(app))
    assert_shown_to_the_letter(open_page("prepare", data=own.name, image=first))


@pytest.mark.parametrize("column", ["findings", "patient_id"])
def test_a_filter_by_markup_is_shown_to_the_letter(
    column: str, own: Path, open_page: OpenPage
) -> None:
    app = open_page("explore", data=own.name)
    app.session_state["more_filters"] = True  # its content is computed only while it is open
    app.run()
    app.selectbox(key="where_column").set_value(column).run()
    for kind in (VALUES, TEXT):
        app.radio(key=f"how_{column}").set_value(kind).run()
        assert_shown_to_the_letter(app)

    where = format_filters([Filter(column, TEXT, text=MARK)])
    app = open_page("explore", data=own.name, where=where)

    assert_shown_to_the_letter(app)
    [chip] = read_grid(app, "chips")["chips"]
    assert chip.endswith(f"contains “{MARK}”")  # which is written as textContent


def test_the_origins_of_images_are_shown_to_the_letter(
    workspace: Workspace, open_page: OpenPage
) -> None:
    folder = workspace.data / "radiography"
    FAKES["covid19_radiography"](folder)
    for number, (name, rows) in enumerate(RADIOGRAPHY_ROWS.items()):
        write_radiography_workbook(
            folder / f"{name}.metadata.xlsx", [(one, f"{SHORT} {number}") for one, _ in rows]
        )

    app = open_page("explore", data="radiography", show="Counts", numbers="Patients")

    assert_shown_to_the_letter(app)
    assert any("&lt;b&gt;![x](y)$x$" in figure for figure in list_figures(app))


@pytest.fixture
def run_of_markup(own: Path, workspace: Workspace) -> Run:
    """A run that is done, on the images of `own`: whatever can be text in its files is markup."""
    recipe = replace(
        PUBLISHED["demo_cnn"],
        dataset="folder",
        task="folder_class",
        title=MARK,
        source=MARK,
        parent=MARK,
        changes={"seed": MARK},
        published={"accuracy": 0.5, f"recall_A {MARK}": 0.5},
        classes=(f"A {MARK}", f"B {MARK}"),
    )
    run = fake_run(workspace, "done", RUN, recipe, message=MARK, phase=MARK, device=MARK)
    run.write_json("recipe.json", asdict(replace(run.read_recipe(), data_folder=str(own))))
    data = json.loads((run.folder / "data.json").read_text())
    data |= {"folder": str(own), "remarks": [MARK], "grouped_by": MARK, "left_out": [MARK]}
    data |= {"unreadable": [{"path": MARK, "reason": MARK}]}
    data |= {"subsets": {"training": {f"A {MARK}": 5, f"B {MARK}": 9}}}
    run.write_json("data.json", data)
    run.write_json("submission.json", asdict(Submission(SHORT, sweep=MARK)))
    run.append_event("stopped", cause=MARK, by=SHORT)
    run.log_path.write_text(MARK)
    write_notes(run, Notes((SHORT,), f"{MARK}\n\n1. {MARK}"))
    catalog = open_dataset(own, workspace.cache)
    targets = encode_catalog(catalog, find_task("folder_class"))
    split = catalog.images[["image_id", "path"]].assign(
        group=catalog.images["patient_id"], subset="test", **{"class": class_of(targets)}
    )
    classes = list(targets.columns)
    said = {one: np.array([0.8, 0.2]) for one in split["image_id"][:-1]}
    table = prediction_table(split, classes, said)
    run.write_table("predictions.parquet", table)
    run.write_json("report.json", build_report(table, classes[1], n_rounds=20))
    return run


@pytest.mark.parametrize(
    ("page", "query"),
    [
        ("home", {}),
        ("runs", {}),
        ("runs", {"ticked": RUN}),
        ("runs", {"run": RUN}),
        ("runs", {"sweep": MARK}),
        ("evaluate", {"run": RUN}),
        ("compare", {"runs": f"{RUN},{RUN}-2"}),
        ("train", {"from": RUN}),
    ],
)
def test_a_run_of_markup_is_shown_to_the_letter(
    page: str,
    query: dict[str, str],
    run_of_markup: Run,
    workspace: Workspace,
    open_page: OpenPage,
    started: list[list[str]],
) -> None:
    other = replace(PUBLISHED["demo_cnn"], changes={"seed": "1"})
    waiting = fake_run(workspace, "queued", WAITING, other)
    waiting.write_json("submission.json", asdict(Submission(SHORT, sweep=MARK)))
    JobQueue(workspace.queue).submit(WAITING, Submission(SHORT))
    fake_run(workspace, "failed", "20260301-120000-demo_cnn", message=MARK)
    if page == "compare":
        shutil.copytree(run_of_markup.folder, workspace.runs / f"{RUN}-2")

    app = open_page(page, **query)

    assert_shown_to_the_letter(app)
    visible = [text for _, text in list_visible(app)]
    assert any("evil.example" in text for text in visible) or page == "home"
    opened = ("log", "history", "device", "notes", "several", "network", "data_split", "recipe")
    for name in (*opened, "pairs", "sweep_links", "filters", "bulk_tag", f"more_{RUN}"):
        app.session_state[name] = True
    app.run()
    assert_shown_to_the_letter(app)


def test_what_a_user_types_is_answered_to_the_letter(
    workspace: Workspace, own: Path, open_page: OpenPage
) -> None:
    (own / MAPPING_FILE).write_text(MARK)  # damaged
    shutil.make_archive(str(workspace.data / f"x{SHORT.replace('/', '')}"), "zip", own)
    app = open_page("home", data="demo")
    assert_shown_to_the_letter(app)
    for typed in (f"/nowhere/{MARK}", str(own)):
        app.session_state["adding"] = True
        app.run()
        [field] = [one for one in app.text_input if one.label.startswith("Folder on")]
        field.set_value(typed)
        [button] = [one for one in app.button if one.label == "Add"]
        button.click().run()

        assert_shown_to_the_letter(app)
        assert "evil" in markdown_of(app)
    assert any(button.label == "Save and open" for button in app.button)  # the columns' dialog
    for opened in ("map.columns", "map.cells", "map.boxes", "import_notes"):
        app.session_state[opened] = True
    app.run()
    assert_shown_to_the_letter(app)
