"""The figures of the report, drawn as SVG."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from xray_core.evaluation.curves import count_calls, precision_band, roc_band
from xray_core.evaluation.reliability import calibration_curve
from xray_core.exports.run.facts import title_of
from xray_core.exports.run.material import Material
from xray_core.exports.run.page.pieces import write_picture
from xray_core.figures.colors import class_color
from xray_core.figures.curves import plot_calibration, plot_precision_band, plot_roc_band
from xray_core.figures.epochs import plot_epochs
from xray_core.figures.evaluation import plot_intervals, plot_roc
from xray_core.figures.static import draw_static
from xray_core.runs.folder import PROBABILITY

HALF, WHOLE = 84.0, 172.0  # mm, of a column and of the page
# Metrics of which less is better, or that leave the axis from 0 to 1.
OTHERS = ("log_loss", "mcc", "brier", "calibration_error")
ROW, ROWS = 24, 60  # px, of each row of intervals and of what is around them


def list_pictures(material: Material) -> dict[str, str]:
    """Return name -> figure as HTML of all that can be drawn of a run, in their order."""
    report = material.report
    note = f"{report['subset']} set, n = {report['n']:,}"
    rows = [
        {"name": title_of(key, report), **figure}
        for key, figure in report["metrics"].items()
        if key not in OTHERS
    ]
    about = f"{note}; of these, more is better"
    pictures = {"metrics": _draw_intervals(rows, "With 95% intervals", about)}
    if report.get("multilabel"):
        areas = [{"name": row["class"], **row["auc"]} for row in report["per_class"]]
        pictures["findings"] = _draw_intervals(areas, "AUC of each finding", note)
    elif len(report["classes"]) == 2:
        pictures |= dict(_draw_two_classes(material, note))
    elif report["roc"]:
        words = "Recall against the false positive rate of each class"
        pictures["roc"] = _draw(plot_roc(report), "ROC curves", note, words)
    if not material.epochs.empty:
        pictures["epochs"] = _draw(
            plot_epochs(material.epochs, several=bool(report.get("multilabel"))),
            "Learning curves",
            "training dotted, validation solid; the selected epoch is ringed",
            "Loss of the training and the validation set after each epoch",
        )
    return pictures


def _draw_two_classes(material: Material, note: str) -> Iterator[tuple[str, str]]:
    """Yield the curves of the positive class; nothing where all images have it, or none."""
    name = material.report["classes"][1]
    color = class_color(name, material.report["classes"])
    rows = material.read_shown_predictions().dropna(subset=["predicted"])
    is_positive = (rows["actual"] == name).to_numpy(bool)
    scores = rows[PROBABILITY + name].to_numpy("float64")
    patients = pd.factorize(rows["group"])[0].astype("int64")
    if not 0 < is_positive.sum() < len(is_positive):
        return
    rng = np.random.default_rng(0)
    calls = count_calls(is_positive, scores, patients, rng)
    area = material.report["metrics"].get("auc")
    yield (
        "roc",
        _draw(
            plot_roc_band(roc_band(calls), name, color, area),
            "ROC curve",
            f"{note}; the band is a 95% interval",
            "Recall against the false positive rate, with its band",
        ),
    )
    average = material.report["metrics"].get("average_precision")
    share = float(is_positive.mean())
    yield (
        "precision",
        _draw(
            plot_precision_band(precision_band(calls), name, color, share, average),
            "Precision and recall",
            f"{note}; the band is a 95% interval",
            "Precision against recall, with its band",
        ),
    )
    calibration = calibration_curve(is_positive, scores, patients, rng)
    yield (
        "calibration",
        _draw(
            plot_calibration(calibration, name, color),
            "Calibration",
            "of the images given 0.8, about 80 % should be positive",
            "Share of images with the class against their probability",
        ),
    )


def _draw_intervals(rows: list[dict[str, object]], title: str, note: str) -> str:
    figure = plot_intervals(rows).update_layout(height=ROWS + ROW * len(rows), showlegend=False)
    return _draw(figure, title, note, "Values with their intervals, one a line", whole=True)


def _draw(figure: go.Figure, title: str, note: str, alt: str, *, whole: bool = False) -> str:
    content = draw_static(figure, "svg", WHOLE if whole else HALF)
    return write_picture(content, title, note, alt, whole=whole)
