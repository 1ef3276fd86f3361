"""The documents: what they name exists, and the picture shows the import rules as they are."""

import ast
import re
import tomllib
from dataclasses import fields
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pytest

import xray_core
from xray_core.datasets.folder.layout import LEVELS
from xray_core.datasets.folder.mapping import (
    CORNER_SIZE,
    CORNERS,
    FRACTIONS,
    MEANINGS,
    PX,
    ROLES,
    SUBSETS,
    FolderMapping,
    MappedTable,
    format_mapping,
    parse_mapping,
)
from xray_core.datasets.folder.titles import describe_mapping

PROJECT = Path(__file__).parents[1]
DOCUMENTS = [
    PROJECT / "README.md",
    PROJECT / "CONTRIBUTING.md",
    PROJECT / "benchmarks" / "README.md",
    *sorted((PROJECT / "docs").glob("*.md")),
]
NAMES = [str(document.relative_to(PROJECT)) for document in DOCUMENTS]
ROOMS = ("benchmarks", "docs", "pages", "tests", "xray_core")
# From the root of the project, wherever in the text it stands; patterns such as <name> are none.
PATH = re.compile(rf"(?<![\w/.])(?:{'|'.join(ROOMS)})/(?:[\w./-]*\w/?)?(?![\w<])")
# In backticks: a file by its name alone, or a path below xray_core.
SHORT = re.compile(r"[\w-]+(?:/[\w-]+)*(?:/|\.(?:py|toml|txt|md))")
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)(?:#[^)]*)?\)")
DOTTED = re.compile(r"\bxray_core(?:\.\w+)+")
# Named in the documents, and not the project's: folders of the workspace, of a run or of a dataset,
# and files that somebody writes or downloads.
OTHERS = {
    *("workspace/", "workspace/data/", "workspace/data/weights/", "workspace/exports/"),
    *("data/", "exports/", "trash/", "cache/", "mappings/"),
    *("validation/", "checkpoints/", "external/", "about.json", "log.txt", "train.py"),
    *("explained/", "explained/features/", "lung_masks/"),
    *("train/", "test/", "train_val_list.txt", "test_list.txt"),
}


def is_there(name: str, document: Path) -> bool:
    """Whether a path is there: from the root, beside the document, or anywhere in a room."""
    if any((place / name).exists() for place in (PROJECT, document.parent, PROJECT / "xray_core")):
        return True
    return "/" not in name and any(any((PROJECT / room).rglob(name)) for room in ROOMS)


@pytest.mark.parametrize("name", NAMES)
def test_every_path_in_a_document_exists(name: str) -> None:
    document = PROJECT / name
    text = document.read_text("utf-8")
    paths = {*PATH.findall(text)}
    fenced = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    paths |= {one for one in re.findall(r"`([^`]+)`", fenced) if SHORT.fullmatch(one)} - OTHERS

    missing = [one for one in paths if not is_there(one, document)]
    missing += [one for one in LINK.findall(text) if not (document.parent / one).exists()]

    assert missing == []


@cache
def module_names(file: Path) -> dict[str, set[str]]:
    """Return what a module defines or imports, and of a class its attributes too."""
    names: dict[str, set[str]] = {}
    for node in ast.parse(file.read_text("utf-8")).body:
        if isinstance(node, ast.ClassDef):
            names[node.name] = {
                one.name if isinstance(one, ast.FunctionDef) else one.target.id
                for one in node.body
                if isinstance(one, ast.FunctionDef)
                or (isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name))
            }
        elif isinstance(node, ast.FunctionDef):
            names[node.name] = set()
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {one.asname or one.name: set() for one in node.names}
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {one.id: set() for one in targets if isinstance(one, ast.Name)}
    return names


def resolves(dotted: str) -> bool:
    """Whether a name leads to a module, or to what one defines; read, as Keras imports slowly."""
    place = PROJECT
    parts = dotted.split(".")
    while parts and (place / parts[0]).is_dir():
        place /= parts.pop(0)
    file = place / "__init__.py"
    if parts and (place / f"{parts[0]}.py").is_file():
        file = place / f"{parts.pop(0)}.py"
    if not parts or (place == PROJECT / "xray_core" and parts[0] in xray_core.__all__):
        return True
    names = module_names(file)
    return parts[0] in names and (
        len(parts) == 1 or parts[1:] == [parts[1]] and parts[1] in names[parts[0]]
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_dotted_name_in_a_document_resolves(name: str) -> None:
    dotted = set(DOTTED.findall((PROJECT / name).read_text("utf-8")))

    assert [one for one in dotted if not resolves(one)] == []


@pytest.mark.parametrize(
    ("dotted", "is_there"),
    [
        ("xray_core.splits.spec.SplitSpec.folds", True),
        ("xray_core.training.runner.train_run", True),
        ("xray_core.runs", True),
        ("xray_core.runs.nothing", False),
        ("xray_core.splits.spec.SplitSpec.nothing", False),
        ("xray_core.training.runner.train_all", False),
        ("xray_core.training.runner.train_run.more", False),
    ],
)
def test_a_name_that_is_gone_is_noticed(dotted: str, is_there: bool) -> None:
    assert resolves(dotted) == is_there


def test_the_picture_shows_the_layers_of_the_import_rules_in_their_order() -> None:
    rules = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    [layers] = [one["layers"] for one in rules["contracts"] if one["type"] == "layers"]
    there = [[room for room in re.findall(r"[\w()]+", row) if "(" not in room] for row in layers]
    picture = ElementTree.parse(PROJECT / "docs" / "images" / "architecture.svg")
    texts = [one for one in picture.iter() if one.get("class") == "rooms"]

    drawn = [(float(one.attrib["y"]), str(one.text).split(" · ")) for one in texts]

    assert [rooms for _, rooms in sorted(drawn)] == there


def test_the_mappings_of_the_docs_are_read_and_every_entry_is_explained() -> None:
    text = (PROJECT / "docs" / "mapping.md").read_text("utf-8")
    examples = re.findall(r"^```json\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)

    mappings = [parse_mapping(example) for example in examples]

    assert len(mappings) == 4
    for mapping in mappings:
        assert parse_mapping(format_mapping(mapping)) == mapping
        assert describe_mapping(mapping)
    entries = [entry.name for kind in (FolderMapping, MappedTable) for entry in fields(kind)]
    choices = (*LEVELS[:-1], *SUBSETS, *MEANINGS, PX, FRACTIONS, CORNER_SIZE, CORNERS)
    assert [name for name in (*entries, *ROLES, *choices) if f"`{name}`" not in text] == []


def test_the_way_of_an_image_names_ten_steps() -> None:
    text = (PROJECT / "docs" / "architecture.md").read_text("utf-8")
    steps = re.findall(r"^\d+\. .*`xray_core\.[\w.]+`", text, flags=re.MULTILINE)

    assert len(steps) == 10
