"""What a user does to jobs: refused early and in words, or queued and nowhere else."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.datasets.fakes import write_image
from tests.runs.earlier import finish_run, seen_by, split_of, with_split, write_images
from xray_core.datasets import open_dataset
from xray_core.datasets.union import create_union
from xray_core.errors import DatasetError, JobError, LabelError, RecipeError, XrayError
from xray_core.jobs import JobQueue, stop_run, submit, submit_recipe
from xray_core.jobs.order import Job
from xray_core.jobs.rebuild import find_job
from xray_core.preprocess.fingerprints import read_fingerprints
from xray_core.processes import own_handle
from xray_core.recipes import PUBLISHED, Recipe
from xray_core.runs import Run, Status, Submission, list_runs
from xray_core.selection import FilterError
from xray_core.splits import SplitSpec
from xray_core.synthetic.dataset import write_synthetic_dataset
from xray_core.workspace import Workspace

DEMO = PUBLISHED["demo_cnn"]
MOBILENET = PUBLISHED["siim_mobilenet_opacity"]


pytestmark = pytest.mark.usefixtures("asked")


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("images") / "siim")


def test_a_submitted_recipe_waits_in_the_queue_bound_to_its_data(
    siim_folder: Path, workspace: Workspace, asked: list[Workspace]
) -> None:
    run = submit_recipe(DEMO, siim_folder, workspace)

    assert run.read_recipe() == replace(DEMO, data_folder=str(siim_folder.resolve()))
    assert run.read_status().state == "queued"
    assert [job.run for job in JobQueue(workspace.queue).list_jobs()] == [run.name]
    assert asked == [workspace]


def test_a_selection_that_leaves_a_class_empty_is_refused_at_once(
    images: Path, workspace: Workspace
) -> None:
    some = replace(DEMO, selection="class=opacity")

    with pytest.raises(FilterError, match="none of them of .*A network has to see every class"):
        submit_recipe(some, images, workspace)
    assert list_runs(workspace.runs) == []


def test_a_recipe_begins_with_the_newest_finished_run_of_another(
    images: Path, workspace: Workspace
) -> None:
    after = replace(DEMO, name="after", weights="run:demo_cnn")
    with pytest.raises(RecipeError, match="a finished run of demo_cnn, and there is none"):
        submit_recipe(after, images, workspace)
    first, second, third = (finish_run(DEMO, images, workspace) for _ in range(3))
    third.write_status(Status("failed"))

    assert submit_recipe(after, images, workspace).read_recipe().weights == str(
        second.best_checkpoint
    )
    named = replace(after, weights=f"run:{first.name}")
    assert submit_recipe(named, images, workspace).read_recipe().weights == str(
        first.best_checkpoint
    )

    second.best_checkpoint.unlink()
    with pytest.raises(RecipeError, match="no weights file"):
        submit_recipe(after, images, workspace)


def test_weights_from_other_patients_may_have_been_split_otherwise(
    siim_folder: Path, kermany_folder: Path, workspace: Workspace
) -> None:
    first = replace(PUBLISHED["kermany_mobilenet_cause"], weights="random")
    run = submit_recipe(first, kermany_folder, workspace)
    run.write_status(Status("done"))
    run.best_checkpoint.parent.mkdir()
    run.best_checkpoint.touch()
    after = PUBLISHED["siim_mobilenet_opacity_from_kermany"]

    assert submit_recipe(after, siim_folder, workspace).read_recipe().weights == str(
        run.best_checkpoint
    )


def by_name(run: Run, _: Path) -> str:
    return f"run:{run.read_recipe().name}"


def by_path(run: Run, _: Path) -> str:
    return str(run.best_checkpoint)


def by_copy(run: Run, folder: Path) -> str:
    return str(shutil.copy(run.best_checkpoint, folder / "copy.keras"))


def by_link(run: Run, folder: Path) -> str:
    (folder / "link.keras").symlink_to(run.best_checkpoint)
    return str(folder / "link.keras")


def by_copied_folder(run: Run, folder: Path) -> str:
    shutil.copytree(run.folder, folder / "copied")
    return str(Run(folder / "copied").best_checkpoint)


def by_a_run_between(run: Run, folder: Path) -> str:
    """The run in between, which alone is named, has seen nothing of what is tested."""
    recipe = replace(DEMO, name="between", weights=str(run.best_checkpoint))
    workspace = Workspace(folder / "home")
    return str(finish_run(recipe, Path(run.read_recipe().data_folder), workspace).best_checkpoint)


@pytest.mark.parametrize(
    ("before", "way"),
    [
        pytest.param(with_split(validation=0.1), by_name, id="another share to validate"),
        pytest.param(replace(DEMO, task="siim_study"), by_name, id="another task"),
        *(
            pytest.param(with_split(seed=1), way, id=way.__name__)
            for way in (by_path, by_copy, by_link, by_copied_folder, by_a_run_between)
        ),
    ],
)
def test_weights_that_have_seen_what_is_tested_are_refused_unless_the_user_allows_it(
    before: Recipe,
    way: Callable[[Run, Path], str],
    images: Path,
    workspace: Workspace,
    tmp_path: Path,
) -> None:
    earlier = finish_run(before, images, workspace)
    weights = way(earlier, tmp_path)
    split = split_of(DEMO, images, workspace)
    test = set(split.loc[split["subset"] == "test", "image_id"])
    seen = len(test & seen_by(earlier, "training"))
    assert seen > 0
    n_runs = len(list_runs(workspace.runs))

    with pytest.raises(RecipeError, match=f": {seen} of {len(test)} test images were trained on"):
        submit_recipe(replace(DEMO, weights=weights), images, workspace)
    assert len(list_runs(workspace.runs)) == n_runs

    submit_recipe(with_split(replace(DEMO, weights=weights), allow_leaks=True), images, workspace)


def test_weights_of_which_nobody_knows_what_they_have_seen_are_refused(
    images: Path, workspace: Workspace
) -> None:
    earlier = finish_run(DEMO, images, workspace)
    (earlier.folder / "split.parquet").unlink()

    with pytest.raises(RecipeError, match=r"no split\.parquet \(yet\)\. So nobody can tell"):
        submit_recipe(replace(DEMO, weights="run:demo_cnn"), images, workspace)


def test_images_alone_go_on_from_a_union_that_tests_the_same(
    images: Path, workspace: Workspace, tmp_path: Path
) -> None:
    for number in range(30):
        kind = ("COVID", "Normal", "Viral Pneumonia")[number % 3]
        write_image(tmp_path / f"radiography/{kind}/images/{kind}-{number}.png", seed=900 + number)
    for kind in ("Lung_Opacity",):
        write_image(tmp_path / f"radiography/{kind}/images/{kind}-1.png", seed=990)
    union = tmp_path / "union"
    create_union(union, [images, tmp_path / "radiography"])
    held_out = SplitSpec("target_domain", validation=0.2, test=0.2)
    finish_run(replace(PUBLISHED["siim_9_union"], split=held_out), union, workspace)
    alone = replace(held_out, target_domain_only=True)
    after = replace(PUBLISHED["siim_10_from_union"], split=alone)

    assert submit_recipe(after, union, workspace).read_recipe().split.target_domain_only

    with pytest.raises(RecipeError, match="test images were trained on"):
        submit_recipe(with_split(after, seed=1), union, workspace)


def test_a_split_that_takes_long_to_find_out_is_left_to_the_training(
    images: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Drawn without a look at the files it may be another one, which would refuse what is right."""
    earlier = finish_run(with_split(seed=1), images, workspace)
    after = replace(DEMO, weights=str(earlier.best_checkpoint))
    with pytest.raises(RecipeError, match="test images were trained on"):
        submit_recipe(after, images, workspace)
    monkeypatch.setattr(submit, "MAX_READ_BYTES", 0)

    submit_recipe(after, images, workspace)


def test_a_clean_split_is_compared_once_the_pixels_are_known(
    images: Path, workspace: Workspace
) -> None:
    earlier = finish_run(with_split(seed=1), images, workspace)
    after = with_split(replace(DEMO, weights=str(earlier.best_checkpoint)), method="clean")

    submit_recipe(after, images, workspace)
    read_fingerprints(open_dataset(images, workspace.cache), workspace.cache)
    with pytest.raises(RecipeError, match="test images were trained on"):
        submit_recipe(after, images, workspace)


def test_weights_that_only_the_user_can_have_are_asked_for(
    siim_folder: Path, workspace: Workspace
) -> None:
    asking = replace(MOBILENET, weights="ask")

    with pytest.raises(RecipeError, match="no ImageNet weights of MobileNetV2. Set weights to"):
        submit_recipe(asking, siim_folder, workspace)


def test_two_clicks_are_two_runs(siim_folder: Path, workspace: Workspace) -> None:
    first, second = (submit_recipe(DEMO, siim_folder, workspace) for _ in range(2))

    assert [job.run for job in JobQueue(workspace.queue).list_jobs()] == [first.name, second.name]
    assert first.name != second.name


def test_the_folder_around_a_dataset_does_too(siim_folder: Path, workspace: Workspace) -> None:
    run = submit_recipe(DEMO, siim_folder.parent, workspace)

    assert run.read_recipe().data_folder == str(siim_folder.resolve())


@pytest.mark.parametrize(
    ("recipe", "folder", "error", "message"),
    [
        (DEMO, "kermany_folder", LabelError, "made for 'siim_covid19', but .* is 'kermany'"),
        (DEMO, "nowhere", DatasetError, "nowhere does not exist"),
        (DEMO, "empty", DatasetError, "empty is empty"),
        (
            replace(MOBILENET, weights="gone.weights.h5"),
            "siim_folder",
            RecipeError,
            "no weights file 'gone.weights.h5'. Give the path of a file, or set weights=imagenet",
        ),
    ],
)
def test_what_cannot_be_trained_is_refused_before_anything_is_written(
    recipe: Recipe,
    folder: str,
    error: type[XrayError],
    message: str,
    workspace: Workspace,
    asked: list[Workspace],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    (tmp_path / "empty").mkdir()
    path = request.getfixturevalue(folder) if folder.endswith("_folder") else tmp_path / folder

    with pytest.raises(error, match=message):
        submit_recipe(recipe, path, workspace)

    assert list_runs(workspace.runs) == []
    assert JobQueue(workspace.queue).list_jobs() == []
    assert asked == []


def test_a_weights_file_that_is_there_is_accepted(siim_folder: Path, workspace: Workspace) -> None:
    (siim_folder / "my.weights.h5").touch()
    recipe = replace(MOBILENET, weights=str(siim_folder / "my.weights.h5"))

    assert submit_recipe(recipe, siim_folder, workspace).read_recipe().weights == recipe.weights


def test_a_queue_that_cannot_be_used_leaves_no_run_that_waits_for_ever(
    siim_folder: Path, workspace: Workspace
) -> None:
    workspace.queue.mkdir(parents=True)

    with pytest.raises(JobError, match="cannot be used"):
        submit_recipe(DEMO, siim_folder, workspace)

    assert list_runs(workspace.runs) == []


def test_a_queue_that_fails_once_the_run_is_made_costs_nothing(
    siim_folder: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, asked: list[Workspace]
) -> None:
    def refuse(*_: object) -> None:
        raise JobError("The disk is full.")

    monkeypatch.setattr(JobQueue, "submit", refuse)
    run = submit_recipe(DEMO, siim_folder, workspace)

    assert asked == [workspace], "the worker finds it in its folder"
    assert find_job(run) == Job(run.name, rank=1.0)


def test_who_submits_and_how_urgently_stands_in_the_run_folder(
    siim_folder: Path, workspace: Workspace
) -> None:
    run = submit_recipe(DEMO, siim_folder, workspace, user="  Ann \n Lee ", priority=3, gpus=2)

    wish = run.read_submission()
    assert wish == Submission("Ann Lee", 3, rank=1.0, gpus=2, nickname=wish.nickname)
    assert len(wish.nickname.split("-")) == 2
    [job] = JobQueue(workspace.queue).list_jobs()
    assert (job.user, job.priority, job.gpus) == ("Ann Lee", 3, 2)
    [event] = run.read_events()
    assert (event["event"], event["by"]) == ("queued", "Ann Lee")


def test_a_priority_out_of_bounds_is_refused(siim_folder: Path, workspace: Workspace) -> None:
    with pytest.raises(JobError, match="101 is out of bounds: -100 to 100"):
        submit_recipe(DEMO, siim_folder, workspace, priority=101)

    assert list_runs(workspace.runs) == []


def test_a_queued_run_is_taken_out_of_the_queue(siim_folder: Path, workspace: Workspace) -> None:
    run = submit_recipe(DEMO, siim_folder, workspace)

    assert stop_run(run, workspace) == f"{run.name} is out of the queue."

    status = run.read_status()
    assert (status.state, status.message) == ("stopped", "Cancelled before it began.")
    assert status.ended_at
    assert JobQueue(workspace.queue).claim_next(1) is None


def test_a_running_run_is_asked_to_stop(siim_folder: Path, workspace: Workspace) -> None:
    run = submit_recipe(DEMO, siim_folder, workspace)
    JobQueue(workspace.queue).claim_next(1)
    run.write_status(Status("running", handle=own_handle()))

    assert "stops after its present batch" in stop_run(run, workspace)

    assert run.stop_path.exists()
    assert run.read_status().state == "running"


def test_a_run_claimed_but_not_yet_begun_is_asked_to_stop(
    siim_folder: Path, workspace: Workspace
) -> None:
    run = submit_recipe(DEMO, siim_folder, workspace)
    JobQueue(workspace.queue).claim_next(1)

    stop_run(run, workspace)

    assert run.stop_path.exists()
    assert run.read_status().state == "queued", "its training, about to begin, says what became"


@pytest.mark.parametrize("state", ["done", "failed", "stopped", "lost"])
def test_a_run_that_has_ended_is_left_as_it_is(state: str, workspace: Workspace) -> None:
    run = Run(workspace.runs / "run")
    run.write_status(Status(state, message="Said long ago."))

    assert stop_run(run, workspace) == f"run has ended already: {state}."

    assert run.read_status().message == "Said long ago."
    assert not run.stop_path.exists()


def test_files_are_not_read_while_somebody_waits_for_a_start(
    kermany_folder: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "xray_core.splits.grouping.digests_of_copies", None
    )  # calling it would raise
    for number in range(12):
        write_image(kermany_folder / f"train/NORMAL/IM-{200 + number}-0001.jpeg", seed=number)
        name = f"person{80 + number}_virus_{150 + number}.jpeg"
        write_image(kermany_folder / f"train/PNEUMONIA/{name}", seed=number)
    write_image(kermany_folder / "test/NORMAL/IM-0001-0001.jpeg")

    submit_recipe(PUBLISHED["pneumonia_cnn"], kermany_folder, workspace)


def test_a_split_that_leaks_is_refused_unless_the_user_allows_it(
    workspace: Workspace, tmp_path: Path
) -> None:
    folder = tmp_path / "drawn"
    write_synthetic_dataset(folder, 40, seed=3)
    by_image = replace(DEMO.split, method="image")

    with pytest.raises(RecipeError, match=r"\d+ patients .* are in several subsets"):
        submit_recipe(replace(DEMO, split=by_image), folder, workspace)
    assert list_runs(workspace.runs) == []

    run = submit_recipe(replace(DEMO, split=replace(by_image, allow_leaks=True)), folder, workspace)
    assert run.read_recipe().split.allow_leaks
