"""Titles on screen for a recipe's fields and values; programs and files keep the names.

Whoever shows a field calls `field_title`, a value `value_title`, and a message that names either
`use_titles`. The command line shows the names, since it takes them.
"""

import re
from functools import cache
from typing import Any

from xray_core.models import MODELS
from xray_core.recipes import PUBLISHED
from xray_core.selection import describe_filters
from xray_core.splits import METHOD_TITLES
from xray_core.tasks import TASKS
from xray_core.typed_paths import is_full_path, name_weights

# Field, or the last part of its dotted name -> what it is called.
FIELD_TITLES = {
    "alpha": "Width factor",
    "allow_leaks": "Allow leaks",
    "batch_norm": "Batch normalization",
    "batch_size": "Batch size",
    "border": "Border, share of the side",
    "brightness_max": "Brightness, at most",
    "brightness_min": "Brightness, at least",
    "calibrate": "Calibration",
    "channels": "Channels",
    "class_weights": "Class weights",
    "clip_limit": "CLAHE clip limit",
    "combined_labels": "Combined labels",
    "contrast": "Contrast",
    "decay": "Learning rate decay",
    "decay_epochs": "Decay, epochs",
    "dropout": "Dropout",
    "ending": "Last hidden layer",
    "epochs": "Epochs",
    "filters": "Filters of the first level",
    "focal_gamma": "Focal loss gamma",
    "fold": "Test fold",
    "folds": "Folds",
    "gamma": "Gamma",
    "head": "Head",
    "horizontal_flip": "Mirror left to right",
    "label_smoothing": "Label smoothing",
    "learning_rate": "Learning rate",
    "loss": "Loss",
    "method": "Split",
    "mixup": "Mixup",
    "model": "Model",
    "momentum": "Momentum",
    "n_images": "Images to use",
    "optimizer": "Optimizer",
    "patience": "Patience, epochs",
    "precision": "Number precision",
    "region": "What is shown",
    "resize": "Resizing",
    "rotation": "Rotation, ± degrees",
    "sampling": "Sampling",
    "schedule": "Learning rate schedule",
    "seed": "Random seed",
    "selected_epoch": "Selected epoch",
    "selection": "Selection",
    "shear": "Shear, ± degrees",
    "shift": "Shift, ± fraction",
    "size": "Image size, px",
    "site": "Tested site",
    "split.seed": "Split seed",
    "tabular": "Columns beside the image",
    "target_domain_only": "Target domain only",
    "task": "Task",
    "test": "Test set, fraction",
    "test_time_augmentation": "Test-time augmentation",
    "trainable": "Layers that learn",
    "validate_on_test": "Validate on test",
    "validation": "Validation set, fraction",
    "vertical_flip": "Turn upside down",
    "warm_up": "Warm-up, epochs",
    "weight_decay": "Weight decay",
    "weights": "Starting weights",
    "zoom": "Zoom, ± fraction",
}
PHASE_TITLES = {
    "all": "all layers",
    "fine_tune": "fine-tuning",
    "head": "head",
    "high_rate": "high learning rate",
}
# The only phase of a recipe that has one: nothing needs to be said of it.
ONLY_PHASE = "train"
COLUMN_TITLES = {
    "age": "Age",
    "follow_up": "Follow-up",
    "gender": "Sex",
    "view_position": "View position",
}
# Field, or the last part of its dotted name -> value -> what it is called.
CHOICE_TITLES: dict[str, dict[str, str]] = {
    "batch_norm": {"train": "Learns", "frozen": "Frozen"},
    "class_weights": {"none": "None", "balanced": "Balanced"},
    "contrast": {
        "none": "Unchanged",
        "equalize_hist": "Histogram equalization",
        "clahe": "CLAHE",
        "gamma": "Gamma",
        "log": "Logarithm",
    },
    "head": {
        "pool": "Pooling",
        "pool_norm": "Pooling, normalization",
        "pool_norm_relu": "Pooling, normalization, ReLU",
        "norm_flatten": "Normalization, flattened",
        "flatten_dense": "Flattened, dense layer",
    },
    "ending": {"conv512": "Convolution, 512 filters", "dense512": "Dense layer, 512 units"},
    "loss": {
        "cross_entropy": "Cross-entropy",
        "focal": "Focal loss",
        "dice": "Dice and cross-entropy",
    },
    "method": METHOD_TITLES,
    "optimizer": {
        "adam": "Adam",
        "adamw": "AdamW",
        "nadam": "Nadam",
        "rmsprop": "RMSprop",
        "sgd": "SGD",
    },
    "precision": {
        "float32": "32 bits",
        "mixed_bfloat16": "Mixed, bfloat16",
        "mixed_float16": "Mixed, float16",
    },
    "region": {
        "whole": "Whole image",
        "border": "Border only",
        "without_lungs": "Without the lungs",
        "lungs_only": "Lungs only",
    },
    "resize": {"stretch": "Stretched to the square", "pad": "With black borders"},
    "sampling": {"shuffle": "Every image once", "balanced": "Classes equally often"},
    "schedule": {
        "constant": "Constant",
        "cosine": "Cosine",
        "inverse_time": "Inverse time",
        "plateau": "Drops on a plateau",
        "step": "Drops in steps",
    },
    "selected_epoch": {"best": "Best epoch", "last": "Last epoch"},
    "trainable": {"all": "All layers", "head": "Head only"},
    "weights": {"random": "Random", "imagenet": "ImageNet", "ask": "A file that only you can have"},
}
HOLDERS = ("phases", "preprocess", "augment", "split", "model_options")  # of dotted names
# Names of choices that differ from their titles, and are no words of the language either.
CODE_WORDS = ("adam", "adamw", "nadam", "rmsprop", "sgd", "clahe", "imagenet")
WORD = r"(?<![\w.-])[A-Za-z]\w*(?:[.:][\w.]*\w)*"
NAME = re.compile(WORD + r"(?![\w-])")
REFUSED = re.compile(r"^[a-z]+(?= is )")  # the field that a refusal begins with
SETTING = re.compile(WORD + r"=[\w.:+-]*\w")
PLACE = re.compile(r"(\S*[/\\]\S*)")  # an address or a path, or a piece of one with blanks
# How a refusal says which weights to begin with instead.
BEGIN_WITH = re.compile(r"(?<=\b[Ss]et )weights(?= to )")
TO_RANDOM = re.compile(r"\bto random(?=[,.;]|$)")
WEIGHTS_ARE = re.compile(r"\bweights=(random|imagenet)\b")


def field_title(field: str) -> str:
    """Return what a field is called, from its dotted name.

    >>> field_title("phases.train.learning_rate"), field_title("phases.fine_tune.epochs")
    ('Learning rate', 'Epochs (fine-tuning)')
    """
    last = field.rpartition(".")[2]
    title = FIELD_TITLES.get(field) or FIELD_TITLES.get(last) or last.replace("_", " ").capitalize()
    if not field.startswith("phases.") or (phase := field.split(".")[1]) == ONLY_PHASE:
        return title
    return f"{title} ({phase_title(phase)})"


def phase_title(name: str) -> str:
    """Return what a phase is called.

    >>> phase_title("fine_tune")
    'fine-tuning'
    """
    return PHASE_TITLES.get(name, name.replace("_", " "))


def value_title(field: str, value: Any) -> str:
    """Return what a field's value is called.

    >>> value_title("optimizer", "sgd"), value_title("seed", 3), value_title("calibrate", True)
    ('SGD', '3', 'yes')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if not isinstance(value, str):
        return str(value)
    last = field.rpartition(".")[2]
    if last == "model" and value in MODELS:
        return MODELS[value].title
    if last == "task" and value in TASKS:
        return TASKS[value].question
    if field == "selection":
        return describe_filters(value)
    if field == "weights" and is_full_path(value):
        return name_weights(value)  # where it lies is nobody else's business
    if last == "tabular":
        return ", ".join(COLUMN_TITLES.get(column, column) for column in value.split(","))
    if last == "trainable":
        kind, _, what = value.partition(":")
        if kind == "top":
            return f"Last {float(what):.0%} of the layers" if _is_number(what) else value
        if kind == "from":
            return f"From layer {what.strip()} on"
    return CHOICE_TITLES.get(last, {}).get(value, value)


def format_setting(field: str, value: Any) -> str:
    """Return a field and its value, e.g. "Learning rate 0.001"."""
    return f"{field_title(field)} {value_title(field, value)}"


def use_titles(text: str) -> str:
    """Return a message with titles for the names of fields, choices, models, tasks and recipes.

    Names that are also words of the language ("loss", "seed") stay as they are, but at the start
    of a refusal. So do addresses and paths.

    >>> use_titles("phases.train.learning_rate is 5; usual for adamw.")
    'Learning rate is 5; usual for AdamW.'
    """
    titles = _titles()

    def name_title(name: str) -> str:
        if name in titles:
            return titles[name]
        holder, dot, last = name.rpartition(".")
        is_field = dot and holder.split(".")[0] in HOLDERS and last in FIELD_TITLES
        return field_title(name) if is_field else name

    def spell_out(match: re.Match[str]) -> str:
        field, value = match[0].split("=", 1)
        title = name_title(field)
        return match[0] if title == field else f"{title} = {value_title(field, value)}"

    text = REFUSED.sub(lambda match: FIELD_TITLES.get(match[0], match[0]), text)
    text, n_begins = BEGIN_WITH.subn(f"“{FIELD_TITLES['weights']}”", text)
    if n_begins:
        text = TO_RANDOM.sub(f"to “{CHOICE_TITLES['weights']['random']}”", text)
    text = WEIGHTS_ARE.sub(
        lambda match: f"{field_title('weights')} = {value_title('weights', match[1])}", text
    )
    return "".join(
        words
        if number % 2
        else NAME.sub(lambda match: name_title(match[0]), SETTING.sub(spell_out, words))
        for number, words in enumerate(PLACE.split(text))
    )


@cache
def _titles() -> dict[str, str]:
    """Return name -> title of all names that are no words of the language."""
    titles = {name: title for name, title in FIELD_TITLES.items() if "_" in name or "." in name}
    titles |= {name: title for name, title in COLUMN_TITLES.items() if "_" in name}
    for choices in CHOICE_TITLES.values():
        titles |= {name: title for name, title in choices.items() if _is_code(name)}
    titles |= {name: f"“{recipe.title}”" for name, recipe in PUBLISHED.items()}
    # After the recipes: where both have one name, a message speaks of the model.
    titles |= {name: card.title for name, card in MODELS.items()}
    return titles | {
        # Those of any dataset are called by words of the language, too, such as “lungs”.
        name: f"“{task.question}”"
        for name, task in TASKS.items()
        if task.dataset and "_" in name
    }


def _is_code(name: str) -> bool:
    return "_" in name or name in CODE_WORDS


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"\d*\.?\d+", text))
