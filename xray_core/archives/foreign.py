"""Archives that only another program unpacks: what they are, and what to do with them."""

import re

SPLIT_ZIP = "a zip that was split"
# How the names of such archives end, those in several files among them, and what they are.
PATTERNS = {
    "a 7-Zip archive": re.compile(r"(?P<stem>.+?)\.7z(\.\d{3})?", re.IGNORECASE),
    "a RAR archive": re.compile(r"(?P<stem>.+?)(\.part\d{1,3})?\.(rar|r\d\d)", re.IGNORECASE),
    SPLIT_ZIP: re.compile(r"(?P<stem>.+?)\.(z\d\d|zip\.\d{3})", re.IGNORECASE),
    "a WinZip archive": re.compile(r"(?P<stem>.+?)\.zipx", re.IGNORECASE),
    "a tar archive that was split": re.compile(
        r"(?P<stem>.+?)\.(tar|tar\.\w{2,3}|t[gbx]z2?)\.\d{3}", re.IGNORECASE
    ),
    "a Zstandard archive": re.compile(r"(?P<stem>.+?)\.(tar\.zst|tzst|zst)", re.IGNORECASE),
}
STARTS = {
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"\x28\xb5\x2f\xfd": "a Zstandard archive",
}
PROGRAM = "7-Zip (www.7-zip.org; on macOS The Unarchiver)"


def find_foreign(name: str) -> tuple[str, str] | None:
    """Return what a file name without its suffix is, and what archive it names; else None.

    >>> find_foreign("chest.part1.rar"), find_foreign("chest.zip.001"), find_foreign("chest.zip")
    (('chest', 'a RAR archive'), ('chest', 'a zip that was split'), None)
    """
    for kind, pattern in PATTERNS.items():
        if match := pattern.fullmatch(name):
            return match["stem"], kind
    return None


def describe_start(name: str, start: bytes) -> str:
    """Return what a file's first bytes say it is, and what to do with it; "" if nothing."""
    kinds = [kind for magic, kind in STARTS.items() if start.startswith(magic)]
    return describe_foreign(kinds[0], [name]) if kinds else ""


def describe_foreign(kind: str, names: list[str]) -> str:
    """Return what an archive is and what to do with it.

    Args:
        kind: of `find_foreign`.
        names: its files, sorted.
    """
    files = names[0] if len(names) == 1 else f"{names[0]} … {names[-1]} ({len(names)} files)"
    if "split" not in kind and len(names) == 1:
        return f"{files} is {kind}. Unpack it with {PROGRAM}, and add the folder on Home."
    # The programs find the others by it.
    first = next((name for name in names if name.lower().endswith((".rar", ".zip"))), names[0])
    return (
        f"{files} is {kind}, in several files. With all of them in one folder, unpack {first} "
        f"with {PROGRAM}, and add the folder that comes of it on Home."
    )
