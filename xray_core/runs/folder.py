"""One run folder: its paths, and readers and writers of its files."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from xray_core.errors import OtherVersionError, RunError, XrayError
from xray_core.files import (
    append_jsonl,
    append_line,
    open_plain,
    read_json,
    read_jsonl,
    replaced_file,
    utc_now,
    write_json,
)
from xray_core.processes import NOISE, is_alive, is_local
from xray_core.recipes import Recipe, recipe_from_fields
from xray_core.records import build_record, read_table
from xray_core.runs.findings_shapes import FindingsReport, check_findings_report
from xray_core.runs.mask_shapes import NUMBERS, OUTLINES, MaskReport, check_mask_report
from xray_core.runs.shapes import (
    DataNotes,
    Report,
    check_report,
    pick_batches,
    pick_epochs,
    pick_events,
)
from xray_core.runs.status import FORMAT, HIGHEST_PRIORITY, STATES, STOPPING, Status, Submission

PROBABILITY = "p_"  # begins the names of the columns of probabilities
GIVEN_COLUMNS = ("image_id", "group", "subset", "actual")  # columns of predictions without a gap

T = TypeVar("T")


@dataclass(frozen=True)
class Run:
    """Paths and small readers of one run folder; holds no state of its own.

    Whatever a file of the folder holds, a reader returns what it says or raises RunError; of a
    run that another version wrote, OtherVersionError, and its files stay as they are.
    """

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

    def read_nickname(self) -> str:
        """Return what people call the run: its nickname, or its folder's name where it has none."""
        with suppress(RunError):
            return self.read_submission().nickname or self.name
        return self.name

    def read_recipe(self) -> Recipe:
        """Return what was asked. Raises RunError if it cannot be read."""
        with self._reading("recipe.json") as path:
            return recipe_from_fields(read_json(path))

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
        with self._explaining("status.json") as path:
            values = read_json(path)
            self._check_format(values)
            if isinstance(values, dict):
                values.pop("format", None)
            status = build_record(Status, values, path.stem)
        if status.state not in STATES:
            raise RunError(
                f"{self.status_path} is damaged: it names no known state: {status.state!r}."
            )
        return status

    def write_status(self, status: Status) -> None:
        """Replace the status, stamped with the present time."""
        values = asdict(replace(status, updated_at=utc_now()))
        self.write_json("status.json", {"format": FORMAT, **values})

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
        if not self.holds("submission.json"):
            return Submission()
        wish = self.read_record("submission.json", Submission)
        if abs(wish.priority) > HIGHEST_PRIORITY:
            raise RunError(
                f"{self.submission_path} is damaged: its priority {wish.priority} is out of bounds."
            )
        return wish

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
        line = {"time": now, "event": event, "cause": cause, "by": by}
        append_line(self.folder / "events.jsonl", line)

    def read_events(self) -> list[dict[str, Any]]:
        """Return every change of state in order: time (ISO, UTC), event, cause, by."""
        return pick_events(self._read_log("events.jsonl"))

    def read_epochs(self) -> pd.DataFrame:
        """Return one row per finished epoch; empty before the first one ends."""
        return pd.DataFrame(pick_epochs(self._read_log("metrics.jsonl")))

    def read_metrics(self) -> list[dict[str, Any]]:
        """Return every line of the metric log, batches and epochs in the order written."""
        lines = self._read_log("metrics.jsonl")
        whole = {id(line) for line in (*pick_batches(lines), *pick_epochs(lines))}
        return [line for line in lines if id(line) in whole]

    def read_split(self) -> pd.DataFrame:
        """Return the split table; see `splits.split_catalog`. Raises RunError if not there yet."""
        return self._read_table("split.parquet", ("image_id", "group", "class", "subset"))

    def read_predictions(self) -> pd.DataFrame:
        """Return the final predictions. Raises RunError if there are none, or they are masks."""
        self._refuse_masks()
        return self._read_table("predictions.parquet", GIVEN_COLUMNS, ("predicted",), PROBABILITY)

    def _refuse_masks(self) -> None:
        """Raise RunError if the run draws masks, where somebody asks for its classes."""
        try:
            has_masks = self.read_recipe().asks_masks
        except RunError:  # whoever reads the recipe says what is wrong with it
            return
        if has_masks:
            raise RunError(
                f"{self.read_nickname()} draws masks and predicts no classes, which this is about."
            )

    def read_masks(self) -> pd.DataFrame:
        """Return what a run that draws masks drew: Dice, IoU and outlines, image by image.

        Raises:
            RunError: there is nothing.
        """
        names = ("image_id", "group", "subset", "actual")
        table = self._read_table("predictions.parquet", names, ("predicted", *OUTLINES), "dice")
        if missing := [name for name in NUMBERS if name not in table]:
            raise RunError(f"{self.folder / 'predictions.parquet'} lacks {', '.join(missing)}.")
        return table

    def read_predicted(self) -> pd.DataFrame:
        """Return image_id, subset and predicted of the final predictions, which is soon done.

        Raises:
            RunError: there are none.
        """
        return self._read_table(
            "predictions.parquet", ("image_id", "subset"), ("predicted",), alone=True
        )

    def read_training_predictions(self) -> pd.DataFrame | None:
        """Return the predictions on some training images; None where there are none."""
        name = "training_predictions.parquet"
        if not self.holds(name):
            return None
        return self._read_table(name, GIVEN_COLUMNS, ("predicted",), PROBABILITY)

    def read_columns_predictions(self) -> pd.DataFrame:
        """Return those of the columns-only baseline. Raises RunError if there are none."""
        name = "columns_predictions.parquet"
        return self._read_table(name, GIVEN_COLUMNS, ("predicted",), PROBABILITY)

    def read_validation(self, epoch: int) -> pd.DataFrame:
        """Return the validation probabilities after `epoch` (from 1). Raises RunError."""
        self._refuse_masks()
        name = f"validation/epoch-{epoch:04d}.parquet"
        return self._read_table(name, ("image_id",), numbers=PROBABILITY)

    def read_mask_validation(self, epoch: int) -> pd.DataFrame:
        """Return image_id, dice and iou of the validation images after `epoch`. Raises RunError."""
        name = f"validation/epoch-{epoch:04d}.parquet"
        return self._read_table(name, ("image_id",), numbers="dice")

    def read_report(self) -> dict[str, Any]:
        """Return the final evaluation; see `shapes.Report`. Raises RunError if there is none.

        Of a multi-label task, where "multilabel" is true, see `findings_shapes.FindingsReport`; of
        a task that asks for masks, where "masks" is true, see `mask_shapes.MaskReport`.
        """
        with self._reading("report.json") as path:
            values = read_json(path)
            if isinstance(values, dict) and values.get("multilabel") is True:
                findings = build_record(FindingsReport, values, path.stem)
                check_findings_report(findings)
                return dict(findings)
            if isinstance(values, dict) and values.get("masks") is True:
                masks = build_record(MaskReport, values, path.stem)
                check_mask_report(masks)
                return dict(masks)
            report = build_record(Report, values, path.stem)
            check_report(report)
            return dict(report)

    def read_data(self) -> dict[str, Any]:
        """Return what is known of the data; see `shapes.DataNotes`. Raises RunError."""
        return dict(self.read_record("data.json", DataNotes))

    def holds(self, name: str) -> bool:
        """Whether the file `name` is there, or may be: the folder may not be looked into."""
        try:
            return (self.folder / name).exists()
        except OSError:  # whoever reads it says why
            return True

    def read_record(self, name: str, kind: type[T]) -> T:
        """Return the JSON file `name` as a dataclass or a TypedDict.

        Raises:
            RunError: it is not there, cannot be read, or holds something else.
        """
        with self._reading(name) as path:
            return build_record(kind, read_json(path), path.stem)

    def read_log(self, last: int = 200) -> str:
        """Return the last lines of the process's output; empty before it wrote any.

        TensorFlow's greetings, which no setting silences, are left out.
        """
        try:
            with open_plain(self.log_path) as log:
                log.seek(max(0, self.log_path.stat().st_size - 200 * last))
                text = log.read().decode("utf-8", errors="replace")
        except FileNotFoundError:
            return ""
        except OSError as error:  # shown in its place: the run may be well for all that
            return f"{self.log_path} cannot be read: {error.strerror}."
        lines = [line for line in text.splitlines() if not NOISE.match(line)]
        return "\n".join(lines[-last:])

    def append_metrics(self, values: Mapping[str, Any]) -> None:
        """Append one line to the metric log."""
        append_jsonl(self.metrics_path, values)

    def append_device(self, values: Mapping[str, Any]) -> None:
        """Append one look at the hardware: time, cpu_percent, memory_mb, and the GPU's."""
        append_jsonl(self.folder / "device.jsonl", values)

    def cut_metrics(self, length: int) -> None:
        """Keep the first `length` bytes of the metric log; what follows is trained again.

        Raises:
            RunError: the log is shorter than that.
        """
        kept = b""
        if self.metrics_path.exists():
            with self._explaining("metrics.jsonl") as path, open_plain(path) as log:
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
        write_json(self.folder / name, values)

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

    def _read_log(self, name: str) -> list[dict[str, Any]]:
        with self._reading(name) as path:
            return read_jsonl(path)[0]

    def _read_table(
        self,
        name: str,
        text: Sequence[str],
        gaps: Sequence[str] = (),
        numbers: str = "",
        *,
        alone: bool = False,
    ) -> pd.DataFrame:
        with self._reading(name) as path, open_plain(path) as file:
            return read_table(file, text, gaps, numbers, alone=alone)

    def _check_format(self, values: Any) -> None:
        """Raise OtherVersionError if a status with these values is another version's."""
        if not isinstance(values, dict) or values.get("state") not in STATES:
            return  # damaged, or no status at all
        if (given := values.get("format", 0)) == FORMAT:
            return
        which = "a later" if isinstance(given, int) and given > FORMAT else "an earlier"
        raise OtherVersionError(
            f"{self.name} was made by {which} version of X-ray Lab, which wrote its files in "
            f"another way. They are unchanged, in {self.folder}; train the recipe again to see "
            "its figures here."
        )

    @contextmanager
    def _reading(self, name: str) -> Iterator[Path]:
        """Give the path of a file beside the status, as `_explaining` does."""
        with suppress(OSError, ValueError):  # whoever reads the status says what is wrong with it
            self._check_format(read_json(self.status_path))
        with self._explaining(name) as path:
            yield path

    @contextmanager
    def _explaining(self, name: str) -> Iterator[Path]:
        """Give the path of a file; let whatever is wrong with it leave as a RunError."""
        path = self.folder / name
        try:
            yield path
        except OtherVersionError:
            raise
        except FileNotFoundError as error:
            raise RunError(f"Run {self.name} has no {name} (yet).") from error
        except OSError as error:
            raise RunError(f"{path} cannot be read: {error.strerror or error}.") from error
        except MemoryError as error:
            raise RunError(
                f"{path} did not fit into the memory. Close other programs and try again."
            ) from error
        except (ValueError, XrayError) as error:
            raise RunError(f"{path} is damaged: {str(error).rstrip('.')}.") from error
