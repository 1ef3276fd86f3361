"""Combined labels: learnt apart, evaluated together."""

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest

from tests.training.test_resume import build_small
from tests.training.tiny import Finished, as_it_was, tiny_recipe
from xray_core.datasets import open_dataset
from xray_core.explain.predict_files import predict_images
from xray_core.runs import create_run
from xray_core.tasks import combine_labels
from xray_core.training import runner
from xray_core.training.combined_labels import (
    COMBINED,
    MERGED,
    expose_combined,
    find_combinations,
    merge_output,
)


def test_combinations_keep_their_class_and_stand_by_frequency() -> None:
    labels = pd.Series(["typical", "negative", "typical", "atypical", "negative", "typical"])

    combined = find_combinations(labels, np.array([1, 0, 1, 1, 0, 1]))

    assert combined.names == ["typical", "negative", "atypical"]
    assert combined.classes.tolist() == [1, 0, 1]
    assert combined.targets.argmax(axis=1).tolist() == [0, 1, 0, 2, 1, 0]
    assert combined.targets.sum() == 6


def test_one_label_in_two_classes_makes_two_combinations() -> None:
    combined = find_combinations(pd.Series(["a", "a", "a"]), np.array([0, 1, 1]))

    assert combined.names == ["a", "a"]
    assert combined.classes.tolist() == [1, 0]


def test_the_merged_output_sums_the_combinations_of_each_class() -> None:
    fine = build_small("", 4, 32)
    images = np.random.default_rng(0).uniform(0, 255, (5, 32, 32, 1)).astype("float32")
    p = fine.predict(images, verbose=0)

    evaluated = merge_output(fine, np.array([1, 0, 1, 1]), 2)

    expected = np.stack([p[:, 1], p[:, [0, 2, 3]].sum(axis=1)], axis=1)
    np.testing.assert_allclose(evaluated.predict(images, verbose=0), expected, atol=1e-6)
    both = expose_combined(evaluated).predict(images, verbose=0)
    np.testing.assert_allclose(both[COMBINED], p, atol=1e-6)
    np.testing.assert_allclose(both[MERGED], expected, atol=1e-6)
    sums = evaluated.get_layer(MERGED)
    assert not sums.trainable_variables, "what belongs to which class is not learnt"


def test_the_labels_of_study_and_image_are_combined(finished: Finished) -> None:
    catalog = open_dataset(finished.data, finished.workspace.cache)

    labels = combine_labels(catalog)

    assert "Negative for Pneumonia / none" in set(labels)
    assert labels.notna().all()
    whole_study_only = replace(
        catalog, images=catalog.images.assign(image_findings=pd.array([pd.NA] * 60, "string"))
    )
    assert combine_labels(whole_study_only).equals(catalog.images["findings"])


@pytest.fixture(scope="module")
def run(finished: Finished) -> Any:
    recipe = replace(tiny_recipe(), combined_labels=True, data_folder=str(finished.data))
    run = create_run(recipe, finished.workspace.runs)
    with as_it_was(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "build_model", build_small)
        assert runner.train_run(run, finished.workspace) == "done", run.read_status().message
    return run


def test_a_run_with_combined_labels_answers_for_the_evaluated_classes(
    run: Any, finished: Finished
) -> None:
    model = keras.models.load_model(run.best_checkpoint, compile=False, safe_mode=True)

    assert model.output_shape == (None, 2)
    assert model.get_layer(COMBINED).output.shape[-1] > 2
    predictions = run.read_predictions().dropna()
    columns = ["p_no opacity", "p_opacity"]
    np.testing.assert_allclose(predictions[columns].sum(axis=1), 1, atol=1e-5)
    split = run.read_split().set_index("image_id")
    row = predictions.iloc[0]
    [told] = predict_images(run, [finished.data / split.loc[row["image_id"], "path"]])[
        columns
    ].to_numpy()
    np.testing.assert_allclose(told, row[columns].to_numpy("float64"), atol=1e-4)


def test_its_log_tells_of_the_evaluated_classes_so_that_both_losses_can_be_compared(
    run: Any,
) -> None:
    lines = run.read_metrics()
    batches = pd.DataFrame([line for line in lines if line["kind"] == "batch"])

    for epoch in (line for line in lines if line["kind"] == "epoch"):
        own = batches[batches["epoch"] == epoch["epoch"]]
        # Two classes: far below the loss of eight combinations, log(8) = 2.1.
        assert 0.2 < epoch["loss"] < 1.6
        assert own["loss"].mean() == pytest.approx(epoch["loss"], abs=0.3)
        assert np.trace(epoch["confusion"]) / np.sum(epoch["confusion"]) == pytest.approx(
            epoch["val_accuracy"], abs=1e-6
        )
