"""Bringing one's own images: the dialog in which the columns of a table are named once."""

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.datasets.fakes import fake_folder, fake_kermany, write_image
from xray_core.datasets.folder.mapping import read_mapping
from xray_core.registry import list_datasets
from xray_core.workspace import Workspace

ROWS = """Bild,Diagnose,person,width
a.png,clear,p1,12
b,opaque,p1,12
c.png,clear,p2,12
gone.png,opaque,p3,12
"""


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


def choose(app: AppTest, label: str, value: str) -> None:
    [box] = [one for one in app.selectbox if one.label == label]
    box.set_value(value).run()
    assert not app.exception, app.exception[0].value


def words(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.info, app.warning, app.error)
    return "\n".join(one.value for kind in kinds for one in kind)


def is_open(app: AppTest) -> bool:
    return any(button.label == "Save and open" for button in app.button)


def can_save(app: AppTest) -> bool:
    return not next(one for one in app.button if one.label == "Save and open").disabled


def test_columns_are_named_once_and_the_dataset_opens(workspace: Workspace, own: Path) -> None:
    app = add(open_chooser(), own)

    assert "**3 of 4 rows have their image**" in words(app)
    assert not can_save(app)  # no header is a label that we know
    choose(app, "Label", "Diagnose")
    choose(app, "Patient", "person")
    assert "2 patients" in words(app)
    assert "Labels: clear 2, opaque 1" in words(app)
    press(app, "Save and open")

    assert not is_open(app)
    assert app.session_state["data"] == "my scans"
    assert app.selectbox(key="data_choice").value == "my scans"
    assert list_datasets(workspace)["my scans"] == own
    mapping = read_mapping(own)
    assert mapping is not None
    assert mapping.columns == {"path": "Bild", "label": "Diagnose", "patient": "person"}
    assert "3 of 4 images are here" in words(app)


def test_a_wrong_choice_is_said_in_words_and_cannot_be_saved(own: Path) -> None:
    app = add(open_chooser(), own)
    choose(app, "Label", "Diagnose")
    assert can_save(app)

    choose(app, "Image file", "person")
    assert "0 of 4 rows" in words(app)
    assert "No row's image is in the folder" in words(app)
    assert not can_save(app)

    choose(app, "Image file", "–")
    assert "Choose the column that names the image file" in words(app)
    assert not can_save(app)


def test_boxes_that_lack_a_side_are_an_error_in_words(own: Path) -> None:
    app = add(open_chooser(), own)
    choose(app, "Label", "Diagnose")

    app.button_group(key="map.list.csv.boxes").set_value("corner and size").run()
    choose(app, "Width", "width")

    assert "width need x, y, height as well" in words(app).replace("\\", "")
    assert not can_save(app)


def test_a_mapping_in_the_registry_can_be_changed(workspace: Workspace, own: Path) -> None:
    app = add(open_chooser(), own)
    choose(app, "Label", "Diagnose")
    press(app, "Save and open")

    add(app, own)
    assert is_open(app)
    assert next(one.value for one in app.selectbox if one.label == "Label") == "Diagnose"
    choose(app, "Patient", "person")
    press(app, "Save and open")

    mapping = read_mapping(own)
    assert mapping is not None
    assert mapping.columns["patient"] == "person"
    assert list(list_datasets(workspace)) == ["demo", "my scans"]


def test_a_mapping_that_came_with_the_data_needs_no_dialog(own: Path) -> None:
    mapping = {"table": "list.csv", "columns": {"path": "Bild", "label": "Diagnose"}}
    (own / "xray_dataset.json").write_text(json.dumps(mapping), "utf-8")

    app = add(open_chooser(), own)

    assert not is_open(app)
    assert app.session_state["data"] == "my scans"


def test_a_damaged_mapping_is_named_and_can_be_made_again(own: Path) -> None:
    (own / "xray_dataset.json").write_text("{", "utf-8")

    app = add(open_chooser(), own)
    assert "is damaged" in words(app)
    choose(app, "Label", "Diagnose")
    press(app, "Save and open")

    assert app.session_state["data"] == "my scans"


def test_a_table_with_semicolons_says_what_to_do(own: Path) -> None:
    (own / "list.csv").write_text(ROWS.replace(",", ";"), "utf-8")

    app = add(open_chooser(), own)

    assert "not separated by commas" in words(app)
    assert not can_save(app)


@pytest.mark.parametrize("fake", [fake_kermany, fake_folder])
def test_what_needs_no_columns_is_added_at_once(fake: object, tmp_path: Path) -> None:
    assert callable(fake)
    fake(tmp_path / "set")
    (tmp_path / "set/log.csv").write_text("epoch,loss\n1,2\n", "utf-8")

    app = add(open_chooser(), tmp_path / "set")

    assert not is_open(app)
    assert app.session_state["data"] == "set"


def test_class_folders_beside_a_table_are_the_users_choice(tmp_path: Path) -> None:
    fake_folder(tmp_path / "set")
    (tmp_path / "set/list.csv").write_text("file,label\nb.jpg,x\n", "utf-8")

    app = add(open_chooser(), tmp_path / "set")
    assert is_open(app)
    press(app, "Use the names of the folders as labels")

    assert app.session_state["data"] == "set"
    assert read_mapping(tmp_path / "set") is None


def test_a_mapping_in_an_inner_folder_needs_no_dialog(own: Path) -> None:
    mapping = {"table": "list.csv", "columns": {"path": "Bild", "label": "Diagnose"}}
    (own / "xray_dataset.json").write_text(json.dumps(mapping), "utf-8")
    own.rename(own.parent / "inner")
    own.mkdir()
    (own.parent / "inner").rename(own / "inner")

    app = add(open_chooser(), own)

    assert not is_open(app)
    assert "3 of 4 images are here" in words(app)


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
