"""Annotation files of COCO, Pascal VOC and YOLO, drawn here as the programs write them."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.datasets.fakes import write_image
from xray_core.datasets.folder.annotations import Annotations, find_annotations
from xray_core.datasets.folder.annotations.class_names import parse_yaml_names
from xray_core.datasets.folder.annotations.voc import parse_xml
from xray_core.datasets.inventory import take_inventory
from xray_core.errors import DatasetError

WIDTH, HEIGHT = 100, 80  # px
Box = tuple[str, float, float, float, float]  # class, x, y, width, height in px
# Image -> its boxes: one with two, one with one, one in which nothing was drawn.
BOXES: dict[str, list[Box]] = {
    "train/a": [("opacity", 10, 20, 30, 40), ("mass, large", 50, 8, 20, 16)],
    "train/b": [],
    "valid/c": [("opacity", 0, 0, 100, 80)],
}


def read(root: Path) -> Annotations | None:
    files = take_inventory(root)
    return find_annotations(root, files.images, files.others)


def found(root: Path) -> Annotations:
    answer = read(root)
    assert answer is not None
    return answer


def counts(answer: Annotations) -> dict[str, int]:
    return {remark.kind: remark.count for remark in answer.remarks}


def rows(answer: Annotations) -> list[tuple[Any, ...]]:
    table = answer.boxes[["path", "finding", "x", "y", "width", "height"]]
    return sorted(table.itertuples(index=False, name=None))


def draw(root: Path, *names: str) -> None:
    for name in names:
        write_image(root / name, size=(WIDTH, HEIGHT))


def write(root: Path, name: str, content: object) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        text = content if isinstance(content, str) else json.dumps(content)
        path.write_text(text, encoding="utf-8")


def coco(images: Mapping[str, Sequence[Box]], **more: Any) -> dict[str, Any]:
    names = sorted({box[0] for boxes in images.values() for box in boxes} | {"opacity"})
    notes = [
        {"image_id": number, "category_id": names.index(name) + 1, "bbox": sides}
        for number, boxes in enumerate(images.values())
        for name, *sides in boxes
    ]
    return {
        "images": [
            {"id": number, "file_name": name, "width": WIDTH, "height": HEIGHT}
            for number, name in enumerate(images)
        ],
        "categories": [{"id": number, "name": name} for number, name in enumerate(names, 1)],
        "annotations": notes,
        **more,
    }


def voc(boxes: Sequence[Box], name: str = "", more: str = "") -> str:
    objects = "".join(
        f"<object><name>{kind}</name><bndbox><xmin>{x}</xmin><ymin>{y}</ymin>"
        f"<xmax>{x + w}</xmax><ymax>{y + h}</ymax></bndbox></object>"
        for kind, x, y, w, h in boxes
    )
    size = f"<size><width>{WIDTH}</width><height>{HEIGHT}</height><depth>1</depth></size>"
    head = f"<annotation><filename>{name}</filename>"
    return f"{head}{size}{objects}{more}</annotation>"


def yolo(boxes: Sequence[Box], names: Sequence[str] = ("opacity", "mass, large")) -> str:
    return "".join(
        f"{names.index(kind)} {(x + w / 2) / WIDTH:.6f} {(y + h / 2) / HEIGHT:.6f} "
        f"{w / WIDTH:.6f} {h / HEIGHT:.6f}\n"
        for kind, x, y, w, h in boxes
    )


def write_coco(root: Path) -> None:
    for subset in ("train", "valid"):
        inside = {f"{name.split('/')[1]}.png": b for name, b in BOXES.items() if subset in name}
        write(root, f"annotations/instances_{subset}.json", coco(inside))


def write_coco_beside(root: Path) -> None:
    """As Roboflow writes it."""
    for subset in ("train", "valid"):
        inside = {f"{name.split('/')[1]}.png": b for name, b in BOXES.items() if subset in name}
        write(root, f"{subset}/_annotations.coco.json", coco(inside))


def write_coco_of_another_machine(root: Path) -> None:
    write(root, "all.json", coco({f"/kaggle/input/x/{name}.png": b for name, b in BOXES.items()}))


def write_voc(root: Path) -> None:
    for name, boxes in BOXES.items():
        write(root, f"Annotations/{name}.xml", voc(boxes, "renamed.png"))


def write_voc_in_utf_16(root: Path) -> None:
    for name, boxes in BOXES.items():
        text = f'<?xml version="1.0" encoding="UTF-16"?>{voc(boxes)}'
        write(root, f"{name}.xml", text.encode("utf-16"))


def write_yolo(root: Path) -> None:
    for name, boxes in BOXES.items():
        write(root, f"labels/{name}.txt", yolo(boxes))
    write(root, "data.yaml", "train: x\nnc: 2\nnames: ['opacity', \"mass, large\"]\n")


def write_yolo_beside(root: Path) -> None:
    for name, boxes in BOXES.items():
        write(root, f"{name}.txt", yolo(boxes))
    write(root, "classes.txt", "opacity\nmass, large\n")


WRITERS = (
    *(write_coco, write_coco_beside, write_coco_of_another_machine),
    *(write_voc, write_voc_in_utf_16, write_yolo, write_yolo_beside),
)


@pytest.mark.parametrize("writer", WRITERS)
def test_every_format_gives_the_same_boxes_of_the_same_images(
    writer: Callable[[Path], None], tmp_path: Path
) -> None:
    draw(tmp_path, *(f"{name}.png" for name in BOXES))
    writer(tmp_path)

    answer = found(tmp_path)

    expected = sorted((f"{name}.png", *box) for name, boxes in BOXES.items() for box in boxes)
    assert [row[:2] for row in rows(answer)] == [row[:2] for row in expected]
    for ours, theirs in zip(rows(answer), expected, strict=True):
        assert ours[2:] == pytest.approx(theirs[2:], abs=0.01)
    assert answer.labels == {
        "train/a.png": ("opacity", "mass, large"), "valid/c.png": ("opacity",)
    }  # fmt: skip
    assert answer.annotated == {f"{name}.png" for name in BOXES}
    assert answer.format.split()[-1].lower() == writer.__name__.split("_")[1]
    assert answer.remarks == ()
    assert set(answer.used) <= set(take_inventory(tmp_path).others)
    frames = answer.boxes[["frame_width", "frame_height"]]
    assert frames.isna().all(axis=None) or (frames == [WIDTH, HEIGHT]).all(axis=None)


def test_a_folder_without_such_files_has_none(tmp_path: Path) -> None:
    draw(tmp_path, "a.png", "reports/b.png")
    write(tmp_path, "a.txt", "0 lungs are clear\nno effusion")
    write(tmp_path, "reports/b.txt", "Age: 40\n0\n")
    write(tmp_path, "labels/notes.txt", "12 3 40 5 6")
    write(tmp_path, "lists/train.txt", "a.png\nb.png")
    write(tmp_path, "a.xml", "<eCitation><object/></eCitation>")
    write(tmp_path, "settings.json", {"images": 3, "annotations": "none"})

    assert read(tmp_path) is None


def test_names_that_two_subsets_share_are_told_apart_by_subset_and_folder(tmp_path: Path) -> None:
    draw(tmp_path, "train2017/1.png", "val2017/1.png")
    box = ("opacity", 10, 20, 30, 40)
    write(tmp_path, "annotations/instances_val2017.json", coco({"1.png": [box]}))

    assert [row[0] for row in rows(found(tmp_path))] == ["val2017/1.png"]


@pytest.mark.parametrize("writer", ["coco", "voc", "yolo"])
def test_an_image_that_is_not_there_is_never_replaced_by_a_namesake(
    writer: str, tmp_path: Path
) -> None:
    draw(tmp_path, "test/images/1.png", "train/images/2.png")
    boxes: list[Box] = [("opacity", 10, 20, 30, 40)]
    for name in ("1", "2"):
        if writer == "voc":
            write(tmp_path, f"train/labels/{name}.xml", voc(boxes, f"{name}.png"))
        elif writer == "yolo":
            write(tmp_path, f"train/labels/{name}.txt", yolo(boxes))
    if writer == "coco":
        notes = coco({f"train/images/{name}.png": boxes for name in ("1", "2")})
        write(tmp_path, "annotations.json", notes)

    answer = found(tmp_path)

    assert [row[0] for row in rows(answer)] == ["train/images/2.png"]
    assert counts(answer)["annotation_without_image"] == 1
    assert counts(answer)["box_without_image"] == 1


def test_names_that_could_be_of_several_images_are_left_out_and_counted(tmp_path: Path) -> None:
    draw(tmp_path, "p1/view.png", "p2/view.png", "p3/lone.png")
    boxes: list[Box] = [("opacity", 10, 20, 30, 40)]
    images = {"view.png": boxes, "x/p9/view.png": boxes, "/k/p2/view.png": boxes, "q/lone.png": []}
    write(tmp_path, "a.json", coco(images))

    answer = found(tmp_path)

    assert [row[0] for row in rows(answer)] == ["p2/view.png"]
    assert answer.annotated == {"p2/view.png", "p3/lone.png"}
    assert counts(answer) == {"annotation_without_image": 2, "box_without_image": 2}


@pytest.mark.parametrize("writer", ["coco", "voc", "yolo"])
def test_a_namesake_in_another_folder_is_not_the_image_that_was_lost(
    writer: str, tmp_path: Path
) -> None:
    draw(tmp_path, "images/batch1/1.png", "images/batch1/2.png", "images/batch2/3.png")
    boxes: list[Box] = [("opacity", 10, 20, 30, 40)]
    if writer == "coco":
        write(tmp_path, "batch1/a.json", coco({f"{name}.png": boxes for name in "123"}))
    for name in "123":
        if writer == "voc":
            write(tmp_path, f"ann/batch1/{name}.xml", voc(boxes, "x.png"))
        elif writer == "yolo":
            write(tmp_path, f"labels/batch1/{name}.txt", yolo(boxes))

    answer = found(tmp_path)

    assert answer.annotated == {"images/batch1/1.png", "images/batch1/2.png"}
    assert counts(answer)["box_without_image"] == 1


def test_of_two_files_for_one_image_the_nearer_counts(tmp_path: Path) -> None:
    draw(tmp_path, "a/img/1.png", "c/img/2.png")
    for folder, name in (("a", "1"), ("b", "1"), ("d", "2"), ("e", "2")):
        write(tmp_path, f"{folder}/ann/{name}.xml", voc([(folder, 10, 20, 30, 40)]))

    answer = found(tmp_path)

    assert [row[:2] for row in rows(answer)] == [("a/img/1.png", "a")]
    assert counts(answer)["box_without_image"] == 3


def test_what_coco_says_without_boxes_or_twice_is_kept_apart(tmp_path: Path) -> None:
    draw(tmp_path, *(f"{name}.png" for name in "abcdef"))
    content = coco({f"{name}.png": [] for name in "abcdef"})
    box = [10, 20, 30, 40]
    content["annotations"] = [
        {"image_id": 0, "category_id": 1, "bbox": box, "segmentation": [[1, 2, 3, 4, 5, 6]]},
        {"image_id": "0", "category_id": 1.0, "bbox": box},
        {"image_id": 1, "category_id": 1},
        {"image_id": 2, "category_id": 7, "segmentation": [[5, 6, 25, 6, 25, 46]]},
        {"image_id": 3, "category_id": 1, "bbox": [0.1, 0.2, 0.3, 0.4]},
        {"image_id": 3, "category_id": 1, "bbox": ["x", None, 3, 4]},
        {"image_id": 4, "category_id": 1, "bbox": [5, 5, -3, 4]},
        {"image_id": 99, "category_id": 1, "bbox": box},
        "nonsense",
    ]
    write(tmp_path, "one.json", content)
    write(tmp_path, "two.json", coco({"a.png": [("opacity", 10, 20, 30, 40)]}))
    write(tmp_path, "test_info.json", coco({"f.png": []}))
    write(tmp_path, "cut.json", json.dumps(content)[:-20])

    answer = found(tmp_path)

    assert rows(answer) == [
        ("a.png", "opacity", 10, 20, 30, 40),
        ("c.png", "class 7", 5, 6, 20, 40),
    ]
    assert answer.labels == {
        **dict.fromkeys(("a.png", "b.png", "d.png", "e.png"), ("opacity",)), "c.png": ("class 7",)
    }  # fmt: skip
    assert counts(answer) == {
        "broken_annotation": 1,
        "broken_box": 3,
        "box_without_image": 1,
        "repeated_box": 2,
        "unknown_class": 1,
        "outline": 1,
        "outline_left_out": 1,
        "image_list": 1,
    }


def test_a_coco_file_of_a_test_set_makes_no_image_empty(tmp_path: Path) -> None:
    draw(tmp_path, "a.png", "b.png")
    write(tmp_path, "train.json", coco({"a.png": [("opacity", 10, 20, 30, 40)]}))
    write(tmp_path, "test.json", coco({"b.png": []}))

    assert found(tmp_path).annotated == {"a.png"}


def test_two_images_of_one_id_have_no_boxes(tmp_path: Path) -> None:
    draw(tmp_path, "a.png", "b.png", "c.png")
    content = coco({"a.png": [("opacity", 1, 2, 3, 4)], "c.png": [("opacity", 5, 6, 7, 8)]})
    content["images"].append({"id": 0, "file_name": "b.png"})
    write(tmp_path, "a.json", content)

    answer = found(tmp_path)

    assert [row[0] for row in rows(answer)] == ["c.png"]
    assert counts(answer) == {"broken_annotation": 1, "box_without_image": 1}


def test_voc_outlines_and_nameless_objects_are_read_and_broken_files_counted(
    tmp_path: Path,
) -> None:
    draw(tmp_path, *(f"JPEGImages/{name}.jpg" for name in "abc"))
    outline = (
        "<object><name>mass</name><polygon><x1>5</x1><y1>6</y1><x2>25</x2><y2>46</y2></polygon>"
    )
    write(tmp_path, "Annotations/a.xml", voc([], more=f"{outline}</object>"))
    write(tmp_path, "Annotations/b.xml", voc([("", 1, 2, 3, 4)], more="<object/>"))
    write(tmp_path, "Annotations/x.xml", voc([("mass", 1, 2, 3, 4)], "C:\\scans\\c.jpg"))
    write(tmp_path, "Annotations/c.old.xml", "<annotation><object>")

    answer = found(tmp_path)

    assert [(*row[:2], row[2]) for row in rows(answer)] == [
        ("JPEGImages/a.jpg", "mass", 5),
        ("JPEGImages/b.jpg", "class without a name", 1),
        ("JPEGImages/c.jpg", "mass", 1),
    ]
    assert counts(answer) == {"broken_annotation": 1, "unknown_class": 2, "outline": 1}


LAUGHS = '<!DOCTYPE a [<!ENTITY l "ha"><!ENTITY m "&l;&l;&l;">]><annotation>&m;</annotation>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/passwd">]><annotation>&f;</annotation>'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("text", [LAUGHS, OUTSIDE, "<!DOCTYPE annotation><annotation/>"])
def test_xml_with_a_document_type_is_refused_in_every_encoding(
    text: str, encoding: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="it declares a document type"):
        parse_xml(text.encode(encoding))
    draw(tmp_path, "a.png")
    write(tmp_path, "a.xml", text.encode(encoding))

    assert counts(found(tmp_path)) == {"broken_annotation": 1}


def test_xml_that_is_too_deep_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 50 levels"):
        parse_xml(b"<a>" * 10_000)


NAMES = {
    "flow": "names: ['a b', \"c, d\", e]  # three",
    "flow over lines": "nc: 3\nnames: [a b,\n  'c, d',\n  e\n]\n",
    "flow with numbers": "names: {0: a b, 1: 'c, d', 2: e}",
    "block": "names:\n  - a b  # one\n  # a comment\n  - 'c, d'\n\n  - \"e\"\nnext:\n  key: x",
    "block at the margin": "names:\n- a b\n- c, d\n- e\nval: x\n",
    "block with numbers": 'path: x\nnames:\n  0: a b\n  1: "c, d"\n  2: e\ntest: 3\n',
}


@pytest.mark.parametrize("text", NAMES.values(), ids=NAMES)
def test_the_names_of_classes_are_read_in_every_spelling(text: str) -> None:
    assert parse_yaml_names(text) == ["a b", "c, d", "e"]
    assert parse_yaml_names(text.replace("\n", "\r\n")) == ["a b", "c, d", "e"]


@pytest.mark.parametrize("text", ["", "nc: 3", "names:", "names: a", "names: [a, b", "name: [a]"])
def test_a_file_without_names_gives_none(text: str) -> None:
    assert parse_yaml_names(text) == []


def test_lines_of_yolo_that_are_no_plain_boxes_are_counted(tmp_path: Path) -> None:
    draw(tmp_path, *(f"images/{name}.png" for name in "abc"))
    write(tmp_path, "images/c.png", b"no image")
    lines = ["0 0.5 0.5 0.2 0.25 0.9", "1 0.1 0.1 0.4 0.1 0.4 0.6", "0 50 50 20 20", "0 0.5", "x"]
    write(tmp_path, "labels/a.txt", "\ufeff" + "\r\n".join(lines))
    write(tmp_path, "labels/c.txt", "0 0.5 0.5 0.2 0.2\n")
    write(tmp_path, "labels/gone.txt", "0 0.5 0.5 0.2 0.2\n")
    write(tmp_path, "data.yaml", "names: [opacity]")

    answer = found(tmp_path)

    assert [row[:3] for row in rows(answer)] == [
        ("images/a.png", "class 1", pytest.approx(10)),
        ("images/a.png", "opacity", pytest.approx(40)),
    ]
    assert answer.annotated == {"images/a.png", "images/c.png"}
    assert answer.labels["images/c.png"] == ("opacity",)
    assert counts(answer) == {
        "broken_box": 3,
        "box_without_image": 1,
        "annotation_without_image": 1,
        "unknown_class": 1,
        "outline": 1,
        "predicted_box": 1,
        "unread_size": 1,
    }


def test_yolo_without_names_calls_classes_by_their_numbers(tmp_path: Path) -> None:
    draw(tmp_path, "images/a.png")
    write(tmp_path, "labels/a.txt", "1 0.5 0.5 0.2 0.25")

    answer = found(tmp_path)

    assert [row[1] for row in rows(answer)] == ["class 1"]
    assert counts(answer) == {"no_class_names": 1}


def test_of_several_formats_the_one_with_most_images_is_read(tmp_path: Path) -> None:
    draw(tmp_path, *(f"{name}.png" for name in BOXES))
    write_yolo(tmp_path)
    write(tmp_path, "train/a.xml", voc(BOXES["train/a"]))
    write(tmp_path, "train/b.xml", "<annotation>")
    assert found(tmp_path).format == "YOLO"
    assert counts(found(tmp_path)) == {"broken_annotation": 1, "other_format": 1}

    write_coco_beside(tmp_path)

    assert found(tmp_path).format == "COCO"  # as many, and exact
    assert counts(found(tmp_path))["other_format"] == 5


def test_links_and_large_files_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(tmp_path, "a.png")
    write(tmp_path, "a.json", coco({"a.png": [("opacity", 10, 20, 30, 40)]}))
    monkeypatch.setattr("xray_core.datasets.folder.annotations.coco.MAX_BYTES", 100)

    [remark] = found(tmp_path).remarks

    assert remark.kind == "broken_annotation"
    assert "a.json: it is larger than" in remark.examples[0]


STARTS = (b"", b'{"images": [', b"<annotation>", b"<annotation><object>", b"0 0.5 0.5 0.1 0.1\n")
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["id", "image_id", "category_id", "bbox", "file_name", "name",
                             "segmentation", "width", "height"]), inner, max_size=5
        )
    ),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    content=st.binary(max_size=200),
    start=st.sampled_from(STARTS),
    lists=st.fixed_dictionaries(
        {name: st.lists(values, max_size=4) for name in ("images", "annotations", "categories")}
    ),
)
def test_whatever_a_file_holds_is_read_or_said(
    content: bytes, start: bytes, lists: dict[str, Any]
) -> None:
    with TemporaryDirectory() as folder:
        root = Path(folder)
        draw(root, "a.png")
        for name in ("a.json", "a.xml", "a.txt", "data.yaml", "classes.txt"):
            write(root, name, start + content)
        lists["images"].append({"id": 1, "file_name": "a.png"})
        write(root, "b.json", lists)
        try:
            answer = find_annotations(
                root, ["a.png"], ["a.json", "a.txt", "a.xml", "b.json", "data.yaml", "gone.json"]
            )
        except DatasetError:
            return

    if answer is not None:
        assert set(answer.boxes["path"]) <= {"a.png"}
        assert all(remark.count and remark.message for remark in answer.remarks)
