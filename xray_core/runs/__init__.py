"""The run folder: everything one training leaves behind, in plain files.

runs/20260301-142501-demo_cnn/
    recipe.json          what was asked, data folder included; written once, before anything
    submission.json      who asked, and its place among those that wait; only if it was queued
    status.json          state, progress, process; replaced as a whole
    events.jsonl         each change of state, with time, cause and who caused it; appended
    attempt.json         its newest process and GPUs, and how often it died; see `jobs.attempts`
    origin.json          where its predictions come from, if no training here; see `runs.origin`
    environment.json     versions and hardware
    split.parquet        which image trains, validates, tests
    data.json            remarks on the dataset, unreadable files, leaks of split and weights
    metrics.jsonl        one object per batch and per epoch, appended
    device.jsonl         use of processor, memory and GPU every two seconds, appended
    validation/          validation probabilities of each epoch, for the epoch slider
    checkpoints/         best.keras (the weights that are evaluated), last.npz (to go on from)
    predictions.parquet  probabilities of the selected weights on validation and test
    training_predictions.parquet  the same on some images of the training set
    report.json          the final evaluation
    opened.jsonl         when its test set was opened, and by whom; see `runs.opening`
    external/            evaluations on other datasets, a folder each; see `runs.external`
    log.txt              the process's output
    stop                 exists once somebody asked the run to stop

The folder is the truth: whoever wants to know about a run reads it, and nothing else.
"""

from xray_core.runs.collection import create_run, find_run, list_runs
from xray_core.runs.folder import Run
from xray_core.runs.status import ENDED, HIGHEST_PRIORITY, STATES, Status, Submission

__all__ = [
    "ENDED",
    "HIGHEST_PRIORITY",
    "STATES",
    "Run",
    "Status",
    "Submission",
    "create_run",
    "find_run",
    "list_runs",
]
