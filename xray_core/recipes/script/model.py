"""The part of a script that builds the model: the project's own builders, copied as text."""

import ast
import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from threading import Lock
from typing import NamedTuple

from xray_core.errors import RecipeError
from xray_core.models import CLASS_OUTPUT, MODELS, RUN_MODEL
from xray_core.recipes.schema import Recipe
from xray_core.typed_paths import name_folder, name_weights

HEADS_MODULE = "heads.py"
WRAPPING = "applications"  # the module whose builders wrap Keras' own; all others are copied
SYMMETRIC = """\
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="rescale")(image)
    x = layers.Concatenate(name="to_rgb")([x, x, x])
"""
LITE = """\
    x = layers.Rescaling(1 / 128, offset=-127 / 128, name="rescale")(image)
    x = layers.Concatenate(name="to_rgb")([x, x, x])
"""
MEAN_AND_DEVIATION = """\
    x = layers.Rescaling(1 / 255, name="rescale")(image)
    x = layers.Concatenate(name="to_rgb")([x, x, x])
    mean, deviation = {mean}, {deviation}
    variance = [value**2 for value in deviation]
    x = layers.Normalization(mean=mean, variance=variance, dtype="float32", name="standardise")(x)
"""
STANDARDISED = MEAN_AND_DEVIATION.format(
    mean="[0.485, 0.456, 0.406]", deviation="[0.229, 0.224, 0.225]"
)
CENTRED = MEAN_AND_DEVIATION.format(
    mean="[103.939 / 255, 116.779 / 255, 123.68 / 255]", deviation="[1 / 255, 1 / 255, 1 / 255]"
)
PARSING = Lock()  # Python 3.11 parses badly in several threads at once (SystemError)
INSIDE = ", include_preprocessing=False"
# Model -> the function that builds its base, in keras.applications or, with "build_", in its module
# of ours, how its pixels are scaled, more arguments. As in `models.applications`, which cannot be
# read without Keras; a test holds both to the same.
APPLICATIONS = {
    "mobilenet_v2": ("MobileNetV2", SYMMETRIC, ", alpha={alpha!r}"),
    "efficientnet_lite0": ("build_lite0_base", LITE, ""),
    "vgg16": ("VGG16", CENTRED, ""),
    "vgg19": ("VGG19", CENTRED, ""),
    "resnet50": ("ResNet50", CENTRED, ""),
    "inception_v3": ("InceptionV3", SYMMETRIC, ""),
    "xception": ("Xception", SYMMETRIC, ""),
    "densenet121": ("DenseNet121", STANDARDISED, ""),
    "efficientnet_v2_b0": ("EfficientNetV2B0", STANDARDISED, INSIDE),
    "convnext_tiny": ("ConvNeXtTiny", STANDARDISED, INSIDE),
}
MOMENTUM = """\
    for layer in base.layers:  # Keras' own 0.999 suits trainings of many thousand steps
        if isinstance(layer, layers.BatchNormalization):
            layer.momentum = 0.99
"""
# What a script begins with lies beside it: it is to run where the recipe's own path means nothing.
BESIDE = '''\
def find_weights(name: str) -> Path:
    """Return the file of starting weights, which lies beside this script or notebook."""
    path = (Path(__file__).parent if "__file__" in globals() else Path.cwd()) / name
    if not path.is_file():
        raise SystemExit(
            f"{path} is missing: the training began with the weights in it. Put that file there."
        )
    return path


'''
TRANSFER = """\
    # Layers of the same name and shapes begin with the weights of an earlier model, {title}.
    saved = keras.models.load_model(find_weights({name}), compile=False)  # put it beside this file
    offered = {{layer.name: layer.get_weights() for layer in saved.layers}}
    for layer in model.layers:
        shapes = [weight.shape for weight in layer.get_weights()]
        if shapes and [weight.shape for weight in offered.get(layer.name, [])] == shapes:
            layer.set_weights(offered[layer.name])
"""


class Definition(NamedTuple):
    """A top-level definition of a module: its first line, what it names, its code."""

    line: int
    names: frozenset[str]
    code: str


def check_model(recipe: Recipe) -> None:
    """Raise RecipeError if there is no script of the recipe's model; reads no source."""
    if recipe.asks_masks:
        raise RecipeError(
            f"There is no script of {recipe.name}: scripts are written for networks that answer "
            "with classes, and this one draws masks. Train the recipe here."
        )
    if not _is_covered(recipe.model):
        raise RecipeError(
            f"There is no script of {recipe.model} yet. Train the recipe here, or choose one of: "
            f"{', '.join(name for name in MODELS if _is_covered(name))}."
        )
    package, weights = MODELS[recipe.model].package, recipe.weights
    if package and not weights.endswith((RUN_MODEL, ".h5", ".hdf5")) and weights != "random":
        raise RecipeError(
            f"There is no script that begins with weights={weights}: those of {recipe.model} lie "
            f"in the package {package}, in a file that is none of Keras'. Train the recipe here, "
            f"or set weights to random, or to the {RUN_MODEL} file of a run."
        )


def write_model(recipe: Recipe) -> str:
    """Return the code of `build_model(n_classes)` and all that it needs.

    Raises:
        RecipeError: there is no such code for the recipe's model.
    """
    check_model(recipe)
    module, function = MODELS[recipe.model].builder.split(":")
    if recipe.model not in APPLICATIONS:
        copied = copy_definitions((HEADS_MODULE, f"{module}.py"), [function])
        options = {**MODELS[recipe.model].options, **recipe.model_options}
        more = "".join(f", {name}={value!r}" for name, value in options.items())
        given = f'n_classes, SIZE, weights="random", multilabel={recipe.multilabel}{more}'
        building = f"    model = {function}({given})\n"
    else:
        own = module != WRAPPING  # a base that Keras has not
        copied = copy_definitions(
            (HEADS_MODULE, f"{module}.py") if own else (HEADS_MODULE,),
            ["attach_head", "probabilities", *([APPLICATIONS[recipe.model][0]] if own else [])],
        )
        building = _write_application(recipe)
    if recipe.weights.endswith(RUN_MODEL):
        title = " ".join(name_weights(recipe.weights).split())
        building += TRANSFER.format(name=quote(name_folder(recipe.weights)), title=title)
    signature = "def build_model(n_classes: int) -> keras.Model:\n"
    about = f'    """Return {MODELS[recipe.model].title}, not compiled."""\n'
    beside = BESIDE if "find_weights(" in building else ""
    return f"{copied}\n\n\n{beside}{signature}{about}{building}    return model"


def quote(text: str) -> str:
    """Return `text` as a Python literal in double quotes."""
    return json.dumps(text, ensure_ascii=False)


def _is_covered(name: str) -> bool:
    card = MODELS[name]
    if card.builder.startswith(f"{WRAPPING}:"):
        return name in APPLICATIONS
    # A script deals out images alone, and learns classes.
    return not card.tabular and card.output == CLASS_OUTPUT


def _write_application(recipe: Recipe) -> str:
    options = {**MODELS[recipe.model].options, **recipe.model_options}
    function, scaling, more = APPLICATIONS[recipe.model]
    weights = recipe.weights
    begun = quote(weights) if weights == "imagenet" else None
    lines = [
        f"    base = keras.applications.{function}(",
        "        input_shape=(SIZE, SIZE, 3), include_top=False, "
        f"weights={begun}{more.format(**options)}",
        "    )",
    ]
    if function.startswith("build_"):
        lines = [f"    base = {function}(SIZE)"]
    if weights not in ("imagenet", "random") and not weights.endswith(RUN_MODEL):
        name = quote(name_folder(weights))
        lines += [f"    base.load_weights(find_weights({name}))  # put it beside this file"]
    text = "\n".join(lines) + "\n" + (MOMENTUM if recipe.model == "mobilenet_v2" else "")
    return (
        f'{text}    base = keras.Model(base.input, base.output, name="base")\n'
        f'    image = keras.Input((SIZE, SIZE, 1), name="image")\n{scaling}'
        '    x = layers.Identity(name="features")(base(x))\n'
        f"    x = attach_head(x, {quote(str(options['head']))}, {options['dropout']!r})\n"
        f"    outputs = probabilities(x, n_classes, multilabel={recipe.multilabel})\n"
        f"    model = keras.Model(image, outputs, name={quote(recipe.model)})\n"
    )


def copy_definitions(modules: Sequence[str], wanted: Sequence[str]) -> str:
    """Return top-level definitions of modules of `xray_core.models`, and those that they use.

    Args:
        modules: file names, later ones using earlier ones.
        wanted: names of functions.

    Returns:
        Their code in its order, of each docstring the first line.
    """
    definitions: dict[str, tuple[int, Definition]] = {}  # name -> the place of its module, and it
    for number, module in enumerate(modules):
        with PARSING:
            read = read_definitions(module)
        definitions |= {name: (number, definition) for name, definition in read.items()}
    taken: set[str] = set()
    waiting = set(wanted)
    while waiting:
        name = waiting.pop()
        taken.add(name)
        waiting |= (definitions[name][1].names & set(definitions)) - taken
    ordered = sorted(
        (definitions[name] for name in taken), key=lambda placed: (placed[0], placed[1].line)
    )
    return "\n\n\n".join(definition.code for _, definition in ordered)


@cache
def read_definitions(module: str) -> Mapping[str, Definition]:
    """Return the top-level definitions of a module of `xray_core.models`, parsed once.

    Only one thread may be here at a time: see `PARSING`.
    """
    definitions = {}
    text = files("xray_core.models").joinpath(module).read_text(encoding="utf-8")
    for node in ast.parse(text).body:
        names = frozenset(child.id for child in ast.walk(node) if isinstance(child, ast.Name))
        if isinstance(node, ast.FunctionDef):
            definitions[node.name] = Definition(node.lineno, names, _code_of(node, text))
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            definitions[node.targets[0].id] = Definition(node.lineno, names, _code_of(node, text))
    return definitions


def _code_of(node: ast.FunctionDef | ast.Assign, text: str) -> str:
    lines = text.splitlines()
    assert node.end_lineno is not None  # as it is of all that was parsed
    if isinstance(node, ast.Assign) or ast.get_docstring(node) is None:
        return "\n".join(lines[node.lineno - 1 : node.end_lineno])
    about = node.body[0]
    assert about.end_lineno is not None
    first = lines[about.lineno - 1].removesuffix('"""')
    before = lines[node.lineno - 1 : about.lineno - 1]
    return "\n".join([*before, f'{first}"""', *lines[about.end_lineno : node.end_lineno]])
