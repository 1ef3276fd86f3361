"""What people write on a run: tags to find it by, and a note, in `notes.json` of its folder."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from xray_core.errors import RunError
from xray_core.runs.folder import Run

MOST_TAGS, LONGEST_TAG, LONGEST_NOTE = 20, 40, 10_000


@dataclass(frozen=True)
class Notes:
    """What people wrote on a run.

    Attributes:
        tags: short words to find it by, each once, in the order given.
        note: free text.
    """

    tags: tuple[str, ...] = ()
    note: str = ""


def clean_tags(words: Sequence[str]) -> tuple[str, ...]:
    """Return tags without surrounding or doubled spaces, each once, none empty.

    Raises:
        RunError: one is too long, or there are too many.
    """
    tags = tuple(dict.fromkeys(tag for word in words if (tag := " ".join(word.split()))))
    if longest := next((tag for tag in tags if len(tag) > LONGEST_TAG), ""):
        raise RunError(f"The tag {longest!r} is longer than {LONGEST_TAG} signs. Shorten it.")
    if len(tags) > MOST_TAGS:
        raise RunError(f"{len(tags)} tags are too many for one run; keep to {MOST_TAGS}.")
    return tags


def read_notes(run: Run) -> Notes:
    """Return what was written on a run; empty where nothing was.

    Raises:
        RunError: the file is damaged.
    """
    if not run.holds("notes.json"):
        return Notes()
    try:
        return run.read_record("notes.json", Notes)
    except RunError as error:
        raise RunError(f"{error} Save tags and note anew.") from error


def write_notes(run: Run, notes: Notes) -> None:
    """Replace tags and note of a run.

    Raises:
        RunError: a tag or the note is too long, or there are too many tags.
    """
    if len(notes.note) > LONGEST_NOTE:
        raise RunError(
            f"The note has {len(notes.note):,} signs; keep to {LONGEST_NOTE:,}, or put the rest "
            "into a file beside the run."
        )
    run.write_json("notes.json", asdict(Notes(clean_tags(notes.tags), notes.note.strip())))
