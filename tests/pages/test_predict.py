"""Predict page: images in, answers with their doubts out; no network is asked here."""

import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.components import questions
from pages.predict import large, reading, single
from pages.predict.predicted import Limits, Predicted, build_table
from tests.pages.conftest import OpenPage
from tests.pages.fake_runs import fake_run, write_report
from tests.pages.finding_runs import fake_findings_run
from tests.pages.shown import count_elements, list_html
from tests.pages.test_markup import MARK, assert_shown_to_the_letter
from tests.training.nih import tiny_dual
from xray_core.evaluation.calibrate import Calibration
from xray_core.evaluation.nearest import Features, shorten
from xray_core.evaluation.thresholds import KeptThreshold, keep_threshold
from xray_core.preprocess.spec import PreprocessSpec
from xray_core.preprocess.uploads import Upload
from xray_core.recipes import PUBLISHED, change_recipe
from xray_core.runs import Run
from xray_core.runs.origin import AVERAGE, PREDICTIONS, Origin, write_origin
from xray_core.runs.taken import list_taken
from xray_core.synthetic.samples import draw_samples
from xray_core.workspace import Workspace

MOST_ELEMENTS = 24
SIDE = 64
PNG = cv2.imencode(".png", np.full((40, 30), 90, np.uint8))[1].tobytes()
RISKS = (0.31, 0.62, 0.93)  # of the images, in their order


def answer(kind: str, arguments: Mapping[str, Any], what: str) -> dict[str, Any]:
    """Answer as the process with the networks does, by made-up numbers."""
    assert kind == "predict"
    pixels = arguments["pixels"]
    n = len(pixels)
    positive = np.resize(RISKS, n)
    values = np.stack([1 - positive, positive], axis=1)
    maps = {"maps": np.full((n, 4, 4), 200, np.uint8)} if arguments["maps"] else {}
    assert pixels.dtype == np.uint8
    assert pixels.shape == (n, SIDE, SIDE)
    sets = [["opacity", "no opacity"]] * n
    return {"probabilities": values, "raw": values**0.5, "sets": sets, "notes": []} | maps


def read(
    files: Sequence[tuple[str, bytes]], specs: Sequence[PreprocessSpec], progress: Any
) -> Iterator[Upload]:
    """Read files as the bounded children do: PNG, and nothing else."""
    for name, data in files:
        if not data.startswith(b"\x89PNG"):
            yield Upload(name, reason=f"{name} is no image that is read.")
            continue
        side = specs[0].size
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
        jpeg = cv2.imencode(".jpg", image)[1].tobytes()
        yield Upload(name, cv2.resize(image, (side, side)), (), jpeg, "", (f"{name} is small.",))


@pytest.fixture(autouse=True)
def _no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (questions, large):
        monkeypatch.setattr(module, "answer_of", answer)
    monkeypatch.setattr(reading, "read_uploads", read)


def write_network(run: Run) -> None:
    """Write something in the place of a network."""
    run.best_checkpoint.parent.mkdir(exist_ok=True)
    run.best_checkpoint.write_bytes(b"weights")


@pytest.fixture
def run(workspace: Workspace) -> Run:
    """A finished run on opacities, calibrated, with something in the place of its network."""
    run = fake_run(workspace, "done")
    write_report(run, workspace)
    write_network(run)
    run.write_json("calibration.json", vars(Calibration(1.0, (0.0, 0.0))))
    return run


def html_of(app: AppTest) -> str:
    return "\n".join(list_html(app))


def drop(app: AppTest, *files: tuple[str, bytes]) -> AppTest:
    app.file_uploader[0].set_value([(name, data, "") for name, data in files])
    return app.run()


def test_it_says_what_it_is_for_and_shows_three_drawn_images(open_page: OpenPage, run: Run) -> None:
    app = open_page("predict", run=run.name)
    said = html_of(app)
    assert "For learning, never for diagnosis. Images stay on the computer that runs" in said

    app.button(key="predict_try").click().run()
    assert not app.exception
    [table] = [one.value for one in app.dataframe]
    assert table["name"].tolist() == [name for name, _ in draw_samples()][::-1]
    assert table["risk"].round().tolist() == [93, 62, 31]
    assert count_elements(app) <= MOST_ELEMENTS
    card = html_of(app)
    assert "Of 100 images with such a score, <b>93</b> have “opacity”" in card
    assert "Cannot exclude: opacity, no opacity. That is, it does not know." in card
    assert "the more probable class is the answer" in card

    app.button(key="predict_forget").click().run()
    assert not app.dataframe
    assert reading.READING not in app.session_state


def test_the_threshold_that_is_kept_now_counts(open_page: OpenPage, run: Run) -> None:
    app = drop(open_page("predict", run=run.name, image="2"), ("a.png", PNG), ("b.png", PNG))
    assert "<small>62%</small>" in html_of(app)
    assert "Opacity</span> <small>" in html_of(app)

    kept = KeptThreshold(0.7, "by hand", words="Set by hand.", by="Ana")
    keep_threshold(run, run.read_recipe(), "opacity", kept)
    card = html_of(app.run())
    assert "No opacity</span> <small>38%</small>" in card
    assert "0.7. Kept by Ana. Set by hand." in card
    assert app.dataframe[0].value["note"].tolist() == ["no opacity", "no opacity"]


def test_a_bad_file_is_one_row_and_names_are_shown_to_the_letter(
    open_page: OpenPage, run: Run
) -> None:
    name = f"{MARK}.png"
    app = drop(open_page("predict", run=run.name, image="2"), (name, PNG), (MARK, b"MZ"))
    assert_shown_to_the_letter(app)
    assert app.dataframe[0].value["name"].tolist() == [name, MARK]
    assert app.dataframe[0].value["note"].tolist()[1] == "✕ not read"
    assert "is no image that is read" in app.error[0].value

    for wanted in ("3", "-1", "x", "9" * 30):
        app.query_params["image"] = wanted
        assert_shown_to_the_letter(app.run())
        assert not app.error  # it shows the first of the list

    alone = drop(app, ("notes.txt", b"words"))
    assert not alone.exception
    assert "is no image that is read" in alone.error[0].value


def test_an_image_unlike_the_training_images_is_warned_of(
    open_page: OpenPage, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = {"value": 0.05, "low": 0.02, "high": 0.09, "n": 80, "n_patients": 60}
    ids = run.read_predictions()["image_id"].tolist()[:9]
    images = pd.DataFrame(
        {"image_id": ids, "subset": ["training"] * 5 + ["validation"] * 4, "distance": 0.4}
    )
    about: Any = {"limit": 0.5, "called_unlike": {"test": share}}
    features = Features(images, shorten(np.ones((9, 3), np.float32)), about)

    def answer_far(kind: str, arguments: Mapping[str, Any], what: str) -> dict[str, Any]:
        n = len(arguments["pixels"])
        far = np.tile(np.float32([0.6, 0.7, 0.7, 0.8, 0.9]), (n, 1))
        near = {"nearest": [ids[:5]] * n, "distances": far, "unlike": [True] * n}
        return answer(kind, arguments, what) | near

    for module in (questions, large):
        monkeypatch.setattr(module, "answer_of", answer_far)
    monkeypatch.setattr(single, "recall_features", lambda run: features)
    app = drop(open_page("predict", run=run.name), ("a.png", PNG))
    [warning] = [one.value for one in app.warning]
    assert "farther from them than any of the validation images" in warning
    assert "5.0% (2.0% to 9.0%; n = 80) of the test images" in warning
    assert "Nearest training images" in html_of(app)
    assert app.dataframe[0].value["note"].tolist() == ["⚠ no opacity"]


def test_each_finding_has_its_own_threshold(
    open_page: OpenPage, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = fake_findings_run(workspace, "done")
    write_network(run)
    names = run.read_recipe().class_names

    def answer_findings(kind: str, arguments: Mapping[str, Any], what: str) -> dict[str, Any]:
        values = np.zeros((len(arguments["pixels"]), len(names)))
        values[:, :2] = 0.99
        return {"probabilities": values, "raw": values, "notes": []}

    for module in (questions, large):
        monkeypatch.setattr(module, "answer_of", answer_findings)
    app = drop(open_page("predict", run=run.name), ("a.png", PNG))
    assert not app.exception
    assert app.dataframe[0].value["note"].tolist() == [f"{names[0]}, {names[1]}"]
    card = html_of(app)
    assert card.count("yes, from ") == 2
    assert card.count("no, from ") == len(names) - 2
    assert "not calibrated" in card.lower()
    assert count_elements(app) <= MOST_ELEMENTS


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (PREDICTIONS, "a table of predictions without a network"),
        (AVERAGE, "There is no run 'gone'"),
        ("", "The network of this run was deleted"),
    ],
)
def test_a_run_that_cannot_predict_says_why(
    open_page: OpenPage, workspace: Workspace, run: Run, kind: str, words: str
) -> None:
    shutil.rmtree(run.best_checkpoint.parent)
    if kind:
        members = ("gone",) if kind == AVERAGE else ()
        write_origin(run, Origin(kind, "From elsewhere", members=members))
    app = open_page("predict", run=run.name)
    said = [one.value for one in (*app.info, *app.error)]
    assert any(words in one for one in said), said
    assert not app.file_uploader


def predict(task: str, values: Sequence[Sequence[float]], limits: Mapping[str, float]) -> Predicted:
    recipe = change_recipe(PUBLISHED["quick_cnn"], {"task": task})
    uploads = [Upload(f"{n}.png", np.zeros((8, 8), np.uint8)) for n in range(len(values))]
    answer = {"probabilities": values, "raw": values}
    return Predicted(recipe, [*uploads, Upload("bad", reason="No.")], answer, Limits(limits, {}))


def test_the_list_begins_with_the_highest_risk() -> None:
    predicted = predict(
        "siim_study", [[0.1, 0, 0.9, 0], [0.4, 0.3, 0.2, 0.1], [0, 0.4, 0.6, 0]], {}
    )
    assert predicted.list_by_risk() == [1, 2, 0, 3]  # by that of any finding; not read, last
    assert predicted.risk_title == "any finding"
    assert [predicted.name_answer(n) for n in (1, 3)] == ["atypical", "cannot be read"]
    table = build_table(predicted)
    assert table["path"].tolist() == ["1.png", "2.png", "0.png", "bad"]
    assert table["error"].tolist()[-1] == "No."
    assert table["predicted"].isna().tolist() == [False, False, False, True]

    names = predict("nih_findings", [[0.0] * 14], {}).recipe.class_names
    one, two = [0.0] * 14, [0.0] * 14
    one[0], two[0], two[1] = 0.9, 0.3, 0.3
    several = predict("nih_findings", [one, two, [0.1] * 14], {names[0]: 0.2, names[1]: 0.2})
    assert several.list_by_risk() == [0, 1, 2, 3]
    assert several.name_answer(2) == "none of the findings"
    assert build_table(several)["predicted"].tolist()[:3] == [
        names[0],
        f"{names[0]}|{names[1]}",
        "none",
    ]


def test_what_a_network_takes_beside_the_image_is_asked_for(
    open_page: OpenPage, workspace: Workspace
) -> None:
    run = fake_run(workspace, "done", recipe=tiny_dual())
    write_report(fake_run(workspace, "done", f"{run.name}-2"), workspace)
    shutil.copy(run.folder.with_name(f"{run.name}-2") / "report.json", run.folder)
    write_network(run)
    features = [("age", "number", ""), ("age", "missing", ""), ("view_position", "word", "AP")]
    keys = ("column", "kind", "word")
    run.write_json(
        "tabular.json", {"features": [dict(zip(keys, f, strict=True)) for f in features]}
    )
    assert list_taken(run) == {"age": [], "view_position": ["AP"]}

    app = open_page("predict", run=run.name)
    [age], [view] = app.number_input, [one for one in app.selectbox if "AP" in one.options]
    assert (age.value, view.value) == (None, "not known")
    (run.folder / "tabular.json").write_text("{", "utf-8")
    assert "tabular.json is missing or damaged" in app.run().error[0].value


def test_reading_can_be_cancelled_and_says_why_it_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    going, seen = threading.Event(), threading.Event()

    def read_slowly(files: Any, specs: Any, progress: Any) -> Iterator[Upload]:
        yield Upload("first", reason="No.")
        seen.set()
        going.wait(30)
        yield Upload("second", reason="No.")

    monkeypatch.setattr(reading, "read_uploads", read_slowly)
    monkeypatch.setattr(reading, "QUICK", 0.0)
    slow = reading.Reading("key")
    slow.start([("id", "a.zip", b"")], [PreprocessSpec()])
    assert seen.wait(30)
    assert slow.state == reading.RUNNING
    slow.cancel()
    going.set()
    slow.wait(30)
    assert slow.state == reading.CANCELLED

    def refuse(files: Any, specs: Any, progress: Any) -> Iterator[Upload]:
        raise OSError("no memory")

    monkeypatch.setattr(reading, "read_uploads", refuse)
    refused = reading.Reading("key")
    refused.start([], [])
    refused.wait(30)
    assert (refused.state, refused.reason) == (reading.FAILED, "no memory")
