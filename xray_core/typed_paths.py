"""Paths as people type, paste or drop them; what may be read of them `paths.py` says."""

import re
import sys
from pathlib import Path, PurePosixPath, PureWindowsPath
from urllib.parse import unquote

from xray_core.errors import DatasetError
from xray_core.paths import is_file, is_folder

# What people copy along with a path: signs for the direction of text, and quotes in pairs.
INVISIBLE = "\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
QUOTES = ('""', "''", "``", "“”", "„“", "„”", "‘’", "«»", "<>")
ADDRESS = re.compile(r"file:(//(?P<host>[^/]*))?(?P<path>/.*)", re.IGNORECASE | re.DOTALL)


def parse_path(text: str) -> Path:
    r"""Return the path that a person means who typed it, pasted it or dropped it into a terminal.

    Understood are blanks, quotes and invisible signs around it, `~`, `file:///…` with %20, and the
    backslashes with which a terminal escapes blanks and the like. What is there to the letter is
    meant to the letter; otherwise nothing need be there.

    >>> [parse_path(text).as_posix() for text in ("“/a b/c/” ", "file:///a%20b/c")]
    ['/a b/c', '/a b/c']

    Raises:
        DatasetError: it is empty.
    """
    if text.strip() and (is_folder(Path(text)) or is_file(Path(text))):
        return Path(text)
    bare = _unquote(text)
    if not bare:
        raise DatasetError("No path was given. Type one, such as ~/Downloads/chest_xray.")
    if match := ADDRESS.fullmatch(bare):
        host = "" if match["host"] in (None, "", "localhost") else match["host"]
        path = unquote(f"/{host}{match['path']}" if host else match["path"])
        bare = path[1:] if re.match(r"/[A-Za-z]:", path) else path
    elif bare == text.strip():  # what is in quotes is meant as it stands
        # Backslashes separate folders on Windows.
        bare = re.sub(r"\\([ ()&'])" if sys.platform == "win32" else r"\\(\W)", r"\1", bare)
    try:
        return Path(bare).expanduser()
    except RuntimeError:  # no such user, which is for `find_allowed` to say
        return Path(bare)


def is_full_path(text: str) -> bool:
    r"""Whether a text is a whole path of a file or folder, of this or of another system.

    >>> is_full_path("/data/weights.h5"), is_full_path("C:\\weights.h5"), is_full_path("imagenet")
    (True, True, False)
    """
    return text.startswith(("/", "~")) or bool(PureWindowsPath(text).drive)


def name_folder(folder: str) -> str:
    r"""Return the last part of a path of this or of another system.

    >>> name_folder("/home/ann/chest_xray"), name_folder("C:\\data\\nih"), name_folder("")
    ('chest_xray', 'nih', '')
    """
    is_other = "\\" in folder and not folder.startswith(("/", "~"))
    kind = PureWindowsPath if is_other else PurePosixPath
    return kind(folder).name


def name_weights(weights: str) -> str:
    """Return what a file of weights is called: its name; of a run's network also the run's.

    >>> name_weights("/data/weights.h5"), name_weights("/lab/runs/RUN/checkpoints/best.keras")
    ('weights.h5', 'best.keras of RUN')
    """
    name = name_folder(weights)
    *_, run, folder, _ = ("", "", *weights.replace("\\", "/").split("/"))
    return f"{name} of {run}" if folder == "checkpoints" and run else name


def is_of_windows(path: Path) -> bool:
    """Whether a path is one of Windows, and this is another system."""
    return sys.platform != "win32" and bool(re.match(r"[A-Za-z]:[\\/]", str(path)))


def _unquote(text: str) -> str:
    """Return a text without blanks, invisible signs and quotes around it."""
    bare = text.strip().strip(INVISIBLE).strip()
    while len(bare) > 1 and bare[0] + bare[-1] in QUOTES:
        bare = bare[1:-1].strip().strip(INVISIBLE).strip()
    # The shell of Windows leaves one at the end of "C:\my folder\".
    return bare.strip('"').strip()
