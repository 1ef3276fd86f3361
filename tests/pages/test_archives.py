"""Archives and downloads on the Home page: shown, started, watched, and what came of them."""

import json
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.home import archives, get_dataset
from tests.datasets.kinds import TABLES, draw_kind
from tests.pages.conftest import OpenPage
from tests.pages.shown import list_html, read_heading
from xray_core import cli
from xray_core.archives.groups import find_group
from xray_core.datasets import READERS
from xray_core.jobs import background
from xray_core.processes import own_handle
from xray_core.workspace import Workspace

NOBODY = "0:0"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that would have been started; each of them seems to run on and on."""
    started: list[list[str]] = []

    def note(command: list[str], log: Path, environment: Mapping[str, str]) -> str:
        started.append(command)
        return own_handle()

    monkeypatch.setattr(background, "start_detached", note)
    return started


@pytest.fixture
def archive(workspace: Workspace, kermany_folder: Path) -> Path:
    name = str(workspace.data / "chest")
    return Path(shutil.make_archive(name, "zip", kermany_folder.parent, "chest_xray"))


def words_of(app: AppTest) -> str:
    shown = (*app.markdown, *app.caption, *app.error, *app.success, *app.warning)
    bars = [bar.proto.text for bar in app.get("progress")]
    return "\n".join([*(one.value for one in shown), *bars]).replace("\\", "")


def end_arrival(workspace: Workspace, command: str, name: str, log: str = "") -> None:
    """Let a process that runs end, as one that was killed or wrote `log`."""
    [folder] = [workspace.cache / "background" / archives._process_name(command, name)]
    (folder / "handle").write_text(NOBODY)
    (folder / "log.txt").write_text(log)


def test_without_archives_nothing_is_shown(open_page: OpenPage) -> None:
    assert "Data on its way" not in words_of(open_page("home"))


def test_an_archive_that_waits_is_unpacked_by_a_process_of_its_own(
    open_page: OpenPage, archive: Path, started: list[list[str]]
) -> None:
    app = open_page("home")
    assert "**chest** · chest.zip, " in words_of(app)

    app.button(key="Unpack_unpack_chest").click().run()

    [command] = started
    assert command[3:5] == ["unpack", "chest"]
    assert "Looking into the archives" in words_of(app)
    assert "Looking into the archives" in words_of(open_page("home"))  # after a reload


def test_progress_is_shown_in_files_and_megabytes(
    open_page: OpenPage, workspace: Workspace, archive: Path, started: list[list[str]]
) -> None:
    app = open_page("home")
    app.button(key="Unpack_unpack_chest").click().run()
    progress = {"read": 30 * 10**6, "total": 120 * 10**6, "n_files": 1234, "n_bytes": 31 * 10**6}
    partial = find_group(workspace, "chest").partial
    partial.mkdir()
    (partial / "progress.json").write_text(json.dumps(progress))

    app.run()

    [bar] = app.get("progress")
    assert bar.proto.value == 25
    assert bar.proto.text == "1,234 files · 30 MB of 120 MB"


def test_a_killed_unpacking_can_go_on(
    open_page: OpenPage, workspace: Workspace, archive: Path, started: list[list[str]]
) -> None:
    app = open_page("home")
    app.button(key="Unpack_unpack_chest").click().run()
    partial = find_group(workspace, "chest").partial
    partial.mkdir()
    (partial / "progress.json").write_text('{"read": 1, "total": 2}')
    end_arrival(workspace, "unpack", "chest")

    app.run()
    assert "It ended without a word" in words_of(app)
    app.button(key="Go on_unpack_chest").click().run()

    assert len(started) == 2
    assert "It ended without a word" not in words_of(app)


def test_an_archive_for_another_program_is_named_beside_the_others(
    open_page: OpenPage, workspace: Workspace, archive: Path
) -> None:
    for name in ("thorax.part1.rar", "thorax.part2.rar"):
        (workspace.data / name).write_bytes(b"Rar!")

    app = open_page("home")

    [info] = app.info
    words = info.value.replace("\\", "")
    assert "thorax.part1.rar … thorax.part2.rar (2 files) is a RAR archive" in words
    assert "unpack thorax.part1.rar with 7-Zip" in words
    assert [button.key for button in app.button if str(button.key).endswith("_thorax")] == []
    assert app.button(key="Unpack_unpack_chest")


def tick() -> None:
    """Run the fragment as its clock does: with what ran when the page was built."""
    import streamlit as st

    from pages.home import archives
    from xray_core.workspace import find_workspace

    archives._show_archives(st.session_state.pop("ran", archives._list_running(find_workspace())))


def test_a_click_is_not_lost_while_something_else_ends(
    archive: Path, started: list[list[str]]
) -> None:
    app = AppTest.from_function(tick, default_timeout=60).run()
    app.session_state["ran"] = ["one that has ended"]

    app.button(key="Unpack_unpack_chest").click().run()

    assert not app.exception
    assert [command[4] for command in started] == ["chest"]


def test_stop_ends_it_and_keeps_the_archive_waiting(
    open_page: OpenPage, workspace: Workspace, archive: Path, started: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    ended: list[str] = []
    monkeypatch.setattr(background, "terminate", ended.append)
    app = open_page("home")
    app.button(key="Unpack_unpack_chest").click().run()
    ended.clear()

    app.button(key="Stop_unpack_chest").click().run()

    assert ended == [own_handle()]
    assert app.button(key="Unpack_unpack_chest")


def test_an_error_is_shown_in_its_words(
    open_page: OpenPage, workspace: Workspace, archive: Path, started: list[list[str]]
) -> None:
    app = open_page("home")
    app.button(key="Unpack_unpack_chest").click().run()
    end_arrival(workspace, "unpack", "chest", "error: chest.zip is damaged.\n")

    app.run()

    assert "chest.zip is damaged." in [one.value.replace("\\", "") for one in app.error]


def unpack_here(command: list[str], log: Path, environment: Mapping[str, str]) -> str:
    assert cli.main(command[3:]) == 0
    return NOBODY


def test_what_was_unpacked_is_offered_and_can_be_dismissed(
    open_page: OpenPage, workspace: Workspace, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "start_detached", unpack_here)
    app = open_page("home")

    app.button(key="Unpack_unpack_chest").click().run()
    assert app.success[0].value.startswith("6 files, Kermany")
    assert app.selectbox[0].options == ["demo", "chest"]
    app.button(key="show_chest").click().run()
    assert read_heading(app) == "Explore"
    assert app.selectbox(key="data_choice").value == "chest"

    app = open_page("home")
    app.button(key="Dismiss_unpack_chest").click().run()
    assert "Data on its way" not in words_of(app)
    assert archive.is_file()


def test_what_is_no_dataset_is_said_so(
    open_page: OpenPage, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(workspace.data / "notes.zip", "w") as file:
        file.writestr("notes.txt", b"x")
    monkeypatch.setattr(background, "start_detached", unpack_here)
    app = open_page("home")

    app.button(key="Unpack_unpack_notes").click().run()

    [warning] = app.warning
    assert "is unpacked, but not read yet" in warning.value
    assert "it holds no image, only 1 file (notes" in warning.value.replace("\\", "")
    app.button(key="how_notes").click().run()
    assert "holds no image" in app.error[0].value.replace("\\", "")
    assert "Get a dataset" in " ".join(list_html(app))


def test_what_waits_to_be_mapped_is_asked_for_once_it_is_unpacked(
    open_page: OpenPage, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = draw_kind(tmp_path / "chest", TABLES["comma"])
    shutil.make_archive(str(workspace.data / "chest"), "zip", folder)
    monkeypatch.setattr(background, "start_detached", unpack_here)
    app = open_page("home")

    app.button(key="Unpack_unpack_chest").click().run()
    assert "labels.csv waits to be mapped" in app.warning[0].value.replace("\\", "")
    assert "xray_core" not in app.warning[0].value  # a button does what the command does
    app.button(key="how_chest").click().run()
    app.button(key="map.save").click().run()

    assert not app.exception
    assert read_heading(app) == "Explore"
    assert app.selectbox(key="data_choice").value == "chest"


@pytest.fixture
def on_kaggle(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = replace(READERS["kermany"], kaggle="somebody/some-x-rays", address="https://a.org")
    monkeypatch.setitem(READERS, "kermany", reader)


def open_list(app: AppTest) -> AppTest:
    app.session_state["get_dataset"] = True
    return app.run()


def test_the_list_names_address_and_licence_and_how_to_install_kagglehub(
    open_page: OpenPage, on_kaggle: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(get_dataset, "is_installed", lambda: False)

    app = open_list(open_page("home"))

    words = words_of(app)
    assert "(https://a.org)" in words
    assert "(https://www.kaggle.com/datasets/somebody/some-x-rays)" in words
    assert READERS["kermany"].licence in words
    assert "pip install -r requirements-kaggle.txt" in [one.value for one in app.code]
    assert not [one for one in app.button if str(one.key).startswith("download_")]


def test_every_published_dataset_is_in_the_list(open_page: OpenPage) -> None:
    words = words_of(open_list(open_page("home")))

    for reader in READERS.values():
        published = bool(reader.address)
        assert (f"**{reader.title}**" in words.replace("\\", "")) == published
        assert f"({reader.address})" in words or not published
        assert reader.not_on_kaggle in words or not published


def test_the_list_is_searched_by_what_it_shows(open_page: OpenPage) -> None:
    app = open_list(open_page("home"))

    words = words_of(app.text_input(key="search_datasets").set_value("Boxes TUBERCULOSIS").run())
    assert "**TBX11K**" in words
    assert f"**{READERS['kermany'].title}**" not in words
    words = words_of(
        app.text_input(key="search_datasets").set_value("tuberculosis of the toe").run()
    )
    assert "None of them speaks of" in words


def test_a_download_is_a_process_of_its_own_and_is_watched(
    open_page: OpenPage, on_kaggle: None, workspace: Workspace, started: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(get_dataset, "is_installed", lambda: True)
    app = open_list(open_page("home"))

    app.button(key="download_kermany").click().run()

    assert started[0][3:5] == ["download", "kermany"]
    assert "Downloading from Kaggle: 0 kB so far" in words_of(app)
    end_arrival(workspace, "download", "kermany", "error: Kaggle cannot be reached.\n")
    app.run()
    assert "Kaggle cannot be reached." in words_of(app)
    app.button(key="Try again_download_kermany").click().run()
    assert len(started) == 2


def test_the_authors_archives_are_chosen_downloaded_stopped_and_deleted(
    open_page: OpenPage, workspace: Workspace, started: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(background, "terminate", lambda handle: None)
    name = "nih_chestxray14"
    app = open_list(open_page("home"))
    choice = app.multiselect(key=f"archives_{name}")
    assert choice.value == ["images_001.tar.gz"]  # what a laptop has room for
    assert choice.options[11] == "images_012.tar.gz: 7,121 images, 2.9 GB"
    choice.select("images_003.tar.gz").run()
    assert "5.9 GB to download, and as much again to unpack" in words_of(app)

    app.button(key=f"authors_{name}").click().run()

    command = started[0][3:7]
    assert command == ["download", name, "--archives", "images_001.tar.gz,images_003.tar.gz"]
    [folder] = [workspace.cache / "background" / archives._process_name("authors", name)]
    (folder / "progress.json").write_text("[1500000000, 6000000000]")
    app.run()
    [bar] = app.get("progress")
    assert (bar.proto.value, bar.proto.text) == (
        25,
        "Downloading from its authors: 1.5 GB of 6.0 GB",
    )

    app.button(key=f"Stop_authors_{name}").click().run()
    app.button(key=f"Go on_authors_{name}").click().run()  # after a restart of the app, too
    assert started[1][3:7] == command
    end_arrival(workspace, "authors", name, "error: the disk is full.\n")
    app.run()
    assert "the disk is full." in words_of(app)
    app.button(key=f"Delete_authors_{name}").click().run()
    assert "Data on its way" not in words_of(app)
