"""Measuring a model: once, by one process at a time, its failure said in words."""

import json
import math
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from xray_core.jobs import measure
from xray_core.jobs.measure import (
    DECODE_SECONDS,
    EPOCH_SECONDS,
    FASTEST_FACTOR,
    LIKELY_EPOCH_SECONDS,
    LIKELY_STEP_SECONDS,
    SLOWEST_FACTOR,
    STEP_SECONDS,
    TABLES_SECONDS,
    Estimate,
    estimate_training,
    find_lacks,
    read_description,
    start_description,
    stop_description,
)
from xray_core.processes import own_handle
from xray_core.recipes import PUBLISHED, change_recipe
from xray_core.workspace import Workspace

DEMO = PUBLISHED["demo_cnn"]
VALUES = {
    "seconds_per_step": 0.5,
    "seconds_per_image": 0.01,
    "seconds_to_start": 8.0,
    "seconds_to_compile": 3.0,
    "memory_mb": 800.0,
}


class Processes:
    """Stands in for real processes: notes each command, and whether it still runs."""

    def __init__(self) -> None:
        self.commands: list[list[str]] = []
        self.alive = False

    def start(self, command: list[str], log: Path, environment: Any = None) -> str:
        log.write_text("", encoding="utf-8")
        self.commands.append(command)
        self.alive = True
        return own_handle()

    @property
    def result(self) -> Path:
        return Path(self.commands[-1][-1])

    def end(self, answer: str = "", output: str = "") -> None:
        self.alive = False
        self.result.with_suffix(".log").write_text(output, encoding="utf-8")
        if answer:
            self.result.write_text(answer, encoding="utf-8")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> Processes:
    stand_in = Processes()
    monkeypatch.setattr(measure, "start_detached", stand_in.start)
    monkeypatch.setattr(measure, "is_alive", lambda handle: bool(handle) and stand_in.alive)
    monkeypatch.setattr(measure, "terminate", lambda handle: stand_in.end())
    return stand_in


def test_measured_once_for_all_recipes_of_the_same_model(
    workspace: Workspace, processes: Processes
) -> None:
    assert read_description(DEMO, workspace).state == "missing"
    start_description(DEMO, workspace)
    assert read_description(DEMO, workspace).state == "measuring"
    processes.end(json.dumps(VALUES))
    longer = change_recipe(DEMO, {"phases.train.epochs": 99, "augment.zoom": 0.3})
    start_description(longer, workspace)

    assert read_description(longer, workspace).values == VALUES
    assert len(processes.commands) == 1


@pytest.mark.parametrize(
    "change", [{"preprocess.size": 128}, {"batch_size": 4}, {"task": "siim_study"}]
)
def test_what_changes_the_cost_is_measured_anew(
    workspace: Workspace, processes: Processes, change: dict[str, Any]
) -> None:
    start_description(DEMO, workspace)
    processes.end(json.dumps(VALUES))
    changed = change_recipe(DEMO, change)
    start_description(changed, workspace)

    assert read_description(changed, workspace).state == "measuring"
    [(key, value)] = change.items()
    assert f"--set={key}={value}" in processes.commands[-1]


def test_another_setting_of_the_allocator_is_measured_anew(
    workspace: Workspace, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "allocator_variables", lambda: {"MALLOC_ARENA_MAX": "1"})
    start_description(DEMO, workspace)
    processes.end(json.dumps(VALUES))
    assert read_description(DEMO, workspace).state == "ready"

    monkeypatch.setattr(measure, "allocator_variables", dict)

    assert read_description(DEMO, workspace).state == "missing"


def test_classes_that_come_from_the_data_are_counted(
    workspace: Workspace, processes: Processes
) -> None:
    start_description(replace(PUBLISHED["quick_cnn"], classes=("a", "b", "c")), workspace)

    assert "--classes=3" in processes.commands[-1]


def test_one_measurement_at_a_time(workspace: Workspace, processes: Processes) -> None:
    other = change_recipe(DEMO, {"preprocess.size": 128})
    start_description(DEMO, workspace)
    start_description(other, workspace)

    assert len(processes.commands) == 1
    assert read_description(other, workspace).state == "waiting"


def test_failure_says_why_and_may_be_tried_again(
    workspace: Workspace, processes: Processes
) -> None:
    start_description(DEMO, workspace)
    processes.end(output="I0000 greeting\nerror: alpha is 7.\nlast line\n")
    failed = read_description(DEMO, workspace)
    start_description(DEMO, workspace)

    assert (failed.state, failed.reason) == ("failed", "alpha is 7.")
    assert read_description(DEMO, workspace).state == "measuring"


def test_killed_process_is_a_failure(workspace: Workspace, processes: Processes) -> None:
    start_description(DEMO, workspace)
    processes.end()

    assert read_description(DEMO, workspace).state == "failed"
    assert "without a word" in read_description(DEMO, workspace).reason


def test_stopped_measurement_counts_as_never_begun(
    workspace: Workspace, processes: Processes
) -> None:
    start_description(DEMO, workspace)
    stop_description(workspace)

    assert not processes.alive
    assert read_description(DEMO, workspace).state == "missing"


def test_damaged_result_is_measured_again(workspace: Workspace, processes: Processes) -> None:
    start_description(DEMO, workspace)
    processes.end(answer="{")
    assert read_description(DEMO, workspace).state == "missing"
    start_description(DEMO, workspace)

    assert len(processes.commands) == 2


def test_estimate_counts_steps_of_all_phases_and_what_lies_around_them() -> None:
    recipe = change_recipe(DEMO, {"phases.train.epochs": 10, "batch_size": 16})
    cost = estimate_training(VALUES, recipe, n_training=33, n_validation=0, n_test=0)

    assert cost.steps_per_epoch == 3  # the last batch holds one image
    network = 10 * 3 * 0.5 + 3.0
    assert cost.seconds_least == pytest.approx(FASTEST_FACTOR * network)
    around = 10 * (3 * STEP_SECONDS + EPOCH_SECONDS) + TABLES_SECONDS + 33 * DECODE_SECONDS
    evaluating = 33 * 0.01
    assert cost.seconds_most == pytest.approx(
        SLOWEST_FACTOR * (network + evaluating + 8.0) + around
    )
    assert cost.memory_mb == 800.0


def test_evaluating_costs_time_too() -> None:
    without, cost = (estimate_training(VALUES, DEMO, 100, n, n) for n in (0, 50))

    each = DEMO.n_epochs * 50 * 0.01 + 100 * 0.01  # validation in each epoch, both at the end
    assert cost.seconds_least - without.seconds_least == pytest.approx(FASTEST_FACTOR * each)
    more = cost.seconds_most - without.seconds_most
    assert more == pytest.approx(SLOWEST_FACTOR * each + 100 * DECODE_SECONDS)
    mirrored = change_recipe(DEMO, {"test_time_augmentation": True})
    twice = estimate_training(VALUES, mirrored, 100, 50, 50)
    assert twice.seconds_least - cost.seconds_least == pytest.approx(FASTEST_FACTOR * 100 * 0.01)


def test_a_training_that_may_stop_early_costs_less_at_least_and_as_much_at_most() -> None:
    whole = estimate_training(VALUES, DEMO, 100, 50, 50)
    patient = change_recipe(DEMO, {"phases.train.patience": 3})
    early = estimate_training(VALUES, patient, 100, 50, 50)

    assert early.seconds_most == whole.seconds_most
    epoch = math.ceil(100 / DEMO.batch_size) * 0.5 + 50 * 0.01
    fewer = DEMO.n_epochs - (3 + 1)
    assert whole.seconds_least - early.seconds_least == pytest.approx(
        FASTEST_FACTOR * fewer * epoch
    )


def test_the_likely_time_lies_between_the_bounds_and_supposes_half_of_what_patience_may_spare() -> (
    None
):
    whole = estimate_training(VALUES, DEMO, 100, 50, 50)
    early = estimate_training(
        VALUES, change_recipe(DEMO, {"phases.train.patience": 3}), 100, 50, 50
    )

    for cost in (whole, early):
        assert cost.seconds_least < cost.seconds_likely < cost.seconds_most
    steps = math.ceil(100 / DEMO.batch_size)
    epoch = steps * 0.5 + 50 * 0.01 + steps * LIKELY_STEP_SECONDS + LIKELY_EPOCH_SECONDS
    spared = (DEMO.n_epochs - (3 + 1)) / 2
    assert whole.seconds_likely - early.seconds_likely == pytest.approx(spared * epoch)


def test_a_frozen_base_costs_a_prediction_in_every_epoch_or_once() -> None:
    recipe = PUBLISHED["siim_6_4_xception_arrays"]  # 10 frozen epochs, then up to 100
    # Without augmentation; whether its features fit into memory is not known beforehand.
    plain = PUBLISHED["siim_6_5_xception_plain"]
    step, evaluated = math.ceil(80 / 16) * 0.5, 20 * 0.01
    frozen = 80 * 0.01 + evaluated

    assert plain.augment.is_none
    for one in (recipe, plain):
        cost = estimate_training(VALUES, one, 80, 20, 0)
        tuned = one.phases[1]
        fewest = min(tuned.epochs, tuned.patience + 1) if tuned.patience else tuned.epochs
        least = frozen + fewest * (step + evaluated) + 2 * 3.0 + evaluated
        assert cost.seconds_least == pytest.approx(FASTEST_FACTOR * least)
        most = 10 * frozen + 100 * (step + evaluated) + 2 * 3.0 + 8.0 + 100 * 0.01
        around = 110 * (5 * STEP_SECONDS + EPOCH_SECONDS) + TABLES_SECONDS + 100 * DECODE_SECONDS
        assert cost.seconds_most == pytest.approx(SLOWEST_FACTOR * most + around)


@pytest.mark.slow
def test_a_real_process_measures_the_demo_network(workspace: Workspace) -> None:
    start_description(DEMO, workspace)
    end = time.monotonic() + 120
    while read_description(DEMO, workspace).state == "measuring":
        assert time.monotonic() < end
        time.sleep(0.2)
    found = read_description(DEMO, workspace)

    assert found.state == "ready", found.reason
    assert found.values["parameters"] > 0
    assert found.values["seconds_per_step"] > 0
    assert found.values["seconds_to_start"] > found.values["seconds_per_step"], "Keras is imported"


def test_what_does_not_fit_the_machine_is_named_with_what_is_free(workspace: Workspace) -> None:
    fitting = Estimate(
        seconds_least=1.0,
        seconds_likely=1.0,
        seconds_most=1.0,
        steps_per_epoch=1,
        memory_mb=1.0,
        disk_mb=1.0,
    )

    assert find_lacks(fitting, workspace) == []
    [memory] = find_lacks(replace(fitting, memory_mb=1e9), workspace)
    [disk] = find_lacks(replace(fitting, disk_mb=1e12), workspace)

    assert "1,000,000,000 MB of memory" in memory
    assert "smaller batch_size" in memory
    assert "MB on the disk" in disk
