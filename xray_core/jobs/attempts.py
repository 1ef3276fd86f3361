"""Attempts: how often a run was started, so that a killed one is resumed.

A run that is killed again and again before it gets any further (it exhausts the memory, say)
must not be started for ever: progress is counted, not time.
"""

from contextlib import suppress
from dataclasses import asdict, dataclass, replace

from xray_core.errors import RunError
from xray_core.jobs.order import are_devices
from xray_core.runs import Run

MAX_RESUMPTIONS = 3  # automatic resumptions without any progress


@dataclass(frozen=True)
class Attempt:
    """The newest attempt at a run, kept as attempt.json in its folder.

    Attributes:
        handle: its process; empty while that is not known.
        devices: the GPUs that it was given.
        deaths: how often in a row the run was ended from outside without having got further.
        checkpoint: what tells its newest checkpoint from others; empty without one.
        log_bytes: the most that its metric log ever held.
    """

    handle: str = ""
    devices: str = ""
    deaths: int = 0
    checkpoint: str = ""
    log_bytes: int = 0


def read_attempt(run: Run) -> Attempt:
    """Return the newest attempt; one that knows nothing if there was none, or it is damaged."""
    with suppress(RunError):
        attempt = run.read_record("attempt.json", Attempt)
        if are_devices(attempt.devices):
            return attempt
    return Attempt()


def write_attempt(run: Run, attempt: Attempt) -> None:
    """Replace what is remembered. Raises OSError."""
    run.write_json("attempt.json", asdict(attempt))


def forget_attempts(run: Run) -> None:
    """Begin to count anew: somebody has looked at the run and wants it to go on."""
    (run.folder / "attempt.json").unlink(missing_ok=True)


def count_death(run: Run) -> Attempt:
    """Return the attempts of a run whose process was just found dead, this one counted."""
    before = read_attempt(run)
    try:
        stat = run.last_checkpoint.stat()
        checkpoint = f"{stat.st_mtime_ns}:{stat.st_size}"
    except OSError:
        checkpoint = ""
    try:
        log_bytes = run.metrics_path.stat().st_size
    except OSError:
        log_bytes = 0
    further = checkpoint != before.checkpoint or log_bytes > before.log_bytes
    return replace(
        before,
        deaths=0 if further else before.deaths + 1,
        checkpoint=checkpoint,
        log_bytes=max(log_bytes, before.log_bytes),
    )
