"""Trainings on JAX, in processes without TensorFlow: Keras takes one backend for a whole process.

What a training must do is asserted by the tests of trainings; here they run again on JAX: those
of trainings that were killed always, all of them with XRAY_EVERY_MODEL=1.
"""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import keras
import numpy as np
import pytest

from xray_core.explain.predict_files import predict_images
from xray_core.runs import Run, list_runs

PROJECT = Path(__file__).parents[2]
MINUTES = 120  # that one file of tests may take: nearly all of it compiles

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        find_spec("jax") is None, reason="JAX is missing: pip install -r requirements-jax.txt"
    ),
    pytest.mark.skipif(
        keras.backend.backend() != "tensorflow", reason="compares with TensorFlow's answers"
    ),
]


def run_on_jax(folder: Path, *options: str) -> None:
    """Run pytest on JAX, in a process that cannot import TensorFlow; assert that all passed.

    Its files are in `folder`.
    """
    plugins = ["no:cacheprovider", "no:xdist", "tests.training.without_tensorflow"]
    command = [sys.executable, "-m", "pytest", "-q", *(f"-p{plugin}" for plugin in plugins)]
    environment = {name: value for name, value in os.environ.items() if "XDIST" not in name}
    environment |= {
        "KERAS_BACKEND": "jax",
        "JAX_PLATFORMS": "cpu",
        # Most of the time is the compiler's: let it do less, and nothing twice.
        "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",
        "JAX_COMPILATION_CACHE_DIR": str(folder / "compiled"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    }
    done = subprocess.run(
        [*command, f"--basetemp={folder / 'kept'}", *options],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert " passed" in done.stdout


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    """Trainings on JAX: of the demo's network, and of two phases, whole and killed three times."""
    folder = tmp_path_factory.mktemp("jax")
    run_on_jax(folder, "tests/training/test_resume.py", "-k", "test_a_killed_training_ends")
    workspace = folder / "kept" / "finished0" / "home"  # of the fixture `finished`
    found = list_runs(workspace / "runs")
    assert len(found) == 3
    return found


def test_a_training_on_jax_that_was_killed_goes_on_and_says_what_it_ran_on(
    trained: list[Run],
) -> None:
    for run in trained:
        assert run.read_status().state == "done"
        assert run.read_report()["subset"] == "test"
        environment = json.loads((run.folder / "environment.json").read_text())
        assert environment["backend"] == "jax"
        assert environment["device"] == f"CPU, {os.cpu_count()} cores"
        assert {"jax", "jaxlib", "keras"} <= set(environment["packages"])
    causes = " ".join(event["cause"] for run in trained for event in run.read_events())
    assert "Goes on from epoch" in causes


def test_tensorflow_opens_what_jax_kept_and_predicts_the_same(trained: list[Run]) -> None:
    for run in trained:
        predictions = run.read_predictions()
        split = run.read_split().set_index("image_id")
        own = predictions.dropna(subset="predicted").iloc[:8]  # one image is damaged
        data = Path(run.read_recipe().data_folder)
        paths = [data / split.loc[name, "path"] for name in own["image_id"]]

        answered = predict_images(run, paths)

        columns = [name for name in answered if name.startswith("p_")]
        assert not answered["error"].notna().any()
        np.testing.assert_allclose(answered[columns], own[columns], rtol=0, atol=1e-5)


@pytest.mark.skipif(
    "XRAY_EVERY_MODEL" not in os.environ, reason="takes long; asked for by XRAY_EVERY_MODEL=1"
)
@pytest.mark.timeout(MINUTES * 60)
@pytest.mark.parametrize(
    "what",
    [
        "recipes/test_every_recipe",
        *(f"explain/test_{name}" for name in ("activations", "gradcam", "occlusion")),
        *(
            f"training/test_{name}"
            for name in (
                "features",
                "combined",
                "freezing",
                "losses",
                "multilabel",
                "optimizers",
                "options",
                "resume",
            )
        ),
    ],
)
def test_what_holds_on_tensorflow_holds_on_jax(what: str, tmp_path: Path) -> None:
    run_on_jax(tmp_path, "-o", f"timeout={MINUTES * 60}", f"tests/{what}.py")
