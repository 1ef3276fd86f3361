"""The process that answers the app's questions about networks, which stay loaded between them.

The app starts it (`jobs.asking`) and talks to it over two pipes (`bounded.messages`), so that what
is asked, such as an image of the user's own, never lies on a disk.

    in     {"number": int, "kind": str, "arguments": {…}}, or {"cancel": number}
    out    {"number": int, "done": int, "total": int}, any number of times, and then one of
           {"number": int, "answer": {…}}, {"number": int, "failed": reason} and
           {"number": int, "cancelled": true}

It ends when the app does, or when nobody has asked for a while: a network takes much memory.
"""

import os
import queue
import threading
import traceback
from collections.abc import Callable
from importlib import import_module
from typing import Any

from xray_core.bounded.messages import ChildGone, read_message, write_message
from xray_core.errors import XrayError
from xray_core.workspace import Workspace

# kind of question -> "module:function", which is called with the workspace, the arguments, and
# what is to be told of its progress, (done, of how many).
KINDS = {
    "maps": "xray_core.explain.answers.maps:answer_maps",
    "predict": "xray_core.explain.answers.predict:answer_predict",
}
IDLE = 900.0  # seconds


class CancelledError(Exception):
    """Nobody wants the answer any more."""


def serve(workspace: Workspace) -> int:
    """Answer questions from the standard input until it ends; return how many there were."""
    # What a library prints would be taken for a message: from here on it is a complaint.
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    questions: queue.Queue[dict[str, Any] | None] = queue.Queue()
    cancelled: set[int] = set()
    given = os.fdopen(os.dup(0), "rb", buffering=0)
    threading.Thread(target=_receive, args=(given, questions, cancelled), daemon=True).start()
    n_answered = 0
    try:
        while question := questions.get(timeout=IDLE):
            write_message(out, _answer(workspace, question, cancelled, out))
            n_answered += 1
    except (queue.Empty, OSError):
        pass  # nobody asks, or nobody listens
    return n_answered


def _receive(
    given: Any, questions: "queue.Queue[dict[str, Any] | None]", cancelled: set[int]
) -> None:
    """Put what comes in where it belongs; None once the app is gone."""
    try:
        while True:
            message = read_message(given)
            if "cancel" in message:
                cancelled.add(message["cancel"])
            else:
                questions.put(message)
    except (ChildGone, OSError):
        questions.put(None)


def _answer(
    workspace: Workspace, question: dict[str, Any], cancelled: set[int], out: Any
) -> dict[str, Any]:
    number = question["number"]

    def progress(done: int, total: int) -> None:
        if number in cancelled:
            raise CancelledError
        write_message(out, {"number": number, "done": done, "total": total})

    try:
        progress(0, 0)  # it may have been cancelled while it waited
        answer = _find(question["kind"])(workspace, question["arguments"], progress)
    except CancelledError:
        return {"number": number, "cancelled": True}
    except XrayError as error:
        return {"number": number, "failed": str(error)}
    except Exception as error:  # a fault of ours: the app says so, and the log has the rest
        traceback.print_exc()
        words = f"{type(error).__name__}: {error}".splitlines()[0]
        return {"number": number, "failed": f"This could not be computed ({words[:300]})."}
    return {"number": number, "answer": answer}


def _find(kind: str) -> Callable[..., dict[str, Any]]:
    module, _, name = KINDS[kind].partition(":")
    function: Callable[..., dict[str, Any]] = getattr(import_module(module), name)
    return function
