"""Downloading from the authors, from a server on this machine that does all that servers do."""

import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
from filelock import FileLock

from tests.datasets.fakes import FAKES
from xray_core import cli
from xray_core.datasets import READERS
from xray_core.datasets.published import PublishedFile
from xray_core.datasets.reader import Reader
from xray_core.downloads import transfer
from xray_core.downloads.authors import (
    begin_archives,
    choose_archives,
    fetch_archives,
    forget_begun,
    list_archives,
    read_begun,
)
from xray_core.downloads.partial import has_checksum
from xray_core.errors import DatasetError
from xray_core.files import write_json
from xray_core.workspace import Workspace

NIH = "nih_chestxray14"
ARCHIVE, TABLE, LIST = "images_001.tar.gz", "Data_Entry_2017_v2020.csv", "test_list.txt"


@dataclass
class Server:
    """What the server has, and how it answers; each answer is noted.

    Attributes:
        files: name -> content.
        etag: of all files; "" for none.
        knows_ranges: whether it sends the rest of a file that is asked for.
        cuts: bytes of the body after which the next answers break off.
        statuses: of the next answers, instead of files.
        asked: (name, Range, If-Range) of all requests.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    etag: str = '"first"'
    knows_ranges: bool = True
    cuts: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    redirects: bool = False
    asked: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    address: str = ""


class Handler(BaseHTTPRequestHandler):
    server_state: Server

    def do_GET(self) -> None:
        state = self.server_state
        name, wanted = self.path.rpartition("/")[2], self.headers["Range"]
        if state.redirects and not self.path.startswith("/signed/"):
            self.send_response(302)
            self.send_header("Location", f"/signed/{name}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        state.asked.append((name, wanted, self.headers["If-Range"]))
        status = state.statuses.pop(0) if state.statuses else 200 if name in state.files else 404
        if status != 200:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self._send_file(state, state.files[name], wanted)

    def _send_file(self, state: Server, content: bytes, wanted: str | None) -> None:
        start = 0
        if wanted and state.knows_ranges and self.headers["If-Range"] in (None, state.etag):
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        self.send_response(206 if start else 200)
        if start:
            end, total = len(content) - 1, len(content)
            self.send_header("Content-Range", f"bytes {start}-{end}/{total}")
        if state.etag:
            self.send_header("ETag", state.etag)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        body = content[start:]
        self.wfile.write(body[: state.cuts.pop(0)] if state.cuts else body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()
    handler = type("BoundHandler", (Handler,), {"server_state": state})
    listening = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    state.address = f"http://127.0.0.1:{listening.server_address[1]}"
    yield state
    listening.shutdown()
    listening.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "WAIT_SECONDS", (0.001,) * 3)
    monkeypatch.setattr(transfer, "CHUNK_BYTES", 1000)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("XRAY_HOME", str(tmp_path / "home"))
    workspace = Workspace(tmp_path / "home")
    workspace.data.mkdir(parents=True)
    return workspace


@pytest.fixture
def publish(server: Server, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, bytes]], None]:
    """Let NIH's files be others, which the server has."""

    def publish(files: dict[str, bytes]) -> None:
        server.files = dict(files)
        published = tuple(
            PublishedFile(
                name,
                f"{server.address}/{name}",
                len(content),
                f"md5:{hashlib.md5(content).hexdigest()}",
                "images",
                is_table=not name.endswith(".gz"),
            )
            for name, content in files.items()
        )
        monkeypatch.setitem(READERS, NIH, replace(READERS[NIH], files=published))

    return publish


def nih() -> Reader:
    return READERS[NIH]


def fetch(workspace: Workspace, archives: str = "all") -> list[Path]:
    return list(fetch_archives(NIH, workspace, choose_archives(nih(), archives)).files)


def noise(n_bytes: int) -> bytes:
    return hashlib.shake_128(b"noise").digest(n_bytes)


@pytest.mark.parametrize("kind", ["etag", "no etag", "weak etag", "redirect"])
def test_a_broken_connection_goes_on_where_it_stood(
    kind: str, server: Server, publish: Callable[..., None], workspace: Workspace
) -> None:
    content = noise(20_000)
    publish({ARCHIVE: content})
    server.etag = {"no etag": "", "weak etag": 'W/"first"'}.get(kind, '"first"')
    server.redirects, server.cuts = kind == "redirect", [9_500, 5_000]

    [path] = fetch(workspace)

    assert path.read_bytes() == content
    assert [wanted for _, wanted, _ in server.asked] == [None, "bytes=9500-", "bytes=14500-"]
    mark = '"first"' if kind in ("etag", "redirect") else None
    assert {condition for _, wanted, condition in server.asked if wanted} == {mark}
    assert list((workspace.data / ".downloads").iterdir()) == []


def test_a_killed_download_goes_on_and_says_how_far_it_is(
    server: Server, publish: Callable[..., None], workspace: Workspace
) -> None:
    publish({TABLE: noise(100), ARCHIVE: noise(9_000), "images_002.tar.gz": noise(5_000)})
    told: list[tuple[int, int]] = []

    def kill(done: int, total: int) -> None:
        told.append((done, total))
        if done >= 6_000:
            raise KeyboardInterrupt

    chosen = choose_archives(nih(), "1")
    with pytest.raises(KeyboardInterrupt):
        fetch_archives(NIH, workspace, chosen, kill)
    assert told[-1] == (6_100, 9_100)
    assert read_begun(NIH, workspace) == (ARCHIVE,)

    fetch_archives(NIH, workspace, chosen, lambda done, total: told.append((done, total)))

    assert (workspace.data / ARCHIVE).read_bytes() == noise(9_000)
    assert [wanted for name, wanted, _ in server.asked if name == ARCHIVE] == [None, "bytes=6000-"]
    assert told[-1] == (9_100, 9_100)
    assert read_begun(NIH, workspace) == ()
    assert not (workspace.data / "images_002.tar.gz").exists()


def test_a_file_that_was_changed_meanwhile_is_not_joined_to_the_old_one(
    server: Server, publish: Callable[..., None], workspace: Workspace
) -> None:
    publish({ARCHIVE: noise(9_000)})
    server.files[ARCHIVE] = bytes(9_000)
    server.cuts = [5_000] + [0] * 4
    with pytest.raises(DatasetError, match="5 kB of 9 kB are there and kept"):
        fetch(workspace)

    server.files[ARCHIVE], server.etag = noise(9_000), '"second"'
    fetch(workspace)

    assert (workspace.data / ARCHIVE).read_bytes() == noise(9_000)
    assert server.asked[-1] == (ARCHIVE, "bytes=5000-", '"first"')


def test_a_server_that_knows_no_ranges_sends_it_all_again(
    server: Server, publish: Callable[..., None], workspace: Workspace
) -> None:
    publish({ARCHIVE: noise(9_000)})
    server.knows_ranges, server.cuts = False, [5_000]

    [path] = fetch(workspace)

    assert path.read_bytes() == noise(9_000)
    assert [wanted for _, wanted, _ in server.asked] == [None, "bytes=5000-"]


def test_what_lies_there_of_another_release_is_thrown_away(
    server: Server, publish: Callable[..., None], workspace: Workspace
) -> None:
    publish({ARCHIVE: noise(9_000)})
    old = workspace.data / ".downloads" / ARCHIVE
    old.parent.mkdir()
    old.write_bytes(bytes(4_000))
    write_json(old.with_name(f"{ARCHIVE}.json"), {"checksum": "md5:0", "validator": '"first"'})

    [path] = fetch(workspace)

    assert path.read_bytes() == noise(9_000)
    assert [wanted for _, wanted, _ in server.asked] == [None]


def test_what_is_damaged_is_thrown_away_and_said(
    server: Server, publish: Callable[..., None], workspace: Workspace
) -> None:
    publish({ARCHIVE: noise(9_000)})
    server.files[ARCHIVE] = bytes(9_000)

    with pytest.raises(DatasetError, match=r"images_001.*checksum is not md5:\w+\. It was thrown"):
        fetch(workspace)

    assert not (workspace.data / ARCHIVE).exists()
    assert not (workspace.data / ".downloads" / ARCHIVE).exists()
    server.files[ARCHIVE] = noise(9_000)
    assert fetch(workspace)[0].read_bytes() == noise(9_000)


@pytest.mark.parametrize(
    ("statuses", "content", "words", "n_asked"),
    [
        ([404], None, r"answers 404 Not Found\. They may have changed or moved it", 1),
        ([403], None, "answers 403 Forbidden", 1),
        ([503] * 9, None, r"cannot be downloaded from http://\S+: the server answers 503", 4),
        ([], bytes(8_000), "8,000 bytes come, not 9,000", 1),
    ],
)
def test_what_the_server_refuses_is_said(
    statuses: list[int], content: bytes | None, words: str, n_asked: int,
    server: Server, publish: Callable[..., None], workspace: Workspace,
) -> None:  # fmt: skip
    publish({ARCHIVE: noise(9_000)})
    server.statuses = list(statuses)
    server.files[ARCHIVE] = content or noise(9_000)

    with pytest.raises(DatasetError, match=words):
        fetch(workspace)

    assert len(server.asked) == n_asked
    assert not (workspace.data / ARCHIVE).exists()


def test_a_busy_server_is_asked_again_and_one_that_is_away_is_named(
    server: Server, publish: Callable[..., None], workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    publish({ARCHIVE: noise(9_000)})
    server.statuses = [503, 429]
    assert fetch(workspace)[0].read_bytes() == noise(9_000)

    (workspace.data / ARCHIVE).unlink()
    away = replace(nih().files[0], address="http://127.0.0.1:9/images_001.tar.gz")
    monkeypatch.setitem(READERS, NIH, replace(nih(), files=(away,)))
    with pytest.raises(DatasetError, match="cannot be reached.*Check the internet connection"):
        fetch(workspace)


def test_nothing_that_was_to_be_encrypted_comes_without(
    server: Server, publish: Callable[..., None], workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    publish({ARCHIVE: noise(9_000)})
    plain, get = nih().files[0].address, transfer.requests.get
    file = replace(nih().files[0], address=plain.replace("http:", "https:"))
    monkeypatch.setitem(READERS, NIH, replace(nih(), files=(file,)))
    monkeypatch.setattr(transfer.requests, "get", lambda url, **how: get(plain, **how))

    with pytest.raises(DatasetError, match="leads to an address without encryption"):
        fetch(workspace)

    assert not (workspace.data / ARCHIVE).exists()


def test_a_full_disk_keeps_what_has_come(
    publish: Callable[..., None], workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish({ARCHIVE: noise(9_000)})
    free = SimpleNamespace(free=transfer.RESERVED_BYTES + 17_000)
    monkeypatch.setattr("shutil.disk_usage", lambda path: free)
    with pytest.raises(DatasetError, match="no space to download.*Choose fewer archives"):
        fetch(workspace)

    def fill(done: int, total: int) -> None:
        free.free = transfer.RESERVED_BYTES + 9_000 - 2 * done

    free.free += 10_000
    with pytest.raises(DatasetError, match="disk is full.*goes on with the 5 kB that have come"):
        fetch_archives(NIH, workspace, list_archives(nih()), fill)
    assert (workspace.data / ".downloads" / ARCHIVE).read_bytes() == noise(5_000)

    free.free = transfer.RESERVED_BYTES * 2
    assert fetch(workspace)[0].read_bytes() == noise(9_000)


def test_two_processes_do_not_download_the_same(
    server: Server, publish: Callable[..., None], workspace: Workspace
) -> None:
    publish({ARCHIVE: noise(9)})

    with FileLock(workspace.data / f".{NIH}.lock"), pytest.raises(DatasetError, match="Another"):
        fetch(workspace)

    assert server.asked == []


def test_what_is_in_data_already_is_used_and_named_where_it_is_not_as_published(
    server: Server, publish: Callable[..., None], workspace: Workspace
) -> None:
    publish({TABLE: b"a,b", LIST: b"abc", ARCHIVE: noise(9_000)})
    (workspace.data / TABLE).write_bytes(b"a,b\n1")
    (workspace.data / LIST).write_bytes(b"abc")

    fetched = fetch_archives(NIH, workspace, list_archives(nih()))

    assert [path.name for path in fetched.files] == [TABLE, LIST, ARCHIVE]
    [note] = fetched.notes
    assert TABLE in note
    assert "it has 5 bytes, not 3. To download it, delete or rename it." in note
    assert [name for name, _, _ in server.asked] == [ARCHIVE]


def test_a_download_that_did_not_end_can_be_forgotten(
    publish: Callable[..., None], workspace: Workspace
) -> None:
    publish({ARCHIVE: noise(9_000)})
    begin_archives(NIH, workspace, list_archives(nih()))
    assert read_begun(NIH, workspace) == (ARCHIVE,)
    (workspace.data / ".downloads" / ARCHIVE).write_bytes(b"abc")

    forget_begun(NIH, workspace)

    assert list((workspace.data / ".downloads").iterdir()) == []


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("1", [1]), ("3-5, 1", [1, 3, 4, 5]), ("images_002", [2]), ("all", range(1, 13)),
     ("images_012.tar.gz,12", [12])],
)  # fmt: skip
def test_archives_are_chosen_by_name_number_and_range(text: str, numbers: list[int]) -> None:
    names = [file.name for file in choose_archives(nih(), text)]

    assert names == [f"images_{number:03d}.tar.gz" for number in numbers]


@pytest.mark.parametrize("text", ["0", "13", "5-3", "2-40", "images_013", "", "train"])
def test_archives_that_are_not_there_are_refused(text: str) -> None:
    with pytest.raises(DatasetError, match="NIH ChestX-ray14"):
        choose_archives(nih(), text)
    with pytest.raises(DatasetError, match="no files under addresses of their own"):
        choose_archives(READERS["kermany"], "1")


def test_every_published_file_has_what_is_needed_to_check_it() -> None:
    for reader in READERS.values():
        names = [file.name for file in reader.files]
        assert len(set(names)) == len(names)
        for file in reader.files:
            assert file.address.startswith("https://")
            assert file.n_bytes > 0
            algorithm, _, digest = file.checksum.partition(":")
            assert len(digest) == 2 * hashlib.new(algorithm).digest_size
    archives = list_archives(nih())
    assert len(archives) == 12
    # All 112,120 images, as the authors count them.
    assert sum(int(file.holds.split()[0].replace(",", "")) for file in archives) == 112_120


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_checksums_are_told_apart(algorithm: str, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    digest = hashlib.new(algorithm, b"abc").hexdigest()

    assert has_checksum(path, f"{algorithm}:{digest}")
    assert not has_checksum(path, f"{algorithm}:{digest[:-1]}x")


def pack_nih(folder: Path) -> dict[str, bytes]:
    """Return NIH's files as they are published, of what a fake folder holds: two archives."""
    FAKES[NIH](folder)
    paths = sorted(folder.rglob("*.png"))
    files = {path.name: path.read_bytes() for path in sorted(folder.glob("*.[ct]*"))}
    for number, some in enumerate((paths[::2], paths[1::2]), 1):
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            for path in some:
                archive.add(path, f"images/{path.name}")
        files[f"images_{number:03d}.tar.gz"] = packed.getvalue()
    return files


def test_the_command_makes_a_dataset_of_some_archives_and_then_of_the_others(
    server: Server, publish: Callable[..., None], workspace: Workspace, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    publish(pack_nih(tmp_path / "fake"))
    saved = tmp_path / "result.json"
    command = ["download", NIH, "--json", "--archives"]

    assert cli.main([*command, "1", "--save", str(saved)]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer == json.loads(saved.read_text("utf-8"))
    assert answer["dataset"] == NIH
    done, total = json.loads((tmp_path / "progress.json").read_text("utf-8"))
    assert done == total > 0
    folder = Path(answer["folder"])
    images = {path.name for path in folder.rglob("*.png")}

    (workspace.data / ARCHIVE).unlink()  # it may be deleted
    assert cli.main([*command, "1"]) == 2
    assert "All of that is unpacked already: images_001" in capsys.readouterr().err
    assert cli.main([*command, "all"]) == 0

    assert len(set(path.name for path in folder.rglob("*.png")) - images) == len(
        list((folder / "images_002").rglob("*.png"))
    ) > 0  # fmt: skip
    assert [name for name, _, _ in server.asked].count(ARCHIVE) == 1


def test_a_folder_of_ones_own_is_left_alone(
    server: Server, publish: Callable[..., None], workspace: Workspace,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    publish({ARCHIVE: noise(9)})
    (workspace.data / "nih-chestxray14").mkdir()

    assert cli.main(["download", NIH, "--archives", "1"]) == 2

    assert "was not unpacked here" in capsys.readouterr().err
    assert server.asked == []
