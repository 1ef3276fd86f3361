"""The part of a script that trains: one paragraph for each phase of the recipe."""

from xray_core.models import MODELS
from xray_core.recipes.phase import Phase
from xray_core.recipes.schema import Recipe
from xray_core.recipes.script.model import quote

OPTIMIZERS = {
    "adam": "Adam(rate)",
    "nadam": "Nadam(rate)",
    "rmsprop": "RMSprop(rate)",
    "sgd": "SGD(rate, momentum={momentum!r})",
    "adamw": "AdamW(rate, weight_decay={weight_decay!r})",
}


def monitored(recipe: Recipe) -> str:
    """Return the figure of validation by which epochs are compared: plain cross-entropy."""
    weighed = recipe.multilabel and recipe.class_weights == "balanced"
    plain = recipe.loss == "cross_entropy" and not recipe.label_smoothing and not weighed
    return "val_loss" if plain else "val_entropy"


def write_loss(recipe: Recipe) -> str:
    """Return the Keras loss of `recipe`."""
    if recipe.multilabel:
        return "FindingsLoss(weights)"
    if recipe.loss == "focal":
        return (
            f"keras.losses.CategoricalFocalCrossentropy(alpha=1.0, gamma={recipe.focal_gamma!r}, "
            f"label_smoothing={recipe.label_smoothing!r})"
        )
    return f"keras.losses.CategoricalCrossentropy(label_smoothing={recipe.label_smoothing!r})"


def write_phases(recipe: Recipe) -> str:
    """Return the code that trains all phases, one after the other."""
    paragraphs = []
    for number, phase in enumerate(recipe.phases):
        lines = [f"# Phase {number + 1} of {len(recipe.phases)}."]
        if number and recipe.selected_epoch == "best":
            lines += ["model.set_weights(best.weights)"]
        if MODELS[recipe.model].pretrained:
            lines += _freeze(phase)
        lines += [
            f"rate = {_rate(phase)}",
            f"optimizer = keras.optimizers.{OPTIMIZERS[phase.optimizer].format(**vars(phase))}",
            "callbacks = [best]",
            *_callbacks(phase),
            "compile_model(model, optimizer, loss)",
            "model.fit(",
            "    training,",
            "    validation_data=validation,",
            f"    epochs={phase.epochs},",
            "    class_weight=class_weights,",
            "    callbacks=callbacks,",
            "    verbose=2,",
            ")",
        ]
        paragraphs.append("\n".join(lines))
    return "\n\n".join(paragraphs)


def _freeze(phase: Phase) -> list[str]:
    kind, _, rest = phase.trainable.partition(":")
    lines = ['base = model.get_layer("base")', f"base.trainable = {kind != 'head'}"]
    if kind == "top":
        lines += [
            f"n_trained = max(1, round({float(rest)!r} * len(base.layers)))",
            "for layer in base.layers[:-n_trained]:",
            "    layer.trainable = False",
        ]
    if kind == "from":
        lines += [
            f"first = [layer.name for layer in base.layers].index({quote(rest.strip())})",
            "for layer in base.layers[:first]:",
            "    layer.trainable = False",
        ]
    if phase.batch_norm == "frozen":
        lines += [
            "for layer in base.layers:  # keeps its statistics, too",
            "    if isinstance(layer, layers.BatchNormalization):",
            "        layer.trainable = False",
        ]
    return lines


def _rate(phase: Phase) -> str:
    schedules = "keras.optimizers.schedules"
    rate = phase.learning_rate
    if phase.schedule == "cosine" and phase.warm_up:
        return (
            f"{schedules}.CosineDecay(0.0, {phase.epochs - phase.warm_up} * len(training), "
            f"warmup_target={rate!r}, warmup_steps={phase.warm_up} * len(training))"
        )
    if phase.schedule == "cosine":
        return f"{schedules}.CosineDecay({rate!r}, {phase.epochs} * len(training))"
    if phase.schedule == "inverse_time":
        return f"{schedules}.InverseTimeDecay({rate!r}, decay_steps=1, decay_rate={phase.decay!r})"
    return repr(rate)


def _callbacks(phase: Phase) -> list[str]:
    lines = []
    if phase.schedule == "step":
        lines += [
            "callbacks += [",
            "    keras.callbacks.LearningRateScheduler(",
            f"        lambda epoch: {phase.learning_rate!r} * {phase.decay!r} ** "
            f"(epoch // {phase.decay_epochs})",
            "    )",
            "]",
        ]
    if phase.schedule == "plateau":
        lines += [
            "callbacks += [",
            "    keras.callbacks.ReduceLROnPlateau(",
            f'        MONITOR, factor={phase.decay!r}, patience={phase.decay_epochs}, mode="min", '
            "min_delta=0, min_lr=0",
            "    )",
            "]",
        ]
    if phase.patience:
        lines += [
            "callbacks += [",
            f'    keras.callbacks.EarlyStopping(MONITOR, patience={phase.patience}, mode="min")',
            "]",
        ]
    return lines
