"""Files that survive whatever is killed: replaced as a whole, or appended line by line."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4


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
        try:
            if kind is None:
                self._partial.replace(self._path)
        finally:
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


def append_jsonl(path: Path, values: Mapping[str, Any]) -> None:
    """Append one line of JSON to a log that one process writes."""
    with path.open("a", encoding="utf-8") as log:
        log.write(json.dumps(dict(values)) + "\n")


def utc_now() -> str:
    """Return the present time, ISO 8601, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
