"""Options that several commands take, and checks of what is given for them."""

import argparse
from collections.abc import Callable
from pathlib import Path

from xray_core.typed_paths import parse_path


def add_external_options(command: argparse.ArgumentParser) -> None:
    """Add what another dataset to evaluate a run on is asked for."""
    command.add_argument(
        "--data", type=parse_path, metavar="FOLDER", help="another dataset to evaluate it on"
    )
    command.set_defaults(datasets=("data",))
    command.add_argument("--task", default="", metavar="NAME", help="of that dataset")
    add_map(command, "which of its classes stands for which of the run")
    command.add_argument(
        "--n-images", type=positive, default=0, metavar="N", help="about so many, whole patients"
    )
    command.add_argument(
        "--keep-seen", action="store_true", help="also evaluate images that the run knows"
    )
    command.add_argument("--save", type=Path, metavar="FILE", help="write the JSON there")


def add_map(command: argparse.ArgumentParser, text: str) -> None:
    """Add pairs of classes that stand for one another; `text` says whose they are."""
    command.add_argument(
        "--map",
        nargs="+",
        action="extend",
        default=[],
        metavar="THEIRS=OURS",
        help=f'{text}, e.g. "Normal=no opacity"; "THEIRS=" leaves it out',
    )


def positive(text: str) -> int:
    """Return a whole number above 0, or refuse what is none."""
    if not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def number_or(word: str) -> Callable[[str], str]:
    """Return a check of a whole number above 0, or of a word in its place."""

    def check(text: str) -> str:
        return text if text == word else str(positive(text))

    return check
