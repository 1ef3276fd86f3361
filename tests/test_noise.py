"""What TensorFlow prints for its developers is left out, and nothing else is."""

import os
import subprocess
import sys
from pathlib import Path

from xray_core.processes import LEVEL

PROJECT = Path(__file__).parents[1]
# As TensorFlow prints them, past Python's own streams.
NOISE = (
    "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
    "I0000 00:00:1796016240.983793   21460 port.cc:153] oneDNN custom operations are on.",
    "W0000 00:00:1796016241.100000   21460 x.cc:1] something that a developer may want to know",
    "To enable the following instructions: AVX2 FMA, in other operations, rebuild TensorFlow.",
)
WORDS = ("E0000 00:00:1796016241.1 1 x.cc:1] The GPU is broken", "half a line at the end")
IMPORT = """
import os, sys
from xray_core.processes import quiet_import
print("before", file=sys.stderr)
with quiet_import():
    print("within", file=sys.stderr)
    os.write(2, sys.argv[1].encode())
    if "kill" in sys.argv:
        os.abort()
print("after", os.environ["TF_CPP_MIN_LOG_LEVEL"] in "23", file=sys.stderr)
"""


def import_quietly(*arguments: str) -> subprocess.CompletedProcess[str]:
    text = "\n".join([*NOISE, *WORDS])
    command = [sys.executable, "-c", IMPORT, text, *arguments]
    env = {name: text for name, text in os.environ.items() if name != LEVEL}
    return subprocess.run(
        command, cwd=PROJECT, env=env, capture_output=True, text=True, check=False
    )


def test_noise_is_left_out_and_all_else_printed_in_its_order() -> None:
    done = import_quietly()

    printed = "before\nwithin\n" + "\n".join(WORDS)
    assert (done.returncode, done.stderr) == (0, f"{printed}after True\n")


def test_the_last_words_of_a_process_that_breaks_off_are_not_lost() -> None:
    done = import_quietly("kill")

    assert done.returncode != 0
    assert done.stderr.splitlines() == ["before", "within", *WORDS]
