"""The figures of the report, drawn as SVG."""

import plotly.graph_objects as go

from xray_core.exports.run.facts import title_of
from xray_core.exports.run.material import Material
from xray_core.exports.run.page.pieces import write_picture
from xray_core.figures.epochs import plot_epochs
from xray_core.figures.evaluation import plot_intervals, plot_roc
from xray_core.figures.static import draw_static

HALF, WHOLE = 84.0, 172.0  # mm, of a column and of the page
# Metrics of which less is better, or that leave the axis from 0 to 1.
OTHERS = ("log_loss", "mcc", "brier", "calibration_error")
ROW, ROWS = 24, 60  # px, of each metric and of what is around them


def list_pictures(material: Material) -> dict[str, str]:
    """Return name -> figure as HTML of all that can be drawn of a run, in their order."""
    report = material.report
    note = f"{report['subset']} set, n = {report['n']:,}"
    rows = [
        {"name": title_of(key, report), **figure}
        for key, figure in report["metrics"].items()
        if key not in OTHERS
    ]
    intervals = plot_intervals(rows).update_layout(height=ROWS + ROW * len(rows), showlegend=False)
    pictures = {
        "metrics": _draw(
            intervals,
            "With 95% intervals",
            f"{note}; of these, more is better",
            "The metrics with their intervals",
            whole=True,
        )
    }
    if report["roc"]:
        pictures["roc"] = _draw(
            plot_roc(report), "ROC curve", note, "Recall against the false positive rate"
        )
    if not material.epochs.empty:
        several = bool(report.get("multilabel"))
        pictures["epochs"] = _draw(
            plot_epochs(material.epochs, several=several),
            "Learning curves",
            "training dotted, validation solid; the selected epoch is ringed",
            "Loss of the training and the validation set after each epoch",
        )
    return pictures


def _draw(figure: go.Figure, title: str, note: str, alt: str, *, whole: bool = False) -> str:
    content = draw_static(figure, "svg", WHOLE if whole else HALF)
    return write_picture(content, title, note, alt, whole=whole)
