"""Questions to the process that keeps networks loaded, `explain.service`; Keras stays over there.

One such process for each workspace, started by the first question, shared by all threads of this
one, ended with it. Questions are answered one after the other, in the order in which they came.
"""

import itertools
import queue
import subprocess
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xray_core.bounded.messages import ChildGone, read_message, write_message
from xray_core.machine import allocator_variables
from xray_core.processes import start_pipes_only, xray_command
from xray_core.workspace import Workspace

WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"
ENDED = (DONE, FAILED, CANCELLED)


@dataclass(eq=False)
class Question:
    """A question and, in time, its answer.

    Attributes:
        kind: one of `explain.service.KINDS`.
        arguments: of it: None, numbers, text, bytes, arrays, and lists and dicts of such.
        state: `WAITING`, `RUNNING`, `DONE`, `FAILED` or `CANCELLED`.
        done, total: of its progress; 0 before its first word.
        answer: once it is done.
        reason: why it failed.
    """

    kind: str
    arguments: Mapping[str, Any]
    state: str = WAITING
    done: int = 0
    total: int = 0
    answer: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
    number: int = field(default_factory=itertools.count(1).__next__)
    _service: "_Service | None" = None
    _ended: threading.Event = field(default_factory=threading.Event)

    def wait(self, seconds: float) -> bool:
        """Wait until it has ended, at most for `seconds`; return whether it has."""
        return self._ended.wait(seconds)

    def cancel(self) -> None:
        """Say that nobody wants the answer any more; what is under way ends at its next step."""
        if self._service is not None:
            self._service.cancel(self)


def ask(workspace: Workspace, kind: str, arguments: Mapping[str, Any]) -> Question:
    """Ask; return at once.

    Args:
        workspace: in which the process looks for runs.
        kind: see `Question`.
        arguments: likewise.
    """
    with _lock:
        service = _services.setdefault(workspace.folder, _Service(workspace))
    question = Question(kind, arguments, _service=service)
    service.add(question)
    return question


def close_services() -> None:
    """End the processes; the next question starts a new one."""
    with _lock:
        services = list(_services.values())
        _services.clear()
    for service in services:
        service.close()


class _Service:
    """The process of one workspace, and the thread that talks to it."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._questions: queue.Queue[Question | None] = queue.Queue()
        self._process: subprocess.Popen[bytes] | None = None
        self._writing = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, question: Question) -> None:
        with self._writing:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, daemon=True)
                self._thread.start()
        self._questions.put(question)

    def cancel(self, question: Question) -> None:
        with self._writing:
            if question.state == WAITING:
                _end(question, CANCELLED)
            elif question.state == RUNNING:
                with suppress(OSError):  # it is gone, which its thread notices
                    self._send({"cancel": question.number})

    def close(self) -> None:
        """End the process, whatever it is at, and wait for the thread."""
        self._questions.put(None)
        with self._writing:
            if self._process is not None:
                self._process.kill()
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        while question := self._questions.get():
            with self._writing:
                if question.state != WAITING:
                    continue
                question.state = RUNNING
            try:
                self._ask(question)
            except (ChildGone, OSError):
                _end(question, FAILED, self._explain())
                self._drop()
        self._drop()

    def _ask(self, question: Question) -> None:
        """Send a question and follow it to its end. Raises ChildGone or OSError."""
        message = {
            "number": question.number,
            "kind": question.kind,
            "arguments": dict(question.arguments),
        }
        try:
            with self._writing:
                self._send(message)
            first = self._receive()
        except (ChildGone, OSError):  # it had ended, as nobody had asked for long
            self._drop()
            with self._writing:
                self._send(message)
            first = self._receive()
        for said in itertools.chain([first], iter(self._receive, None)):
            if said["number"] != question.number:
                continue
            if "answer" in said:
                question.answer = said["answer"]
                return _end(question, DONE)
            if "failed" in said:
                return _end(question, FAILED, said["failed"])
            if "cancelled" in said:
                return _end(question, CANCELLED)
            question.done, question.total = said["done"], said["total"]

    def _send(self, message: Mapping[str, Any]) -> None:
        if self._process is None:
            variables = {"XRAY_HOME": str(self._workspace.folder), **allocator_variables()}
            self._process = start_pipes_only(xray_command("answer"), self._log, variables)
        write_message(self._process.stdin, message)

    def _receive(self) -> Any:
        assert self._process  # it was sent something
        return read_message(self._process.stdout)

    @property
    def _log(self) -> Path:
        return self._workspace.folder / "answers.log"

    def _explain(self) -> str:
        status = self._process.poll() if self._process else None
        return (
            "The process that computes this ended before it had an answer"
            f"{'' if status is None else f' (exit status {status})'}. Try again; if that does not "
            f"help, the memory may not suffice, or {self._log} says more."
        )

    def _drop(self) -> None:
        with self._writing:
            if self._process is None:
                return
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe:
                    with suppress(OSError):
                        pipe.close()
            self._process = None


def _end(question: Question, state: str, reason: str = "") -> None:
    question.reason, question.state = reason, state
    question._ended.set()


_lock = threading.Lock()
_services: dict[Path, _Service] = {}
