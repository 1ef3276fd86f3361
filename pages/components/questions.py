"""What a page asks the process that keeps networks loaded: progress, Cancel, and the answer."""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from pages.components.frame import escape_markdown
from xray_core.jobs.asking import DONE, ENDED, FAILED, Question, ask
from xray_core.workspace import find_workspace

TICK = "0.5s"
QUICK = 0.15  # seconds; what is answered sooner is not announced
ASKED = "questions"  # in the session: what was asked by digest, the latest last
N_KEPT = 24  # answers


def answer_of(kind: str, arguments: Mapping[str, Any], what: str) -> dict[str, Any] | None:
    """Return the answer to a question; until it is there, show how far it is, and return None.

    The page runs again when it is. What was answered once in this session is answered at once.

    Args:
        kind: see `jobs.asking.Question`.
        arguments: likewise.
        what: is under way, in words, such as "Heat maps of 12 images".
    """
    digest = _digest(kind, arguments)
    asked: OrderedDict[str, Question] = st.session_state.setdefault(ASKED, OrderedDict())
    question = asked.get(digest)
    if question is None:
        question = asked[digest] = ask(find_workspace(), kind, arguments)
        question.wait(QUICK)
        while len(asked) > N_KEPT:
            asked.popitem(last=False)[1].cancel()
    asked.move_to_end(digest)
    if question.state == DONE:
        return question.answer
    if question.state in ENDED:
        _show_end(question, digest, what)
    else:
        st.fragment(_watch, run_every=TICK)(question, digest, what)
    return None


def forget_answers(kind: str) -> None:
    """Drop what was asked of a kind in this session, with its answers."""
    asked: OrderedDict[str, Question] = st.session_state.get(ASKED, OrderedDict())
    for digest, question in list(asked.items()):
        if question.kind == kind:
            asked.pop(digest).cancel()


def _show_end(question: Question, digest: str, what: str) -> None:
    """Say that there is no answer, and why; offer to ask once more."""
    if question.state == FAILED:
        st.error(escape_markdown(question.reason), icon=":material/error:")
    else:
        st.info(escape_markdown(f"{what}: stopped."), icon=":material/stop:")
    if st.button("Try again", icon=":material/refresh:", key=f"again_{digest}"):
        del st.session_state[ASKED][digest]
        st.rerun()


def _watch(question: Question, digest: str, what: str) -> None:
    if question.state in ENDED:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        words = "waiting for others" if question.state == "waiting" else "loading the network"
        if question.total:
            words = f"{question.done:,} of {question.total:,}"
        st.progress(
            question.done / question.total if question.total else 0.0,
            text=escape_markdown(f"{what}: {words} …"),
        )
        if st.button("Cancel", icon=":material/stop:", key=f"cancel_{digest}"):
            question.cancel()


def _digest(kind: str, arguments: Mapping[str, Any]) -> str:
    content = hashlib.sha256(kind.encode())

    def fold(value: object) -> object:
        """Return what stands for a value in JSON; arrays and bytes by their digest."""
        if isinstance(value, np.ndarray):
            return [str(value.dtype), value.shape, hashlib.sha256(value.tobytes()).hexdigest()]
        return hashlib.sha256(value).hexdigest() if isinstance(value, bytes) else str(value)

    content.update(json.dumps(dict(arguments), sort_keys=True, default=fold).encode())
    return content.hexdigest()[:16]
