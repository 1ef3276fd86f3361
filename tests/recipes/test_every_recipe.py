"""Every published recipe builds its network, learns a step and predicts, on noise.

The networks with thousands of operations take minutes together and are tried with
XRAY_EVERY_MODEL=1; without it, one recipe of each small network is.
"""

import os
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from xray_core.models import MODELS, build_model
from xray_core.recipes import PUBLISHED, Recipe
from xray_core.training import phases
from xray_core.training.losses import find_masses

SMALL = ("demo_cnn", "pneumonia_cnn", "cnn9", "xnet_cnn", "xnet_dual", "vgg_mini")
BATCH = 4


def tried() -> dict[str, Recipe]:
    """Return a recipe of each network and way to train it; many differ in other things alone."""
    found: dict[tuple[object, ...], Recipe] = {}
    for recipe in PUBLISHED.values():
        ways = tuple((one.trainable, one.optimizer, one.schedule) for one in recipe.phases)
        outputs = (len(recipe.class_names), recipe.multilabel)
        key = (recipe.model, *sorted(recipe.model_options.items()), outputs, ways)
        if os.environ.get("XRAY_EVERY_MODEL") or recipe.model in SMALL:
            found.setdefault(key, recipe)
    return {recipe.name: recipe for recipe in found.values()}


TRIED = tried()


@pytest.mark.parametrize("name", TRIED)
def test_it_builds_learns_a_step_in_each_phase_and_predicts(name: str) -> None:
    recipe = TRIED[name]
    n_classes, size = len(recipe.class_names) or 2, max(MODELS[recipe.model].min_size, 32)
    beside = {"n_tabular": 2 * len(recipe.tabular)} if recipe.tabular else {}
    model = build_model(
        recipe.model,
        n_classes,
        size,
        "random",
        multilabel=recipe.multilabel,
        **recipe.model_options,
        **beside,
    )
    rng = np.random.default_rng(0)
    images: Any = rng.uniform(0, 255, (BATCH, size, size, 1)).astype("float32")
    if beside:
        numbers = rng.normal(size=(BATCH, beside["n_tabular"])).astype("float32")
        images = {"image": images, "tabular": numbers}
    shown = np.eye(n_classes, dtype="int64")[np.arange(BATCH) % n_classes]
    targets = find_masses(shown) if recipe.multilabel else shown.astype("float32")
    training: Any = SimpleNamespace(n_batches=1, finding_weights=None)

    for phase in recipe.phases:
        phases._compile(model, recipe, phase, training, on_gpu=False)
        before = [weights.copy() for weights in model.get_weights()]
        loss = model.train_on_batch(images, targets)[0]
        assert np.isfinite(loss)
        assert any((a != b).any() for a, b in zip(before, model.get_weights(), strict=True))

    probabilities = np.asarray(model.predict_on_batch(images))
    assert probabilities.shape == (BATCH, n_classes)
    if not recipe.multilabel:
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-4)
