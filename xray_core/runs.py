"""The run folder: everything one training leaves behind, in plain files.

runs/20260301-142501-demo_cnn/
    recipe.json          what was asked, data folder included; written once, before anything
    submission.json      who asked, and its place among those that wait; only if it was queued
    status.json          state, progress, process; replaced as a whole
    events.jsonl         each change of state, with time, cause and who caused it; appended
    attempt.json         its newest process and GPUs, and how often it died; see `jobs.attempts`
    environment.json     versions and hardware
    split.parquet        which image trains, validates, tests
    data.json            remarks on the dataset, unreadable files, leaks of the split
    metrics.jsonl        one object per batch and per epoch, appended
    device.jsonl         use of processor, memory and GPU every two seconds, appended
    validation/          validation probabilities of each epoch, for the epoch slider
    checkpoints/         best.keras (lowest validation loss), last.npz (to go on from)
    predictions.parquet  probabilities of the best weights on validation and test
    report.json          the final evaluation
    log.txt              the process's output
    stop                 exists once somebody asked the run to stop

The folder is the truth: whoever wants to know about a run reads it, and nothing else.
"""

import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pandas as pd

from xray_core.errors import RunError
from xray_core.processes import is_alive, is_local
from xray_core.recipes import Recipe

STATES = ("queued", "running", "done", "failed", "stopped", "lost")
GREETING = re.compile(r"I0000 |WARNING: All log messages before absl")
ENDED = ("done", "failed", "stopped", "lost")
STOPPING = ("stopping", "terminated", "killed")  # events on the way from running to stopped


@dataclass(frozen=True)
class Status:
    """What a run is doing; times are ISO 8601 in UTC.

    Attributes:
        state: one of `STATES`.
        message: what it is doing, or why it ended, for a person.
        step: "preparing", "training" or "evaluating" while running.
        done, total: progress within the step (images, batches).
        phase, epoch: where the training is; epoch counts from 1 through all phases.
        n_epochs: most epochs that it may take.
        seconds_left: estimate, if any.
        handle: the training process, "pid:start time".
        device: what it computes on, e.g. "CPU, 2 cores".
        cpu_percent, memory_mb: of the training process; 100% is one core.
        gpu_percent, gpu_memory_mb, gpu_total_mb: of its GPU, if there is one.
        val_accuracy: of the best epoch so far by validation loss.
    """

    state: str
    message: str = ""
    step: str = ""
    done: int = 0
    total: int = 0
    phase: str = ""
    epoch: int = 0
    n_epochs: int = 0
    seconds_left: float | None = None
    handle: str = ""
    device: str = ""
    cpu_percent: float | None = None
    memory_mb: float | None = None
    gpu_percent: float | None = None
    gpu_memory_mb: float | None = None
    gpu_total_mb: float | None = None
    val_accuracy: float | None = None
    created_at: str = ""
    started_at: str = ""
    updated_at: str = ""
    ended_at: str = ""

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will come."""
        return self.state in ENDED


@dataclass(frozen=True)
class Submission:
    """What the queue goes by; see `jobs.order`.

    Attributes:
        user: who asked, as typed; "" for nobody in particular.
        priority: higher goes first.
        rank: order among the runs of one user and priority, lowest first.
        paused: whether it is passed over until somebody lifts that.
        gpus: how many it trains on at once, where there are GPUs.
    """

    user: str = ""
    priority: int = 0
    rank: float = 0.0
    paused: bool = False
    gpus: int = 1


@dataclass(frozen=True)
class Run:
    """Paths and small readers of one run folder; holds no state of its own."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def log_path(self) -> Path:
        return self.folder / "log.txt"

    @property
    def metrics_path(self) -> Path:
        return self.folder / "metrics.jsonl"

    @property
    def best_checkpoint(self) -> Path:
        return self.folder / "checkpoints" / "best.keras"

    @property
    def last_checkpoint(self) -> Path:
        """What a training goes on from; see `training.checkpoint`."""
        return self.folder / "checkpoints" / "last.npz"

    @property
    def stop_path(self) -> Path:
        return self.folder / "stop"

    def read_recipe(self) -> Recipe:
        """Return what was asked. Raises RunError or RecipeError if it cannot be read."""
        return Recipe.from_json(self._read_text("recipe.json"))

    def read_status(self) -> Status:
        """Return the state; a run whose process is gone without a last word is "lost".

        While it is being stopped, the message says how far that is. Of a process on another
        machine only its launcher can tell whether it is gone: the worker asks and writes it down.
        """
        status = self.read_stored_status()
        if status.state != "running":
            return status
        if not is_local(status.handle) or is_alive(status.handle):
            return replace(status, message=self._stop_words() or status.message)
        status = self.read_stored_status()  # its last word may have come between the two looks
        if status.state == "running":
            return replace(
                status,
                state="lost",
                message="Its process is gone: killed, or the machine was restarted. "
                "What it wrote until then is here.",
            )
        return status

    def read_stored_status(self) -> Status:
        """Return the state as it was last written, whether or not the process still lives."""
        known = {field.name for field in fields(Status)}
        try:
            values = json.loads(self._read_text("status.json"))
            return Status(**{key: value for key, value in values.items() if key in known})
        except (ValueError, TypeError, AttributeError) as error:
            raise RunError(f"{self.folder / 'status.json'} is damaged: {error}.") from error

    def write_status(self, status: Status) -> None:
        """Replace the status, stamped with the present time."""
        self.write_json("status.json", asdict(replace(status, updated_at=utc_now())))

    def _stop_words(self) -> str:
        """Return how far stopping is; empty if nobody asked for it."""
        if not self.stop_path.exists():
            return ""
        events = self.read_events()
        return str(events[-1]["cause"]) if events and events[-1]["event"] in STOPPING else ""

    @property
    def status_path(self) -> Path:
        return self.folder / "status.json"

    @property
    def submission_path(self) -> Path:
        return self.folder / "submission.json"

    def read_submission(self) -> Submission:
        """Return what the queue goes by; the default where nobody said anything.

        Raises:
            RunError: the file is damaged.
        """
        if not self.submission_path.is_file():
            return Submission()
        known = {field.name for field in fields(Submission)}
        try:
            values = json.loads(self._read_text("submission.json"))
            return Submission(**{key: value for key, value in values.items() if key in known})
        except (ValueError, TypeError, AttributeError) as error:
            raise RunError(f"{self.submission_path} is damaged: {error}.") from error

    def write_submission(self, submission: Submission) -> None:
        """Replace what the queue goes by. The queue has to be told as well; see `jobs.control`."""
        self.write_json("submission.json", asdict(submission))

    def append_event(self, event: str, cause: str, by: str = "") -> None:
        """Note a change of state.

        Args:
            event: one word, such as "started".
            cause: for a person, a sentence.
            by: who caused it: a user's name, "worker", or "" if nobody said.
        """
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"time": now, "event": event, "cause": cause, "by": by}) + "\n"
        with (self.folder / "events.jsonl").open("ab+", buffering=0) as log:
            if log.seek(0, os.SEEK_END):
                log.seek(-1, os.SEEK_END)
                # A writer that was killed in mid-line must not take this line with it.
                line = line if log.read(1) == b"\n" else "\n" + line
            log.write(line.encode())  # at once: several processes write here

    def read_events(self) -> list[dict[str, Any]]:
        """Return every change of state in order: time (ISO, UTC), event, cause, by."""
        return read_jsonl(self.folder / "events.jsonl")[0]

    def read_epochs(self) -> pd.DataFrame:
        """Return one row per finished epoch; empty before the first one ends."""
        lines = [line for line in self.read_metrics() if line["kind"] == "epoch"]
        return pd.DataFrame(lines)

    def read_metrics(self) -> list[dict[str, Any]]:
        """Return every line of the metric log, batches and epochs in the order written."""
        return read_jsonl(self.metrics_path)[0]

    def read_split(self) -> pd.DataFrame:
        """Return the split table; see `splits.split_catalog`. Raises RunError if not there yet."""
        return self._read_table("split.parquet")

    def read_predictions(self) -> pd.DataFrame:
        """Return the final predictions. Raises RunError if there are none."""
        return self._read_table("predictions.parquet")

    def read_validation(self, epoch: int) -> pd.DataFrame:
        """Return the validation probabilities after `epoch` (from 1). Raises RunError."""
        return self._read_table(f"validation/epoch-{epoch:04d}.parquet")

    def read_report(self) -> dict[str, Any]:
        """Return the final evaluation. Raises RunError if there is none."""
        return dict(json.loads(self._read_text("report.json")))

    def read_log(self, last: int = 200) -> str:
        """Return the last lines of the process's output; empty before it wrote any.

        TensorFlow's greetings, which no setting silences, are left out.
        """
        if not self.log_path.exists():
            return ""
        with self.log_path.open("rb") as log:
            log.seek(max(0, self.log_path.stat().st_size - 200 * last))
            text = log.read().decode("utf-8", errors="replace")
        lines = [line for line in text.splitlines() if not GREETING.match(line)]
        return "\n".join(lines[-last:])

    def append_metrics(self, values: Mapping[str, Any]) -> None:
        """Append one line to the metric log."""
        with self.metrics_path.open("a", encoding="utf-8") as log:
            log.write(json.dumps(dict(values)) + "\n")

    def append_device(self, values: Mapping[str, Any]) -> None:
        """Append one look at the hardware: time, cpu_percent, memory_mb, and the GPU's."""
        with (self.folder / "device.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(dict(values)) + "\n")

    def read_device(self) -> pd.DataFrame:
        """Return one row a look at the hardware; empty before the first."""
        return pd.DataFrame(read_jsonl(self.folder / "device.jsonl")[0])

    def cut_metrics(self, length: int) -> None:
        """Keep the first `length` bytes of the metric log; what follows is trained again.

        Raises:
            RunError: the log is shorter than that.
        """
        kept = b""
        if self.metrics_path.exists():
            with self.metrics_path.open("rb") as log:
                kept = log.read(length)
        if len(kept) < length:
            raise RunError(
                f"{self.metrics_path} has {len(kept)} bytes, but the checkpoint was made after "
                f"{length}. Restart the run from the beginning."
            )
        # A file of its own, so that those who follow the log notice that it begins anew.
        with replaced_file(self.metrics_path) as partial:
            partial.write_bytes(kept)

    def write_json(self, name: str, values: Any) -> None:
        """Write `values` as the file `name`, replacing it as a whole."""
        with replaced_file(self.folder / name) as partial:
            partial.write_text(json.dumps(values, indent=2), encoding="utf-8")

    def write_table(self, name: str, table: pd.DataFrame) -> None:
        """Write `table` as the Parquet file `name`, replacing it as a whole."""
        with replaced_file(self.folder / name) as partial:
            table.to_parquet(partial, index=False)

    def request_stop(self) -> None:
        """Ask the training to stop after its present batch; no error if it has ended.

        Asking again leaves the file's time as it is: it tells how long ago the first one was.
        """
        if not self.stop_path.exists():
            self.stop_path.touch()

    def _read_text(self, name: str) -> str:
        try:
            return (self.folder / name).read_text(encoding="utf-8")
        except FileNotFoundError as error:
            raise RunError(f"Run {self.name} has no {name} (yet).") from error

    def _read_table(self, name: str) -> pd.DataFrame:
        path = self.folder / name
        if not path.is_file():
            raise RunError(f"Run {self.name} has no {name} (yet).")
        return pd.read_parquet(path)


class replaced_file:  # noqa: N801 - reads as a verb phrase in a with statement
    """Context that gives a temporary path beside `path` and renames it over `path` at the end.

    After an error the temporary file is removed and `path` stays as it was.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        # The suffix stays last: Keras and Parquet go by it.
        self._partial = path.with_name(f".{uuid4().hex}.partial{path.suffix}")

    def __enter__(self) -> Path:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        return self._partial

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._partial.replace(self._path)
        else:
            self._partial.unlink(missing_ok=True)


def read_jsonl(path: Path, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
    """Read the whole lines of a log from byte `offset` on.

    Returns:
        The parsed lines, and the offset to go on from. A half-written last line, possible
        while its writer is at work or was killed, is left for the next time.
    """
    if not path.exists():
        return [], offset
    with path.open("rb") as log:
        log.seek(offset)
        text = log.read()
    whole = text[: text.rfind(b"\n") + 1]
    lines = []
    for line in whole.splitlines():
        try:
            lines.append(json.loads(line))
        except ValueError:
            continue  # the torn line of a killed writer, with a resumed one's line behind it
    return lines, offset + len(whole)


def utc_now() -> str:
    """Return the present time, ISO 8601, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def create_run(recipe: Recipe, runs_folder: Path, submission: Submission | None = None) -> Run:
    """Make a new run folder with its recipe and the state "queued".

    Args:
        recipe: with a `data_folder`.
        runs_folder: where all runs live; made if need be.
        submission: if it is to be trained by the worker, which then finds it by itself.

    Raises:
        RunError: the recipe names no data folder, or the disk refuses.
    """
    if not Path(recipe.data_folder).is_dir() or not recipe.data_folder:
        raise RunError(
            f"The data folder {recipe.data_folder!r} does not exist. Choose a dataset folder."
        )
    now = datetime.now(UTC)
    stem = f"{now:%Y%m%d-%H%M%S}-{recipe.name}"
    try:
        run = Run(_make_unique_folder(runs_folder, stem))
    except OSError as error:
        raise RunError(f"No run could be made in {runs_folder}: {error.strerror}.") from error
    try:
        run.write_json("recipe.json", asdict(recipe))
        if submission:
            run.write_submission(submission)
            run.append_event("queued", "It waits for its turn.", submission.user)
        # Last: a folder without a status is no run, so nobody sees a half-made one.
        run.write_status(
            Status(
                "queued",
                message="Waiting for its turn.",
                n_epochs=recipe.n_epochs,
                created_at=now.isoformat(timespec="milliseconds"),
            )
        )
    except OSError as error:
        shutil.rmtree(run.folder, ignore_errors=True)  # half-written: not a run yet
        raise RunError(f"No run could be made in {runs_folder}: {error.strerror}.") from error
    return run


def _make_unique_folder(parent: Path, stem: str) -> Path:
    parent.mkdir(parents=True, exist_ok=True)
    for number in range(1, 1000):
        folder = parent / (stem if number == 1 else f"{stem}-{number}")
        try:
            folder.mkdir()  # fails if another process was faster: one name, one run
        except FileExistsError:
            continue
        return folder
    raise RunError(f"{parent} holds a thousand runs of this second. Wait a moment, try again.")


def list_runs(runs_folder: Path) -> list[Run]:
    """Return every run, newest first."""
    if not runs_folder.is_dir():
        return []
    folders = (path for path in runs_folder.iterdir() if (path / "status.json").is_file())
    return [Run(path) for path in sorted(folders, key=lambda path: path.name, reverse=True)]


def find_run(runs_folder: Path, name: str) -> Run:
    """Return the run called `name`. Raises RunError, with the newest, if there is none."""
    folder = runs_folder / name
    # A name comes from an address or a command line: it must not lead out of the folder.
    inside = Path(name).name == name and name != ".."
    try:
        exists = inside and (folder / "status.json").is_file()
    except OSError:  # longer than any name can be
        exists = False
    if not exists:
        newest = ", ".join(run.name for run in list_runs(runs_folder)[:3]) or "none yet"
        raise RunError(f"There is no run {name!r} in this workspace. Newest: {newest}.")
    return Run(folder)
