"""The names in an archive: which of them are safe to write, and what is left out, counted."""

import os
import re
from dataclasses import dataclass, field

from xray_core.catalog import Remark
from xray_core.datasets.reader import N_EXAMPLES
from xray_core.files import format_bytes
from xray_core.paths import can_name_file, is_hidden

MAX_FILE_BYTES = 8 * 2**30  # bytes
LONGEST_PART, LONGEST_PATH = 255, 1000  # bytes; what the common systems can write
LONGEST_EXAMPLE = 100  # characters of a name that are shown
STILL_PACKED = "still_packed"
KINDS = {
    "unsafe_name": "Members with a name that leads elsewhere or cannot be written, left out",
    "link": "Links and devices, left out",
    "repeated_name": "Members whose name came before, left out: the first is kept",
    "too_large": f"Members of more than {format_bytes(MAX_FILE_BYTES)}, left out",
    STILL_PACKED: "Archives within this one that stay packed",
    "repeated_archive": "Archives within this one whose files lie beside them, too, left out",
}


@dataclass
class Skipped:
    """What was left out: kind -> how many, and the first few names."""

    counts: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, kind: str, name: str, why: str = "") -> None:
        """Count one member; `kind` is one of `KINDS`, `why` words of ours behind the name."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        names = self.examples.setdefault(kind, [])
        if len(names) < N_EXAMPLES:
            # A name may be of any length and hold what no terminal or JSON file takes.
            names.append(ascii(name[:LONGEST_EXAMPLE])[1:-1] + why)

    def remarks(self) -> list[Remark]:
        """Return one remark for each kind that occurred."""
        return [
            Remark(kind, n, f"{KINDS[kind]}: {n:,}.", tuple(self.examples.get(kind, ())))
            for kind, n in self.counts.items()
        ]


def to_slashes(name: str) -> str:
    r"""Return a member's name with forward slashes between its folders, as it is meant.

    PowerShell 5 and other old programs on Windows write backslashes, and Unix then makes files of
    such names. On Windows a backslash cannot be in a name; elsewhere hardly anybody puts it there.

    >>> to_slashes("images\\1.png"), to_slashes("xrays/images\\1.png")
    ('images/1.png', 'xrays/images/1.png')
    """
    return name.replace("\\", "/")


def safe_path(name: str) -> str | None:
    r"""Return a member's name as a path below the target folder; None if it is not safe.

    >>> safe_path("./images//1.png"), safe_path("../1.png"), safe_path("C:\\1.png")
    ('images/1.png', None, None)
    """
    parts = [part for part in name.split("/") if part not in ("", ".")]
    path = "/".join(parts)
    if not parts or name.startswith("/") or len(path.encode("utf-8", "replace")) > LONGEST_PATH:
        return None
    return path if all(map(_is_safe, parts)) else None


def _is_safe(part: str) -> bool:
    try:
        size = len(part.encode("utf-8"))
    except UnicodeEncodeError:
        return False  # bytes of an unknown encoding: no table could hold the name
    # Windows drops blanks and dots at the end, so that ".. " is "..", too.
    if size > LONGEST_PART or not part.strip(" .") or re.search(r"[\\:\x00-\x1f\x7f]", part):
        return False
    return can_name_file(part)


class Names:
    """Sorts out the names of one archive; remembers those that came before."""

    def __init__(self, skipped: Skipped) -> None:
        self._skipped, self._seen = skipped, set[str]()

    def accept(self, name: str, size: int, is_file: bool) -> str | None:
        """Return the safe path of a member to be written, else None, after counting it."""
        # "." and what begins with ".." is a way, and for `safe_path` to tell.
        parts = (part for part in name.split("/") if part != "." and not part.startswith(".."))
        if any(map(is_hidden, parts)):
            return None
        path = safe_path(name)
        if path is None:
            self._skipped.add("unsafe_name", name)
        elif not is_file:
            self._skipped.add("link", name)
        elif size > MAX_FILE_BYTES:
            self._skipped.add("too_large", name)
        elif (key := os.path.normcase(path)) in self._seen:
            self._skipped.add("repeated_name", name)
        else:
            self._seen.add(key)
            return path
        return None
