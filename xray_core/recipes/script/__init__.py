"""A recipe as one plain Keras script that runs without this project; text, nothing is imported.

What the script cannot express is named at its top. The architecture is the project's own code,
copied out of `xray_core.models`, so that it cannot differ.
"""

import json
import textwrap
from string import Template

from xray_core.preprocess.spec import AugmentSpec, PreprocessSpec
from xray_core.recipes.schema import Recipe
from xray_core.recipes.script.model import check_model, quote, write_model
from xray_core.recipes.script.phases import monitored, write_loss, write_phases
from xray_core.recipes.script.several import SEVERAL, SINGLE
from xray_core.recipes.script.template import AUGMENT, BORDER, CONTRASTS, SCRIPT, SQUARES
from xray_core.typed_paths import name_folder

__all__ = ["check_model", "left_out", "write_script"]

LINE_WIDTH = 98  # characters of a comment line


def write_script(recipe: Recipe) -> str:
    """Return a Python script that trains `recipe`; needs keras, numpy, pandas and OpenCV.

    Raises:
        RecipeError: the recipe's model has no script.
    """
    return Template(SCRIPT).substitute(
        _write_pieces(recipe),
        head=_write_head(recipe),
        classes=json.dumps(recipe.class_names, ensure_ascii=False),
        size=recipe.preprocess.size,
        batch=recipe.batch_size,
        seed=recipe.seed,
        policy=quote(recipe.precision),
        preprocess=_write_preprocess(recipe.preprocess),
        augment=_write_augment(recipe.augment),
        model=write_model(recipe),
        monitor=quote(monitored(recipe)),
        weights=_write_class_weights(recipe),
        phases=textwrap.indent(write_phases(recipe), "    "),
        keep="" if recipe.selected_epoch == "last" else "    model.set_weights(best.weights)\n",
        mirror=_write_mirror(recipe),
    )


def _write_pieces(recipe: Recipe) -> dict[str, str]:
    """Return what differs where an image may have several classes; see `script.several`."""
    if not recipe.multilabel:
        return SINGLE | {"imports": "layers"}
    gamma = recipe.focal_gamma if recipe.loss == "focal" else 0.0
    losses = Template(SEVERAL["losses"]).substitute(
        gamma=repr(gamma), smoothing=repr(recipe.label_smoothing)
    )
    return SEVERAL | {"imports": "layers, ops", "losses": losses}


def left_out(recipe: Recipe) -> list[str]:
    """Return what `recipe` asks for and the script does not do, in words."""
    unexpressed = {
        "combined_labels: the script learns the evaluated classes alone.": recipe.combined_labels,
        f"region {recipe.preprocess.region}: whole images are shown, as there are no masks.": (
            recipe.preprocess.needs_lungs
        ),
        "calibrate: the final probabilities stay as the network gives them.": recipe.calibrate,
        f"mixup {recipe.mixup:g}: no images are blended.": recipe.mixup,
        "sampling balanced: each epoch shows every image once.": recipe.sampling == "balanced",
    }
    missing = [words for words, asked in unexpressed.items() if asked]
    return missing + [
        f"phases.{phase.name}.warm_up {phase.warm_up}: the rate does not rise from zero first."
        for phase in recipe.phases
        if phase.warm_up and phase.schedule != "cosine"
    ]


def _write_head(recipe: Recipe) -> str:
    changes = ", ".join(
        f"{field} = {name_folder(str(value)) if field == 'weights' else value}"
        for field, value in recipe.changes.items()
    )
    paragraphs = [
        f"{recipe.title}. Written by X-ray Lab from its recipe {recipe.name}"
        + (f", changed: {changes}." if changes else "."),
        "For learning, never for diagnosis.",
        f"Source: {recipe.source}.",
    ]
    if missing := left_out(recipe):
        paragraphs += ["Left out:", *(f"- {words}" for words in missing)]
    # By words, each line a comment: a title or a value can hold anything, also line breaks.
    return "\n".join(_comment(words) for words in paragraphs)


def _comment(words: str) -> str:
    return textwrap.fill(words, LINE_WIDTH, initial_indent="# ", subsequent_indent="#   ")


def _write_preprocess(spec: PreprocessSpec) -> str:
    contrast = Template(CONTRASTS[spec.contrast]).substitute(gamma=spec.gamma, clip=spec.clip_limit)
    if spec.region == "border":
        before, after = (Template(step).substitute(border=spec.border) for step in BORDER)
        contrast = before + contrast + after
    return contrast + SQUARES[spec.resize]


def _write_augment(spec: AugmentSpec) -> str:
    if spec.is_none:
        return "    return image\n"
    return Template(AUGMENT).substitute(
        flip_x="rng.choice([1, -1])" if spec.horizontal_flip else "1",
        flip_y="rng.choice([1, -1])" if spec.vertical_flip else "1",
        zoom=_draw(-spec.zoom, spec.zoom),
        rotation=_draw(-spec.rotation, spec.rotation),
        shear=_draw(-spec.shear, spec.shear),
        shift=_draw(-spec.shift, spec.shift),
        brightness=_draw(spec.brightness_min, spec.brightness_max),
    )


def _draw(low: float, high: float) -> str:
    return f"rng.uniform({low}, {high})" if low < high else repr(high)


def _write_class_weights(recipe: Recipe) -> str:
    """Return the code that sets `class_weights`, for Keras, and `loss`."""
    loss = f"    loss = {write_loss(recipe)}\n"
    if recipe.multilabel:
        return f"{_write_finding_weights(recipe)}{loss}    class_weights = None\n"
    if recipe.class_weights == "none":
        return f"{loss}    class_weights = None\n"
    return (
        "    # An image counts for more, the rarer its class.\n"
        "    counts = np.bincount(training.actual, minlength=len(classes))\n"
        "    class_weights = dict(enumerate(counts.sum() / (len(classes) * counts)))\n" + loss
    )


def _write_finding_weights(recipe: Recipe) -> str:
    if recipe.class_weights == "none":
        return '    weights = np.ones((len(classes), 2), "float32")\n'
    return (
        "    # Of each finding, the images that show it and the others count the same in sum.\n"
        "    states = training.actual\n"
        "    counts = np.stack([(states == 1).sum(axis=0), (states == 0).sum(axis=0)], axis=1)\n"
        "    weights = counts.sum(axis=1, keepdims=True) / (2 * np.maximum(counts, 1))\n"
        "    weights[(counts == 0).any(axis=1)] = 1\n"
        '    weights = weights.astype("float32")\n'
    )


def _write_mirror(recipe: Recipe) -> str:
    if not recipe.test_time_augmentation:
        return ""
    return (
        "    # The mean over each image and its mirror image.\n"
        "    mirrored = Images(evaluated.images[:, :, ::-1], evaluated.actual, len(classes))\n"
        "    scores = (scores + model.predict(mirrored, verbose=0)) / 2\n"
    )
