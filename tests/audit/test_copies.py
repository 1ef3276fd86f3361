"""Copies: groups of identical images, and images that look the same."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from tests.audit.tables import find, make_images
from xray_core.audit import near_identical, same_picture
from xray_core.audit.copies import check_identical, check_near
from xray_core.audit.near_identical import find_near_identical
from xray_core.audit.same_picture import gather_copies, read_kept_copies
from xray_core.catalog import build_catalog
from xray_core.preprocess.fingerprint_file import fingerprint_image
from xray_core.splits.grouping import group_images
from xray_core.synthetic.dataset import write_synthetic_dataset

COPIES = [
    {"digest": "x", "findings": "normal", "label": "a", "subset": "training"},
    {"digest": "x", "findings": "ill", "label": "b", "subset": "training"},
    {"digest": "x", "findings": "normal", "label": "a", "subset": "test"},
    {"digest": "y", "findings": "ill", "label": "b", "subset": "test"},
    {"digest": "y", "findings": "ill", "label": "b", "subset": "test"},
    {"digest": "z", "findings": "ill", "label": "b", "subset": "test"},
    {"digest": None, "findings": "ill", "label": "b"},
    {"digest": None, "findings": "normal", "label": "a"},
]


def test_identical_images_are_counted_in_groups_by_label_and_subset() -> None:
    issues = check_identical(make_images(COPIES))

    group, conflict, leak = (find(issues, f"identical{one}") for one in ("", "_conflict", "_leak"))
    assert group.title == "2 groups of images with identical pixels; the largest has 3 copies."
    assert group.why.startswith("5 images stand for 2")
    assert (conflict.severity, conflict.count) == ("serious", 1)
    assert "1 by the findings, 0 by the image's own finding" in conflict.title
    assert conflict.examples == ("i0000", "i0001", "i0002")
    assert (leak.severity, leak.count) == ("serious", 1)
    assert leak.table[0] == {
        "copies": 3,
        "labels": "ill, normal",
        "subsets": "test, training",
        "images": "i0000, i0001, i0002",
    }


def test_a_conflict_that_the_view_hides_is_found() -> None:
    images = make_images(
        [{"digest": "x", "findings": "one", "image_findings": own, "label": "a"} for own in "pq"]
    )

    conflict = find(check_identical(images), "identical_conflict")

    assert conflict.count == 1
    assert "0 by the findings, 1 by the image's own finding" in conflict.title


def test_images_without_a_copy_pass() -> None:
    issues = check_identical(make_images(COPIES[4:]))

    assert [one.severity for one in issues] == ["passed"]


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> list[np.ndarray]:
    """A dozen synthetic images of different patients."""
    folder = tmp_path_factory.mktemp("images")
    write_synthetic_dataset(folder, 12, seed=3)
    return [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in sorted(folder.rglob("*.jp*g"))]


def fingerprints_of(images: list[np.ndarray]) -> pd.DataFrame:
    return pd.DataFrame([fingerprint_image(image) for image in images])


def names_of(table: pd.DataFrame) -> pd.Series:
    return pd.Series([f"n{row}" for row in range(len(table))], index=table.index)


@pytest.mark.parametrize(
    "change",
    [
        lambda image: cv2.imdecode(cv2.imencode(".jpg", image, [1, 25])[1], 0),
        lambda image: cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
        lambda image: cv2.resize(image, (300, 200), interpolation=cv2.INTER_AREA),
        lambda image: np.clip(image * 1.1 + 12, 0, 255).astype(np.uint8),
        lambda image: (255 * (image / 255) ** 0.8).astype(np.uint8),
    ],
    ids=["jpeg", "half", "stretched", "brighter", "gamma"],
)
def test_a_changed_copy_is_found_and_other_images_are_not(
    images: list[np.ndarray], change: Callable[[np.ndarray], np.ndarray]
) -> None:
    table = fingerprints_of([*images, change(images[4])])

    pairs = find_near_identical(table, names_of(table))

    assert pairs[["image_id_a", "image_id_b"]].to_numpy().tolist() == [["n4", f"n{len(images)}"]]
    assert pairs["similarity"].between(0.92, 1.001).all()


def test_pairs_are_the_same_however_many_are_compared_at_once(
    images: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = fingerprints_of([*images, *(255 - (255 - image) // 2 for image in images)])
    whole = find_near_identical(table, names_of(table), threshold=0.5)
    monkeypatch.setattr(near_identical, "BLOCK", 5)

    blocks = find_near_identical(table, names_of(table), threshold=0.5)

    assert len(whole) >= len(images)
    together = ["image_id_a", "image_id_b"]
    pd.testing.assert_frame_equal(
        whole.sort_values(together, ignore_index=True),
        blocks.sort_values(together, ignore_index=True),
        atol=1e-5,
    )


def test_identical_and_blank_images_make_no_near_pair(images: list[np.ndarray]) -> None:
    blank = [np.full((40, 40), level, np.uint8) for level in (0, 90)]
    table = fingerprints_of([images[0], images[0], *blank])

    assert find_near_identical(table, names_of(table)).empty
    nothing = table.assign(digest=pd.NA, signature=None)
    assert find_near_identical(nothing, names_of(nothing)).empty


def test_near_pairs_are_evaluated_by_label_subset_and_patient_with_their_copies() -> None:
    images = make_images(
        [
            {"digest": "x", "label": "a", "subset": "training", "patient_id": "p"},
            {"digest": "x", "label": "a", "subset": "test", "patient_id": "p"},
            {"digest": "y", "label": "b", "subset": "training", "patient_id": "p"},
            {"digest": "z", "label": "a", "subset": "training", "patient_id": "q"},
        ]
    )
    pairs = pd.DataFrame({"image_id_a": ["i0000"], "image_id_b": ["i0002"], "similarity": [0.97]})

    issues = check_near(images, pairs)

    assert find(issues, "near_identical").count == 2
    assert "Of the 2, 2 are of one patient" in find(issues, "near_identical").why
    assert find(issues, "near_identical_conflict").count == 2
    leak = find(issues, "near_identical_leak")
    assert (leak.severity, leak.count, leak.examples) == ("serious", 1, ("i0001", "i0002"))
    assert leak.table[0]["similarity"] == 0.97


def test_no_near_pair_is_fine() -> None:
    nothing = pd.DataFrame(columns=["image_id_a", "image_id_b", "similarity"])

    assert [one.severity for one in check_near(make_images([{}]), nothing)] == ["passed"]


def test_what_looks_the_same_is_compared_once_and_kept(
    images: list[np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, image in enumerate([*images[:4], images[0], images[1]]):
        changed = np.clip(image * 1.1 + 12, 0, 255).astype(np.uint8) if number == 5 else image
        (tmp_path / "a").mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / f"a/{number}.png"), changed)
    catalog = build_catalog(
        tmp_path, "made_up", [{"image_id": f"{n}", "path": f"a/{n}.png"} for n in range(6)]
    )
    cache = tmp_path / "cache"
    assert read_kept_copies(catalog, cache) is None, "nobody has read them yet"

    copies = gather_copies(catalog, cache)

    assert copies is not None
    assert group_images(catalog, copies).tolist() == ["0", "1", "2", "3", "0", "1"]
    assert (copies.n_identical, len(copies.joined), copies.n_left_apart) == (1, 1, 0)
    monkeypatch.setattr(same_picture, "find_near_identical", None)  # calling it would raise
    kept = read_kept_copies(catalog, cache)
    assert kept is not None
    pd.testing.assert_frame_equal(kept.pairs, copies.pairs)
    monkeypatch.setattr(same_picture, "MOST_READ", 5)
    assert read_kept_copies(catalog, cache) is None, "too many to look up while somebody waits"
    assert gather_copies(catalog, cache, needed=False) is not None, "all are known"
    assert gather_copies(catalog, tmp_path / "other", needed=False) is None
