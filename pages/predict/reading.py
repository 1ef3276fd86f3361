"""Images on their way from the browser to the network: checked and decoded, nothing is kept.

They are decoded by a thread, in the bounded children of `preprocess.uploads`, so that the page can
say how far that is and cancel it. What comes of them stays in the session's memory alone.
"""

import threading
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field

import streamlit as st

from pages.components.frame import escape_markdown
from xray_core.audit.issue import count_of
from xray_core.errors import XrayError
from xray_core.preprocess.spec import PreprocessSpec
from xray_core.preprocess.uploads import Upload, read_uploads

TICK = "0.3s"
QUICK = 0.3  # seconds; what is done sooner is not announced
READING = "predict_reading"  # in the session
RUNNING, DONE, FAILED, CANCELLED = "running", "done", "failed", "cancelled"

Given = tuple[str, str, bytes]  # what changes with the file; its name; its content


class _CancelledError(Exception):
    pass


@dataclass(eq=False)
class Reading:
    """Files that are being read, or were.

    Attributes:
        key: what it depends on.
        uploads: what was read of them so far, in their order; a zip gives several.
        state: `RUNNING`, `DONE`, `FAILED` or `CANCELLED`.
        done, total: of its progress; 0 before its first word.
        reason: why it failed.
        pictures: small ones, place of the upload -> `data:` address, of those that were looked at.
    """

    key: object
    uploads: list[Upload] = field(default_factory=list)
    state: str = RUNNING
    done: int = 0
    total: int = 0
    reason: str = ""
    pictures: dict[int, str] = field(default_factory=dict)
    _ended: threading.Event = field(default_factory=threading.Event)
    _stopped: threading.Event = field(default_factory=threading.Event)

    def start(self, files: Sequence[Given], specs: Sequence[PreprocessSpec]) -> None:
        """Begin to read, and wait a moment."""
        threading.Thread(target=self._work, args=(files, specs), daemon=True).start()
        self.wait(QUICK)

    def wait(self, seconds: float) -> None:
        """Wait until it has ended, at most for `seconds`."""
        self._ended.wait(seconds)

    def cancel(self) -> None:
        """Read no further; the children end."""
        self._stopped.set()

    def _work(self, files: Sequence[Given], specs: Sequence[PreprocessSpec]) -> None:
        state = DONE
        try:
            given = [(name, data) for _, name, data in files]
            for upload in read_uploads(given, specs, self._note):
                self.uploads.append(upload)
                self._note(self.done, self.total)
        except _CancelledError:
            state = CANCELLED
        except (XrayError, OSError) as error:
            state, self.reason = FAILED, str(error)
        except Exception as error:  # a fault of ours; without words the page would wait for ever
            traceback.print_exc()
            state = FAILED
            self.reason = f"These files could not be read ({type(error).__name__}: {error})."
        self.state = state
        self._ended.set()

    def _note(self, done: int, total: int) -> None:
        if self._stopped.is_set():
            raise _CancelledError
        self.done, self.total = done, total


def read_files(files: Sequence[Given], specs: Sequence[PreprocessSpec]) -> Reading | None:
    """Return what was read of the files; until they are, show how far that is, and return None.

    Args:
        files: at least one.
        specs: how the networks want to have them.
    """
    key = ([identity for identity, _, _ in files], list(specs))
    reading: Reading | None = st.session_state.get(READING)
    if reading is None or reading.key != key:
        forget_reading()
        reading = st.session_state[READING] = Reading(key)
        reading.start(files, specs)
    if reading.state == RUNNING:
        st.fragment(_watch, run_every=TICK)(reading)
        return None
    if reading.state == DONE:
        return reading
    if reading.state == FAILED:
        st.error(escape_markdown(reading.reason), icon=":material/error:")
    else:
        st.info("Stopped; no image was predicted.", icon=":material/stop:")
    if st.button("Try again", icon=":material/refresh:", key="predict_read_again"):
        forget_reading()
        st.rerun()
    return None


def forget_reading() -> None:
    """Drop what was read; what is under way ends."""
    reading: Reading | None = st.session_state.pop(READING, None)
    if reading is not None:
        reading.cancel()


def _watch(reading: Reading) -> None:
    if reading.state != RUNNING:
        st.rerun()
    words = "Checking the files …"
    if reading.total:
        words = f"Reading {reading.done:,} of {count_of(reading.total, 'image')} …"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.progress(min(reading.done / reading.total, 1.0) if reading.total else 0.0, text=words)
        if st.button("Cancel", icon=":material/stop:", key="predict_read_cancel"):
            reading.cancel()
