"""All recipes beside their sources, as the text of `docs/recipes.md`.

For each source: what it says, what ours are, which figures it published, and on which images.
"""

from collections.abc import Mapping, Sequence

from xray_core.literature import CITED, NO, PublishedPoint, PublishedResult, reader_points
from xray_core.literature import RESULTS as FIGURES
from xray_core.literature.data_counts import DATA_COUNTS
from xray_core.literature.settings import COMMON, SAYS
from xray_core.recipes import CORRECTED, PROPER, PUBLISHED, Phase, Recipe
from xray_core.recipes.titles import value_title
from xray_core.splits import SplitSpec

SOURCES = {  # beginning of a recipe's name -> what its source is called
    "siim_": "The SIIM-FISABIO-RSNA COVID-19 thesis (García Boronat 2021)",
    "pneumonia_cnn": "The Kermany pneumonia notebook",
    "corona_": "The CoronaHack article",
    "xnet_": "X-Net, and the fourteen findings of NIH ChestX-ray14",
    "tang2020_": "Tang et al. 2020: normal or not",
}
BESIDE_XNET = ("nih_densenet121_findings", "nih_mobilenet_findings")
INTRODUCTION = """\
# Recipes

Every recipe that comes with the app beside what its source says and published. None of these
figures is ours; what we measured is in [results.md](results.md). This text is written by
`xray_core/recipes/overview.py`, from the recipes and from `xray_core/literature/`, where each
figure stands with its place in the source. `python3 start.py -- recipes` lists the recipes with
what each is; the module of its source in `xray_core/recipes/published/` says what was not
published or is plainly a slip, and what we chose instead.

*Same images*: whether ours are those that the figure was measured on. Matrices have the true
classes in rows, in the order of the task. Figures with two digits where the source printed
sixteen are read off curves; the notes say so.
"""
TWINS = """\
## Twins

The fourteen experiments of the thesis also come corrected, under their name with `_corrected`: a
split by patient, a test set of its own (9, 9.1 and 10: that of the thesis, its patients apart),
the best epoch, sensible learning rates, frozen batch normalisation while a pretrained base is
fine-tuned, balanced class weights. Train both to see the gap. `siim_9_union`,
`siim_9_1_union_finetuned` and `siim_10_from_union` also come with `_proper`: nothing is changed
but the split, which trains on both datasets as the thesis meant to. `pneumonia_cnn_watched` is
`pneumonia_cnn` with the test set as its validation set. Our own recipes for SIIM come with
`_thesis_test`: tested on the 1,267 images that the thesis tested on, trained on none of their
patients.

`siim_10_from_union` begins with the newest finished run of `siim_9_union`
(`weights=run:siim_9_union`), and refuses one that has seen images of its test set. Keras
publishes no ImageNet weights of AlexNet and ResNet-18, so their recipes ask for a file
(`weights=FILE.keras`).

The two recipes on RSNA images are the first fold of seven. All seven, with one result over them,
are a cross-validation: `submit tang2020_vgg19_rsna --data FOLDER --folds 7`, or *Sweep or
cross-validation* on the Train page. Their published precisions are the source's PPV and NPV. The
five folds that the author of `corona_vgg_mini` wished for take a new split of all images: `submit
corona_vgg_mini --data FOLDER --set split.method=patient --folds 5`.
"""
CITED_HEAD = """\
## Figures that the thesis cites

| what | figures | source | where | note |
|---|---|---|---|---|
"""
SETTINGS_HEAD = "| recipe | the source says | ours |\n|---|---|---|\n"
FIGURES_HEAD = (
    "| recipe | phase, subset | published | on which images | same images | where; notes |\n"
    "|---|---|---|---|---|---|\n"
)
COUNTS_HEAD = "| the source's images | in all | of each kind; notes |\n|---|---|---|\n"
POINTS_HEAD = "| who | sensitivity | specificity | against |\n|---|---|---|---|\n"


def format_recipes() -> str:
    """Return all recipes beside their sources, as the text of `docs/recipes.md`."""
    recipes = {
        name: recipe for name, recipe in PUBLISHED.items() if not name.endswith((CORRECTED, PROPER))
    }
    blocks = [INTRODUCTION]
    for start, title in SOURCES.items():
        members = [name for name in recipes if _belongs(name, start)]
        blocks.append(_format_source(start, title, [recipes.pop(name) for name in members]))
    own = "## Our own\n\n" + SETTINGS_HEAD + "".join(map(_settings_row, recipes.values()))
    cited = CITED_HEAD + "".join(
        f"| {item.what} | {item.words} | {item.source} | {item.place} | {item.note} |\n"
        for item in CITED
    )
    return "\n".join([*blocks, own, TWINS, cited])


def describe_settings(recipe: Recipe) -> str:
    """Return the settings of a recipe in one line, e.g. "VGG16, 299 px, …"."""
    words = [
        f"`{recipe.model}`{_options(recipe)}, {recipe.preprocess.size} px",
        _describe_weights(recipe.weights),
        _in_sentence("contrast", recipe.preprocess.contrast)
        if recipe.preprocess.contrast != "none"
        else "",
        _in_sentence("region", recipe.preprocess.region)
        if recipe.preprocess.region != "whole"
        else "",
        _describe_augmentation(recipe),
        *(_describe_phase(phase, len(recipe.phases) > 1) for phase in recipe.phases),
        f"batch {recipe.batch_size}",
        "balanced class weights" if recipe.class_weights == "balanced" else "",
        _in_sentence("selected_epoch", recipe.selected_epoch),
        describe_split(recipe.split),
    ]
    return "; ".join(word for word in words if word)


def _belongs(name: str, start: str) -> bool:
    if name.startswith(("siim_mobilenet", "siim_efficientnet")):
        return False
    return name.startswith(start) or (start == "xnet_" and name in BESIDE_XNET)


def _format_counts(start: str) -> str:
    rows = []
    for data in DATA_COUNTS:
        if data.source == start:
            kinds = ", ".join(f"{name} {number:,}" for name, number in data.counts.items())
            words = "; ".join(filter(None, (kinds, data.note)))
            rows.append(f"| {data.what} | {data.n_images:,} | {words} |\n")
    return "".join(rows)


def _format_source(start: str, title: str, recipes: Sequence[Recipe]) -> str:
    text = f"## {title}\n\n"
    if start in COMMON:
        text += f"What all have in common: {COMMON[start]}\n\n"
    if counts := _format_counts(start):
        text += COUNTS_HEAD + counts + "\n"
    text += SETTINGS_HEAD + "".join(map(_settings_row, recipes)) + "\n"
    names = {recipe.name for recipe in recipes}
    rows = [row for row in FIGURES if row.recipe in names]
    if rows:
        text += FIGURES_HEAD + "".join(map(_figures_row, rows)) + "\n"
        notes = dict.fromkeys((row.same_images, row.images_note) for row in rows if row.images_note)
        text += "".join(f"- *Same images, {same}:* {note}\n" for same, note in notes) + "\n"
    readers = [
        point for point in reader_points(recipes[0].name) if point.kind == "reader"
    ]  # the same of all recipes of a source
    if readers:
        text += "Readers of the same images, as points beside the ROC curve "
        text += f"({readers[0].place}; {readers[0].note.lower()})\n\n"
        text += POINTS_HEAD + "".join(map(_point_row, readers)) + "\n"
    return text


def _settings_row(recipe: Recipe) -> str:
    says = SAYS.get(recipe.name, "–")
    return f"| `{recipe.name}` | {says} | {describe_settings(recipe)} |\n"


def _figures_row(row: PublishedResult) -> str:
    published = _figures(row.metrics, row.spread)
    if row.matrix:
        published += "; " + ", ".join(str(list(counts)) for counts in row.matrix)
    number = f"{row.n_images:,}"
    images = row.images if not row.n_images or number in row.images else f"{row.images} ({number})"
    same = row.same_images if row.subset != "training" or row.same_images != NO else "–"
    notes = f"{row.place}. {row.note}".rstrip()
    cells = [f"`{row.recipe}`", f"{row.phase}, {row.subset}", published, images, same, notes]
    return "| " + " | ".join(cells) + " |\n"


def _figures(metrics: Mapping[str, float], spread: Mapping[str, float] | None = None) -> str:
    words = []
    for key, value in metrics.items():
        deviation = f" ± {spread[key]:g}" if spread and key in spread else ""
        words.append(f"{_metric_words(key)} {value:g}{deviation}")
    return ", ".join(words)


def _metric_words(key: str) -> str:
    kind, _, name = key.partition("_")
    kind = {"auc": "AUC", "f1": "F1"}.get(kind, kind)
    return f"{kind} {name}".strip()


def _point_row(point: PublishedPoint) -> str:
    return (
        f"| {point.who} | {point.sensitivity:.3f} | {point.specificity:.3f} | {point.standard} |\n"
    )


def _describe_weights(weights: str) -> str:
    if weights.startswith("run:"):
        return f"from the newest run of `{weights.removeprefix('run:')}`"
    return {"random": "", "ask": "from a file of yours"}.get(weights, "from ImageNet")


def _options(recipe: Recipe) -> str:
    options = [
        _in_sentence(name, value) if name == "head" else f"{name} {value}"
        for name, value in recipe.model_options.items()
    ]
    return f" ({', '.join(options)})" if options else ""


def _in_sentence(field: str, value: object) -> str:
    """Return a value's title without its capital."""
    title = value_title(field, value)
    return title[0].lower() + title[1:]


def _describe_augmentation(recipe: Recipe) -> str:
    augment = recipe.augment
    words = [
        "horizontal flip" if augment.horizontal_flip else "",
        "vertical flip" if augment.vertical_flip else "",
        *(
            f"{name} {value:g}"
            for name, value in (
                ("zoom", augment.zoom),
                ("rotation", augment.rotation),
                ("shear", augment.shear),
                ("shift", augment.shift),
            )
            if value
        ),
        f"brightness {augment.brightness_min:g} to {augment.brightness_max:g}"
        if augment.brightness_min != augment.brightness_max
        else "",
    ]
    return ", ".join(word for word in words if word) or "no augmentation"


def _describe_phase(phase: Phase, several: bool) -> str:
    words = f"{phase.name}: " if several else ""
    words += f"{value_title('optimizer', phase.optimizer)} {phase.learning_rate:g}"
    if phase.momentum:
        words += f", momentum {phase.momentum:g}"
    if phase.schedule != "constant":
        words += f", {_in_sentence('schedule', phase.schedule)}"
        words += f" ({phase.decay:g})" if phase.decay else ""
    words += f", {phase.epochs} epochs"
    words += ", frozen base" if phase.trainable == "head" else ""
    return words + (f", patience {phase.patience}" if phase.patience else "")


def describe_split(split: SplitSpec) -> str:
    """Return how images are divided, in words within a sentence."""
    words = f"split {_in_sentence('method', split.method)}"
    if split.validate_on_test:
        words += ", the test set watched"
    else:
        words += f", validation {split.validation:g}"
    if split.folds:
        words += f", fold {split.fold} of {split.folds}"
    elif split.has_test and split.method in ("patient", "image", "clean"):
        words += f", test {split.test:g}"
    if split.target_domain_only:
        words += ", target domain only"
    return words + (f", about {split.n_images:,} images" if split.n_images else "")
