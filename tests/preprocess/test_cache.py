"""The image cache: right pixels, whatever dies, fills up or comes twice."""

import errno
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from xray_core.errors import DatasetError, XrayError
from xray_core.preprocess import cache as cache_module
from xray_core.preprocess.cache import BuildStopped, ImageCache, open_image_cache
from xray_core.preprocess.images import read_all_preprocessed, read_preprocessed
from xray_core.preprocess.spec import PreprocessSpec

SPEC = PreprocessSpec(size=16)
N_IMAGES = 12
PROJECT = Path(__file__).parents[2]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A dataset folder of twelve PNGs of different content and shape."""
    root = tmp_path / "dataset"
    root.mkdir()
    rng = np.random.default_rng(0)
    for number in range(N_IMAGES):
        pixels = rng.integers(0, 256, (20 + number, 40), dtype=np.uint8)
        cv2.imwrite(str(root / f"{number:02}.png"), pixels)
    return root


@pytest.fixture
def paths(root: Path) -> list[str]:
    return sorted(path.name for path in root.iterdir())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "images"


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files decoded so far, as they are decoded."""
    names: list[str] = []

    def read_and_note(paths: Sequence[Path], *steps: Any) -> Iterator[np.ndarray | XrayError]:
        for path, image in zip(paths, read_all_preprocessed(paths, *steps), strict=True):
            names.append(path.name)
            yield image

    monkeypatch.setattr(cache_module, "read_all_preprocessed", read_and_note)
    return names


def assert_right_pixels(cache: ImageCache, root: Path, paths: list[str]) -> None:
    expected = np.stack([read_preprocessed(root / path, SPEC) for path in paths])
    np.testing.assert_array_equal(cache.pixels, expected)
    assert cache.readable.all()
    assert cache.unreadable.empty


def stop_after(n_images: int) -> Callable[[int, int], None]:
    def progress(done: int, total: int) -> None:
        if done == n_images:
            raise KeyboardInterrupt

    return progress


def start_building(root: Path, folder: Path, in_progress: str) -> subprocess.Popen[str]:
    """Start a process that builds the cache and runs `in_progress` after each image."""
    script = f"""
import sys, time
from pathlib import Path
import psutil
from xray_core.preprocess import cache
from xray_core.preprocess.spec import PreprocessSpec

cache.FLUSH_SECONDS = 0

def progress(done, total):
    {in_progress}

root = Path(sys.argv[1])
paths = sorted(path.name for path in root.iterdir())
cache.open_image_cache(root, paths, PreprocessSpec(size=16), Path(sys.argv[2]), progress)
"""
    command = [sys.executable, "-c", script, str(root), str(folder)]
    return subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)


def test_row_i_holds_the_pixels_of_path_i(root: Path, paths: list[str], folder: Path) -> None:
    shuffled = [*paths[::-1], paths[0]]  # a path may come twice

    cache = open_image_cache(root, shuffled, SPEC, folder)

    assert_right_pixels(cache, root, shuffled)
    assert (cache.pixels.dtype, cache.pixels.shape) == (np.uint8, (N_IMAGES + 1, 16, 16))
    assert cache.folder.parent == folder


def test_pixels_cannot_be_changed(root: Path, paths: list[str], folder: Path) -> None:
    cache = open_image_cache(root, paths, SPEC, folder)

    with pytest.raises(ValueError, match="read-only"):
        cache.pixels[0, 0, 0] = 1


def test_images_are_decoded_once(
    root: Path, paths: list[str], folder: Path, decoded: list[str]
) -> None:
    first = open_image_cache(root, paths, SPEC, folder)
    assert sorted(decoded) == paths
    calls: list[tuple[int, int]] = []

    second = open_image_cache(root, paths, SPEC, folder, lambda *call: calls.append(call))

    assert len(decoded) == N_IMAGES
    assert calls == []
    np.testing.assert_array_equal(second.pixels, first.pixels)


def test_progress_counts_every_image(root: Path, paths: list[str], folder: Path) -> None:
    calls: list[tuple[int, int]] = []

    open_image_cache(root, paths, SPEC, folder, lambda *call: calls.append(call))

    assert calls == [(done, N_IMAGES) for done in range(1, N_IMAGES + 1)]


@pytest.mark.parametrize(
    "change",
    [{"size": 17}, {"resize": "pad"}, {"contrast": "log"}, {"gamma": 2.0}, {"clip_limit": 3.0}],
)
def test_another_spec_gets_another_cache(
    change: dict[str, object], root: Path, paths: list[str], folder: Path
) -> None:
    first = open_image_cache(root, paths, SPEC, folder)
    second = open_image_cache(root, paths, replace(SPEC, **change), folder)

    assert first.folder != second.folder
    assert second.pixels.shape[1] == change.get("size", 16)


def test_other_paths_or_another_order_get_another_cache(
    root: Path, paths: list[str], folder: Path
) -> None:
    lists = (paths, paths[::-1], paths[1:])

    assert len({open_image_cache(root, some, SPEC, folder).folder for some in lists}) == 3


def test_a_changed_file_is_decoded_again(root: Path, paths: list[str], folder: Path) -> None:
    old = open_image_cache(root, paths, SPEC, folder)
    path = root / paths[0]
    modified = path.stat().st_mtime_ns

    cv2.imwrite(str(path), np.full((30, 30), 77, np.uint8))
    new = open_image_cache(root, paths, SPEC, folder)
    assert new.folder != old.folder
    assert (new.pixels[0] == 77).all()

    # The time alone is enough.
    os.utime(path, ns=(modified, modified + 5))
    assert open_image_cache(root, paths, SPEC, folder).folder not in (old.folder, new.folder)


def test_equal_names_in_another_folder_are_other_files(
    root: Path, paths: list[str], folder: Path, tmp_path: Path
) -> None:
    twin = tmp_path / "twin"
    twin.mkdir()
    for name in paths:
        status = (root / name).stat()
        (twin / name).write_bytes((root / name).read_bytes())
        os.utime(twin / name, ns=(status.st_atime_ns, status.st_mtime_ns))

    first = open_image_cache(root, paths, SPEC, folder)

    assert open_image_cache(twin, paths, SPEC, folder).folder != first.folder


def test_unreadable_files_are_left_out_and_listed(
    root: Path, paths: list[str], folder: Path, decoded: list[str]
) -> None:
    (root / paths[2]).write_bytes(b"not an image")
    (root / paths[5]).write_bytes(b"")
    asked = [*paths, "absent.png"]

    open_image_cache(root, asked, SPEC, folder)
    n_decoded = len(decoded)
    cache = open_image_cache(root, asked, SPEC, folder)

    assert len(decoded) == n_decoded  # the list outlives the build
    assert cache.unreadable["path"].tolist() == [paths[2], paths[5], "absent.png"]
    for reason, word in zip(cache.unreadable["reason"], ["not an", "empty", "exist"], strict=True):
        assert word in reason
    assert np.flatnonzero(~cache.readable).tolist() == [2, 5, N_IMAGES]
    assert not cache.pixels[~cache.readable].any()
    np.testing.assert_array_equal(cache.pixels[3], read_preprocessed(root / paths[3], SPEC))


def test_a_file_that_appears_later_is_read(root: Path, paths: list[str], folder: Path) -> None:
    asked = [*paths, "late.png"]
    open_image_cache(root, asked, SPEC, folder)
    cv2.imwrite(str(root / "late.png"), np.full((20, 20), 9, np.uint8))

    assert open_image_cache(root, asked, SPEC, folder).readable.all()


def test_no_readable_file_is_an_error_with_the_first_reason(tmp_path: Path, folder: Path) -> None:
    for _ in range(2):  # and it stays one
        with pytest.raises(DatasetError, match=r"none of the 2 images.* a\.png: .*not exist"):
            open_image_cache(tmp_path, ["a.png", "b.png"], SPEC, folder)
    assert not any(place.is_dir() for place in folder.iterdir())


def test_no_path_is_an_error(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(DatasetError, match="no image to preprocess"):
        open_image_cache(tmp_path, [], SPEC, folder)


def test_an_interrupted_build_goes_on_where_it_stood(
    root: Path, paths: list[str], folder: Path, decoded: list[str]
) -> None:
    with pytest.raises(KeyboardInterrupt):
        open_image_cache(root, paths, SPEC, folder, stop_after(7))
    decoded.clear()
    calls: list[tuple[int, int]] = []

    cache = open_image_cache(root, paths, SPEC, folder, lambda *call: calls.append(call))

    assert sorted(decoded) == paths[7:]
    assert calls[0] == (8, N_IMAGES)
    assert_right_pixels(cache, root, paths)


def test_should_stop_ends_the_build_with_its_work_kept(
    root: Path, paths: list[str], folder: Path, decoded: list[str]
) -> None:
    answers = iter([False] * 4 + [True])
    with pytest.raises(BuildStopped, match=f"4 of {N_IMAGES}"):
        open_image_cache(root, paths, SPEC, folder, should_stop=lambda: next(answers))
    decoded.clear()

    cache = open_image_cache(root, paths, SPEC, folder, should_stop=lambda: False)

    assert sorted(decoded) == paths[4:]
    assert_right_pixels(cache, root, paths)


def test_a_killed_build_goes_on_where_it_stood(
    root: Path, paths: list[str], folder: Path, decoded: list[str]
) -> None:
    process = start_building(root, folder, "if done == 7: psutil.Process().kill()")
    process.communicate(timeout=60)
    assert process.returncode != 0

    cache = open_image_cache(root, paths, SPEC, folder)

    # Killed in the seventh image's progress: all seven had been flushed.
    assert sorted(decoded) == paths[7:]
    assert_right_pixels(cache, root, paths)


def test_a_row_counts_as_done_only_after_its_pixels_are_on_the_disk(
    root: Path, paths: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = os.fsync
    done_at_sync: list[bool] = []

    def note_and_sync(descriptor: int) -> None:
        [done] = folder.glob("*/done.uint8")
        if os.fstat(descriptor).st_size > N_IMAGES:  # the pixels' file
            done_at_sync.append(any(done.read_bytes()))
        sync(descriptor)

    monkeypatch.setattr(cache_module.os, "fsync", note_and_sync)
    open_image_cache(root, paths, SPEC, folder)

    assert done_at_sync
    assert not any(done_at_sync)


@pytest.mark.parametrize("damage", ["pixels.uint8", "cache.json", "shorter"])
def test_a_damaged_cache_is_built_again(
    damage: str, root: Path, paths: list[str], folder: Path
) -> None:
    cache = open_image_cache(root, paths, SPEC, folder)
    if damage == "shorter":
        pixels = (cache.folder / "pixels.uint8").read_bytes()
        (cache.folder / "pixels.uint8").unlink()
        (cache.folder / "pixels.uint8").write_bytes(pixels[:-1])
    else:
        (cache.folder / damage).unlink()

    assert_right_pixels(open_image_cache(root, paths, SPEC, folder), root, paths)


def test_a_damaged_cache_is_not_taken_for_whole_when_its_repair_is_interrupted(
    root: Path, paths: list[str], folder: Path
) -> None:
    cache = open_image_cache(root, paths, SPEC, folder)
    (cache.folder / "pixels.uint8").unlink()
    with pytest.raises(KeyboardInterrupt):
        open_image_cache(root, paths, SPEC, folder, stop_after(3))

    assert_right_pixels(open_image_cache(root, paths, SPEC, folder), root, paths)


def test_what_is_done_counts_only_while_its_pixels_are_there(
    root: Path, paths: list[str], folder: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        open_image_cache(root, paths, SPEC, folder, stop_after(7))
    [pixels] = folder.glob("*/pixels.uint8")
    pixels.unlink()

    assert_right_pixels(open_image_cache(root, paths, SPEC, folder), root, paths)


def test_of_two_processes_one_builds_and_the_other_waits(
    root: Path, paths: list[str], folder: Path, decoded: list[str]
) -> None:
    process = start_building(root, folder, "print(done, flush=True); time.sleep(0.03)")
    assert process.stdout is not None
    process.stdout.readline()  # its first image is done, so it holds the lock

    cache = open_image_cache(root, paths, SPEC, folder)

    process.communicate(timeout=60)
    assert process.returncode == 0
    assert decoded == []
    assert_right_pixels(cache, root, paths)


def test_threads_of_one_process_take_turns(
    root: Path, paths: list[str], folder: Path, decoded: list[str]
) -> None:
    caches: list[ImageCache] = []
    threads = [
        threading.Thread(target=lambda: caches.append(open_image_cache(root, paths, SPEC, folder)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(decoded) == paths
    assert len(caches) == 4
    for cache in caches:
        assert_right_pixels(cache, root, paths)


def test_one_who_waits_can_be_stopped(root: Path, paths: list[str], folder: Path) -> None:
    process = start_building(root, folder, "print(done, flush=True); time.sleep(60)")
    assert process.stdout is not None
    process.stdout.readline()
    try:
        with pytest.raises(BuildStopped, match="another process"):
            open_image_cache(root, paths, SPEC, folder, should_stop=lambda: True)
    finally:
        process.kill()
        process.communicate()


def test_too_full_a_disk_is_said_before_anything_is_decoded(
    root: Path,
    paths: list[str],
    folder: Path,
    decoded: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    needed = N_IMAGES * 1024 * 1024
    usage = SimpleNamespace(free=needed - 1)
    monkeypatch.setattr(cache_module.shutil, "disk_usage", lambda place: usage)
    spec = PreprocessSpec(size=1024)

    with pytest.raises(DatasetError, match=r"13 MB are needed and 13 MB are free\. Free some"):
        open_image_cache(root, paths, spec, folder)
    assert decoded == []

    usage.free = needed
    assert open_image_cache(root, paths, spec, folder).readable.all()


def test_a_disk_that_fills_up_is_said_and_the_work_is_kept(
    root: Path,
    paths: list[str],
    folder: Path,
    decoded: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written: list[int] = []
    write = cache_module._Partial.write

    def write_until_full(self: object, row: int, image: np.ndarray) -> None:
        with cache_module._write_errors(folder):
            if len(written) == 5:
                raise OSError(errno.ENOSPC, "No space left on device")
        written.append(row)
        write(self, row, image)  # type: ignore[arg-type]

    monkeypatch.setattr(cache_module._Partial, "write", write_until_full)
    with pytest.raises(DatasetError, match=r"ran full while writing.*What is done is kept"):
        open_image_cache(root, paths, SPEC, folder)
    monkeypatch.setattr(cache_module._Partial, "write", write)
    decoded.clear()

    cache = open_image_cache(root, paths, SPEC, folder)

    assert sorted(decoded) == paths[5:]
    assert_right_pixels(cache, root, paths)


def test_a_place_that_cannot_be_written_is_named(
    root: Path, paths: list[str], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(DatasetError, match=r"file.*cannot be written.*XRAY_HOME"):
        open_image_cache(root, paths, SPEC, tmp_path / "file")
