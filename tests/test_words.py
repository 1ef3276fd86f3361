"""One vocabulary: words that are gone stay gone, and the glossary explains what is on screen."""

import ast
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from xray_core.glossary import GLOSSARY, TERMS, explain, format_glossary
from xray_core.models import MODELS
from xray_core.recipes import PUBLISHED, changeable_fields
from xray_core.recipes.script import write_script
from xray_core.recipes.titles import FIELD_TITLES, field_title, use_titles, value_title

ROOT = Path(__file__).parents[1]
# Words of an earlier vocabulary; the right one stands in docs/glossary.md.
GONE = (
    "films?",
    "label.?views?",
    "judg(e[sd]?|ing|ement)",
    "kept.?epoch",
    "hit.?rates?",
    "false.?alarms?",
    "finer.?targets?",
    "gathered",
    "(un)?mend(s|ed)?",
    "as it should be",
    "shel(f|ves)",
    "run.?groups?",
    "error.?ladder",
    "rungs?",
    "squash(e[sd])?",
    "what.?if",
    "symptoms?",
    "by heart",
    "calm.?down",
    "production.?split",
    "hidden.?test",
    "worth knowing",
    "the reader noticed",
    "awake|asleep",
    "of_it",
    "average_mirror",
    "take_kept_weights",
    "structured.?model",
)
# Names that say nothing of what they hold.
VAGUE = frozenset({"one", "found", "like", "tell", "act", "took", "put"})
ALONE = re.compile(rf"(?<![a-z])({'|'.join(GONE)})(?![a-z])", re.IGNORECASE)
TEXTS = sorted(
    path
    for pattern in ("*.py", "*.md", "*.toml", "*.txt")
    for folder in ("", "benchmarks", "docs", "pages", "tests", "xray_core")
    for path in (ROOT / folder).glob(f"**/{pattern}" if folder else pattern)
    if path.name not in ("CHANGELOG.md", "glossary.md", "glossary.py", Path(__file__).name)
)
CODE = [
    ROOT / "streamlit_app.py",
    *(
        path
        for name in ("benchmarks", "pages", "xray_core")
        for path in (ROOT / name).rglob("*.py")
    ),
]


def _names(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield what `tree` gives a name to, with its line: variables, arguments, definitions."""
    nodes = list(ast.walk(tree))
    # What stands in for a file has to answer to the name `tell`.
    file_methods = [
        method
        for node in nodes
        if isinstance(node, ast.ClassDef)
        for method in node.body
        if isinstance(method, ast.FunctionDef) and hasattr(io.IOBase, method.name)
    ]
    for node in nodes:
        match node:
            case ast.FunctionDef() if node in file_methods:
                continue
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield name, node.lineno
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name, node.lineno
            case ast.ClassDef(name=name) | ast.ExceptHandler(name=str(name)):
                yield name, node.lineno
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name, node.lineno
            case ast.alias(asname=str(name)):
                yield name, node.lineno


def test_words_that_are_gone_stay_gone() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {match[0]}"
        for path in TEXTS
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        for match in ALONE.finditer(line)
    ]

    assert len(TEXTS) > 300
    assert not found, "\n".join(found)


def test_each_name_of_the_code_says_what_it_holds() -> None:
    vague = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in CODE
        for name, line in _names(ast.parse(path.read_text("utf-8")))
        if name in VAGUE
    ]

    script = write_script(replace(PUBLISHED["demo_cnn"], test_time_augmentation=True))
    vague += [f"script: {name}" for name, _ in _names(ast.parse(script)) if name in VAGUE]

    assert len(CODE) > 200
    assert not vague, "\n".join(vague)


def test_a_vague_name_is_noticed_wherever_a_name_is_given() -> None:
    code = """
def like(found, *act, **put):
    [one for one in found]
    for index, (tell, _) in enumerate(found):
        took: int = tell.found
    try:
        sorted(act, put=lambda one: one)
    except OSError as found:
        import os as act
class Stream:
    def tell(self): ...
    def took(self): ...
"""
    names = [(name, line) for name, line in _names(ast.parse(code)) if name in VAGUE]

    assert sorted(names, key=lambda name: (name[1], name[0])) == [
        ("act", 2),
        ("found", 2),
        ("like", 2),
        ("put", 2),
        ("one", 3),
        ("tell", 4),
        ("took", 5),
        ("one", 7),
        ("found", 8),
        ("act", 9),
        ("took", 12),
    ]


def test_the_glossary_of_the_docs_is_that_of_the_code() -> None:
    assert (ROOT / "docs" / "glossary.md").read_text("utf-8") == format_glossary()


def test_each_term_is_one_sentence_with_its_spanish_word_and_stands_once() -> None:
    names = [name for terms in GLOSSARY.values() for name in terms]

    assert len(names) == len(set(names))
    assert len(TERMS) >= len(names)
    for terms in GLOSSARY.values():
        for name, term in terms.items():
            assert term.meaning[0].isupper(), name
            assert term.meaning.rstrip("*").endswith((".", "?")), name
            assert term.spanish, name


def test_every_field_of_every_recipe_has_a_title_with_an_entry_in_the_glossary() -> None:
    for recipe in PUBLISHED.values():
        for model in MODELS:
            for field in changeable_fields(recipe, model):
                last = field.rpartition(".")[2]
                assert field in FIELD_TITLES or last in FIELD_TITLES, field
                assert explain(field_title(field)), field


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("phases.train.learning_rate is 5.", "Learning rate is 5."),
        ("phases.fine_tune.warm_up is 9", "Warm-up, epochs (fine-tuning) is 9"),
        ("batch_size is 0; choose 1 to 1024.", "Batch size is 0; choose 1 to 1024."),
        ("xception needs at least 71", "Xception needs at least 71"),
        ("task 'siim_opacity' belongs", "task '“Does the study show any opacity?”' belongs"),
        ("/data/batch_size.png and run-demo_cnn", "/data/batch_size.png and run-demo_cnn"),
        ("run of siim_9_union.", "run of “Xception on a union of two datasets (thesis 9)”."),
        ("No seed, no loss.", "No seed, no loss."),
        ("tabular is empty.", "Columns beside the image is empty."),
        ("Set phases.train.learning_rate=0.0002.", "Set Learning rate = 0.0002."),
        ("Use split.method=patient, x=3.", "Use Split = By patient, x=3."),
        (
            "mobilenet_v2: fetch https://a.b/c/mobilenet_v2/x.h5 to /My home/mobilenet_v2/x.h5.",
            "MobileNetV2: fetch https://a.b/c/mobilenet_v2/x.h5 to /My home/mobilenet_v2/x.h5.",
        ),
        (
            "set weights to a path such as /a/b.h5, or to random.",
            "set “Starting weights” to a path such as /a/b.h5, or to “Random”.",
        ),
        ("Set weights=random here.", "Set Starting weights = Random here."),
    ],
)
def test_a_message_gets_titles_for_names_and_leaves_all_else(text: str, words: str) -> None:
    assert use_titles(text) == words


@pytest.mark.parametrize(
    ("field", "value", "title"),
    [
        ("model", "vgg16", "VGG16"),
        ("tabular", "view_position,age", "View position, Age"),
        ("phases.a.trainable", "top:0.3", "Last 30% of the layers"),
        ("phases.a.trainable", "from:block_5", "From layer block_5 on"),
        ("phases.a.trainable", "top:most", "top:most"),
        ("weights", "/a/best.keras", "best.keras"),
        ("weights", "/runs/RUN/checkpoints/best.keras", "best.keras of RUN"),
        ("learning_rate", 1e-05, "1e-05"),
    ],
)
def test_a_value_has_a_title_where_its_field_gives_one(
    field: str, value: object, title: str
) -> None:
    assert value_title(field, value) == title
