"""One vocabulary: words that are gone stay gone, and the glossary explains what is on screen."""

import re
from pathlib import Path

import pytest

from xray_core.glossary import GLOSSARY, TERMS, explain, format_glossary
from xray_core.models import MODELS
from xray_core.recipes import PUBLISHED, changeable_fields
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
ALONE = re.compile(rf"(?<![a-z])({'|'.join(GONE)})(?![a-z])", re.IGNORECASE)
TEXTS = sorted(
    path
    for pattern in ("*.py", "*.md", "*.toml", "*.txt")
    for folder in ("", "benchmarks", "docs", "pages", "tests", "xray_core")
    for path in (ROOT / folder).glob(f"**/{pattern}" if folder else pattern)
    if path.name not in ("CHANGELOG.md", "glossary.md", "glossary.py", Path(__file__).name)
)


def test_words_that_are_gone_stay_gone() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {match[0]}"
        for path in TEXTS
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        for match in ALONE.finditer(line)
    ]

    assert len(TEXTS) > 300
    assert not found, "\n".join(found)


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
        ("No seed, no loss.", "No seed, no loss."),
        ("Set phases.train.learning_rate=0.0002.", "Set Learning rate = 0.0002."),
        ("Use split.method=patient, x=3.", "Use Split = By patient, x=3."),
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
        ("weights", "/a/best.keras", "/a/best.keras"),
        ("learning_rate", 1e-05, "1e-05"),
    ],
)
def test_a_value_has_a_title_where_its_field_gives_one(
    field: str, value: object, title: str
) -> None:
    assert value_title(field, value) == title
