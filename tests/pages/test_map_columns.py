"""Bringing one's own images: the dialog in which is said, once, what labels them."""

import html
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.datasets.fakes import FAKES, fake_folder, fake_kermany, write_image
from tests.datasets.kinds import FOLDERS, TABLES, Kind, draw_kind
from tests.pages.shown import list_html, list_visible
from tests.pages.test_explore import read_grid
from tests.pages.test_names import names_on
from xray_core.datasets.folder.mapping import FolderMapping, read_mapping
from xray_core.datasets.folder.titles import ROLE_TITLES
from xray_core.registry import list_datasets
from xray_core.workspace import Workspace

ROWS = """scan,reading,who,width
a.png,clear,p1,12
b,opaque,p1,12
c.png,clear,p2,12
gone.png,opaque,p3,12
"""
MAPPED = {
    "tables": [{"file": "list.csv", "columns": {"path": "scan", "label": "reading"}}],
}

pytestmark = pytest.mark.usefixtures("workspace")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder with three images and a table of four rows, whose headers say nothing to us."""
    folder = tmp_path / "my scans"
    for seed, name in enumerate("abc"):
        write_image(folder / "pictures" / f"{name}.png", seed=seed)
    (folder / "list.csv").write_text(ROWS, "utf-8")
    return folder


def chooser() -> None:
    import streamlit as st

    from pages.components.context import open_page
    from pages.home.add_dataset import show_adding

    st.session_state["entered"] = True  # through the entry point
    context = open_page("Home")
    show_adding()
    catalog = context.open_catalog()
    st.caption(f"{len(catalog.present)} of {len(catalog.images)} images are here")


def open_chooser() -> AppTest:
    """Open a page with nothing but the choosers."""
    app = AppTest.from_function(chooser, default_timeout=60)
    app.session_state["adding"] = True
    app.run()
    assert not app.exception, app.exception[0].value
    return app


def add(app: AppTest, folder: Path) -> AppTest:
    app.session_state["adding"] = True
    app.run()
    [field] = [one for one in app.text_input if one.label.startswith("Folder on")]
    field.set_value(str(folder))
    press(app, "Add")
    return app


def press(app: AppTest, label: str) -> None:
    [button] = [one for one in app.button if one.label == label]
    button.click().run()
    assert not app.exception, app.exception[0].value


def unfold(app: AppTest, *names: str) -> None:
    """Open expanders, whose content is computed only while they are open."""
    for name in names:
        app.session_state[f"map.{name}"] = True
    app.run()
    assert not app.exception, app.exception[0].value


def choose(app: AppTest, label: str, value: str) -> None:
    [box] = [one for one in app.selectbox if one.label == label]
    box.set_value(value).run()
    assert not app.exception, app.exception[0].value


def words(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.info, app.warning, app.error)
    said = [one.value for kind in kinds for one in kind]
    drawn = [html.unescape(re.sub(r"<[^>]+>", " ", text)) for text in list_html(app)]
    return re.sub(r"\s+", " ", "\n".join([*said, *drawn]).replace("\\", ""))


def is_open(app: AppTest) -> bool:
    return any(button.label == "Save and open" for button in app.button)


def can_save(app: AppTest) -> bool:
    return not next(one for one in app.button if one.label == "Save and open").disabled


def chosen_data(app: AppTest) -> str:
    return str(app.session_state["data"]) if "data" in app.session_state else ""


def test_the_guess_is_shown_with_what_it_gives_and_the_dataset_opens(
    workspace: Workspace, own: Path
) -> None:
    app = add(open_chooser(), own)

    said = words(app)
    assert "Image file ← scan · Label ← reading" in said
    assert "3 of 4 rows have their image" in said
    assert "Labels clear 2, opaque 1" in said
    assert "b → pictures/b.png opaque" in said
    assert "gone.png" in said  # what is left over
    assert [t["title"] for t in read_grid(app, "map_images")["tiles"]][:2] == ["clear", "opaque"]
    unfold(app, "columns")
    choose(app, "Patient", "who")
    assert "Patients 2" in words(app)
    press(app, "Save and open")

    assert not is_open(app)
    assert chosen_data(app) == app.selectbox(key="data_choice").value == "my scans"
    assert list_datasets(workspace)["my scans"] == own
    mapping = read_mapping(own)
    assert mapping is not None
    assert mapping.tables[0].columns == {"path": "scan", "label": "reading", "patient": "who"}
    assert "3 of 4 images are here" in words(app)


def test_a_wrong_choice_is_said_in_words_and_cannot_be_saved(own: Path) -> None:
    app = add(open_chooser(), own)
    assert can_save(app)
    unfold(app, "columns")

    choose(app, "Image file", "who")
    assert "0 of 4 rows" in words(app)
    assert "No row's image is in the folder" in words(app)
    assert not can_save(app)

    choose(app, "Image file", "–")
    assert "choose the column that names the image file" in words(app)
    assert not can_save(app)

    choose(app, "Image file", "scan")
    choose(app, "Label", "–")
    assert "Without labels there is nothing to learn" in words(app)
    assert not can_save(app)


def test_boxes_that_lack_a_side_are_an_error_in_words(own: Path) -> None:
    app = add(open_chooser(), own)
    unfold(app, "boxes")

    app.button_group(key="map.list.csv.boxes").set_value("corner and size").run()
    choose(app, "Width", "width")

    assert "width need x, y, height as well" in words(app)
    assert not can_save(app)


def test_a_mapping_in_the_registry_can_be_changed(workspace: Workspace, own: Path) -> None:
    app = add(open_chooser(), own)
    press(app, "Save and open")

    add(app, own)
    assert is_open(app)
    unfold(app, "columns")
    assert next(one.value for one in app.selectbox if one.label == "Label") == "reading"
    choose(app, "Patient", "who")
    press(app, "Save and open")

    mapping = read_mapping(own)
    assert mapping is not None
    assert mapping.tables[0].columns["patient"] == "who"
    assert list(list_datasets(workspace)) == ["demo", "my scans"]


def test_a_damaged_mapping_is_named_and_can_be_made_again(own: Path) -> None:
    (own / "xray_dataset.json").write_text("{", "utf-8")

    app = add(open_chooser(), own)
    assert "is damaged" in words(app)
    press(app, "Save and open")

    assert chosen_data(app) == "my scans"


def wrap(folder: Path) -> None:
    folder.rename(folder.parent / "inner")
    folder.mkdir()
    (folder.parent / "inner").rename(folder / "inner")


@pytest.mark.parametrize("change", [lambda folder: None, wrap], ids=["beside", "inside"])
def test_a_mapping_that_came_with_the_data_needs_no_dialog(
    own: Path, change: Callable[[Path], None]
) -> None:
    (own / "xray_dataset.json").write_text(json.dumps(MAPPED), "utf-8")
    change(own)

    app = add(open_chooser(), own)

    assert not is_open(app)
    assert chosen_data(app) == "my scans"
    assert "3 of 4 images are here" in words(app)


@pytest.mark.parametrize("fake", [fake_kermany, fake_folder])
def test_what_needs_no_columns_is_added_at_once(fake: object, tmp_path: Path) -> None:
    assert callable(fake)
    fake(tmp_path / "set")
    (tmp_path / "set/log.csv").write_text("epoch,loss\n1,2\n", "utf-8")

    app = add(open_chooser(), tmp_path / "set")

    assert not is_open(app)
    assert chosen_data(app) == "set"


def test_class_folders_beside_a_table_are_the_users_choice(tmp_path: Path) -> None:
    folder = draw_kind(tmp_path / "set", FOLDERS["classes"])
    rows = [f"{name},{number % 2}" for number, name in enumerate(FOLDERS["classes"].images)]
    (folder / "list.csv").write_text("file,label\n" + "\n".join(rows), "utf-8")

    app = add(open_chooser(), folder)
    assert "Labels 0 3, 1 3" in words(app)
    app.button_group(key="map.way").set_value("folders").run()
    assert "Labels covid 3, normal 3" in words(app)
    press(app, "Save and open")

    assert chosen_data(app) == "set"
    assert read_mapping(folder) == FolderMapping()


def test_levels_of_folders_are_said_by_hand(tmp_path: Path) -> None:
    kind = FOLDERS["levels that nobody can tell apart"]
    folder = draw_kind(tmp_path / "set", kind)

    app = add(open_chooser(), folder)
    assert "repeat a subfolder" in app.error[0].value
    press(app, "Say how to read it")
    assert not can_save(app)
    app.toggle(key="map.by_hand").set_value(True).run()
    for number, level in enumerate(("site", "class")):
        app.selectbox(key=f"map.level.{number}").set_value(level).run()
    press(app, "Save and open")

    assert chosen_data(app) == "set"
    mapping = read_mapping(folder)
    assert mapping is not None
    assert mapping.folders == ("site", "class")


def test_what_uncertain_and_blank_mean_is_chosen(tmp_path: Path) -> None:
    folder = draw_kind(tmp_path / "set", TABLES["uncertain and blank"])

    app = add(open_chooser(), folder)
    assert "uncertain (−1) means unknown, blank means unknown" in words(app)
    unfold(app, "cells")
    choose(app, "Uncertain (−1) means", "present")
    choose(app, "A blank cell means", "absent")
    press(app, "Save and open")

    mapping = read_mapping(folder)
    assert mapping is not None
    assert (mapping.uncertain, mapping.blank) == ("present", "absent")


def test_a_joined_table_can_be_left_out_and_taken_in_again(tmp_path: Path) -> None:
    folder = draw_kind(tmp_path / "set", TABLES["tables joined by ids"])
    app = add(open_chooser(), folder)
    assert "joined on subject_id" in words(app)
    unfold(app, "columns")
    choose(app, "Table", "labels.csv")

    use = app.button_group(key="map.labels.csv.use")
    use.set_value("unused").run()
    assert not can_save(app)
    app.button_group(key="map.labels.csv.use").set_value("joined").run()
    assert can_save(app)
    choose(app, "Joined on its column", "–")
    assert "choose the column that it is joined on" in words(app)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("labels at the end of names", "the label stands at the end"),
        ("fractions", "in fractions of the image"),
        ("a box as a dict", "Box in one cell ←"),
        ("run lengths", "Mask in run lengths ←"),
    ],
)
def test_every_kind_of_guess_is_shown_without_a_code_name(
    name: str, said: str, tmp_path: Path
) -> None:
    folder = draw_kind(tmp_path / "set", (FOLDERS | TABLES)[name])

    app = add(open_chooser(), folder)

    assert said in words(app)
    assert can_save(app)
    unfold(app, "columns", "cells", "boxes")
    assert not names_on(app)
    roles = {role for role in ROLE_TITLES if "_" in role}
    titles = [text for where, text in list_visible(app) if where != "selectbox"]
    assert not [text for text in titles if text in roles]


REFUSED = {
    "empty": (Kind(), "is empty", "Get a dataset"),
    "archives": (FOLDERS["archives inside"], "waits to be unpacked", "Home unpacks it"),
    "one class": (FOLDERS["one class alone"], "single class", "Say how to read it"),
    "no image": (Kind(texts={"notes.pdf": "x"}), "end in .pdf", "Get a dataset"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_folder_that_is_refused_has_its_reason_and_a_next_step(name: str, tmp_path: Path) -> None:
    kind, reason, step = REFUSED[name]
    folder = draw_kind(tmp_path / "set", kind)

    app = add(open_chooser(), folder)

    assert not is_open(app)
    assert reason in app.error[0].value.replace("\\", "")
    assert step in words(app) + " ".join(button.label for button in app.button)
    app.run()
    assert app.error  # until the next try
    if folders := [one for one in app.expander if one.label == "Layouts that are read"]:
        assert "Kermany" in folders[0].markdown[0].value
    else:
        assert name == "empty"


def test_the_path_of_a_table_means_its_folder(own: Path) -> None:
    app = add(open_chooser(), own / "list.csv")

    assert "my scans: 3 images" in words(app)
    assert can_save(app)


def test_a_folder_of_two_datasets_is_read_as_the_one_that_is_chosen(
    workspace: Workspace, tmp_path: Path
) -> None:
    FAKES["kermany"](tmp_path / "both" / "chest_xray")
    FAKES["nih_chestxray14"](tmp_path / "both" / "nih")

    app = add(open_chooser(), tmp_path / "both")
    assert "holds several datasets" in app.error[0].value.replace("\\", "")
    assert not names_on(app)
    press(app, "Read as Kermany paediatric pneumonia")

    assert chosen_data(app) == "chest_xray"
    assert list_datasets(workspace)["chest_xray"] == tmp_path / "both" / "chest_xray"


@pytest.mark.parametrize("typed", ["~nobody-of-this-name/x", "/nowhere/at all"])
def test_a_folder_that_cannot_be_is_said_in_words(typed: str) -> None:
    app = add(open_chooser(), Path(typed))

    assert not is_open(app)
    assert "is no path" in words(app) or "does not exist" in words(app)


def test_a_folder_outside_the_roots_is_not_looked_at(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XRAY_DATA_ROOTS", str(own / "pictures"))

    app = add(open_chooser(), own)

    assert not is_open(app)
    assert "outside the folders" in words(app)


def test_a_reader_is_chosen_by_hand_and_the_choice_is_taken_back(
    workspace: Workspace, tmp_path: Path
) -> None:
    folder = tmp_path / "chest_xray"
    fake_kermany(folder)
    shutil.copytree(folder / "train" / "NORMAL", folder / "train" / "COVID19")
    app = add(open_chooser(), folder)
    app.session_state["import_notes"] = True
    app.run()
    assert "It looks like Kermany paediatric pneumonia, but train/COVID19" in words(app)
    assert not names_on(app)

    def read_as(name: str) -> str:
        app.selectbox(key="reader_bar").set_value(name).run()
        press(app, "Read it so")
        app.session_state["import_notes"] = True
        app.run()
        return words(app)

    assert "Read as Kermany paediatric pneumonia, as somebody chose" in read_as("kermany")
    assert read_mapping(folder) == FolderMapping(reader="kermany")
    assert "The names of folders are read as classes: COVID19" in read_as("")
    assert read_mapping(folder) is None
