"""What a folder may hold that is no plain file in it: pipes, sockets, devices' kin, odd links."""

import os
import socket
from pathlib import Path

# Those below that a reader must leave out where nothing outside may be read.
ODD = ("pipe", "socket", "loop", "nowhere", "out", "chain", "way_out", "above")


def write_odd_files(folder: Path, outside: Path, suffix: str = ".png") -> None:
    """Write one of each of `ODD` into `folder`, and a folder named like an image.

    Args:
        folder: where to.
        outside: a folder with a file secret.png.
        suffix: of all names but those of links to folders.
    """
    os.mkfifo(folder / f"pipe{suffix}")
    here = Path.cwd()
    os.chdir(folder)  # the path of a socket may have no more than a hundred characters
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(f"socket{suffix}")
    finally:
        os.chdir(here)
    (folder / f"loop{suffix}").symlink_to(f"loop{suffix}")
    (folder / f"nowhere{suffix}").symlink_to("not there")
    (folder / f"out{suffix}").symlink_to(outside / "secret.png")
    (folder / f"chain{suffix}").symlink_to(f"out{suffix}")
    (folder / "way_out").symlink_to(outside)
    (folder / "above").symlink_to(folder.parent)
    (folder / f"folder{suffix}").mkdir()
