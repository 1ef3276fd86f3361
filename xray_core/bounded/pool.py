"""A few child processes, shared by all threads of this one, that run functions within limits.

A hostile or damaged image can make a decoder loop, ask for all memory or crash. In a child that
costs one call: it is refused with the reason, and the next one has a new child. The children are
begun when they are needed, one for each processor, and ended when nobody has needed them for a
while.
"""

import atexit
import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from xray_core import errors
from xray_core.bounded import child
from xray_core.bounded.child import MEMORY, SETTINGS
from xray_core.bounded.messages import ChildGone, read_message, write_message
from xray_core.errors import CostlyImageError, DatasetError, XrayError
from xray_core.files import format_bytes
from xray_core.machine import ALLOCATOR

T = TypeVar("T")

PROJECT = Path(__file__).parents[2]
START = "import sys; sys.path[0] = sys.argv[1]; from xray_core.bounded.child import main; main()"
N_CHILDREN = min(os.cpu_count() or 1, 16)  # each takes about 60 MB
PATIENCE = 60.0  # seconds for one call, whatever it waits for; not for a busy processor
IDLE = 120.0  # seconds after which a child that nobody needs is ended
TICK = 1.0  # seconds between two looks at the clock
AT_ONCE = 16  # items that a child is given together
FEW = 32  # items for which one child is enough
BYTES_AT_ONCE, BYTES_AHEAD = 16_000_000, 64_000_000  # of what comes along, together and in all
AHEAD = 4  # such portions, for each child, that are done before the first is asked for
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"), "1"
)


def run_bounded(function: Callable[..., T], *arguments: Any) -> T:
    """Return `function(*arguments)`, computed in a child process within limits.

    Within a child the function is simply called.

    Args:
        function: of a module of this project, at its top level.
        arguments: None, numbers, text, bytes, arrays, and lists and dicts of such, as is what
            the function returns; tuples come as lists.

    Raises:
        XrayError: the function's own; or a CostlyImageError, as it took more time or memory than
            any good file does, or crashed.
    """
    if child.is_child:
        return function(*arguments)
    (outcome,) = _POOL.run(function, [arguments])
    if isinstance(outcome, XrayError):
        raise outcome
    return outcome


def map_bounded(
    function: Callable[..., T], items: Iterable[Sequence[Any]], n_items: int | None = None
) -> Iterator[T | XrayError]:
    """Yield what `run_bounded` would return or raise for each of `items`, in their order.

    Several children work at once, a little ahead of whoever takes the results; what they have not
    begun when nobody wants more is not done.

    Args:
        function: see `run_bounded`.
        items: the arguments of each call. They are asked for in the caller's thread, few ahead,
            and fewer where they are long: `BYTES_AHEAD` and one more lie in memory.
        n_items: how many, where they are no list.
    """
    if child.is_child:
        yield from (_call(function, arguments) for arguments in items)
        return
    # A child takes longer to begin than to do a few items.
    n_items = len(items) if isinstance(items, Sized) else n_items or AT_ONCE
    n_children = min(N_CHILDREN, 1 + n_items // FEW)
    size = max(1, min(AT_ONCE, n_items // (2 * n_children)))
    waiting: deque[tuple[int, Future[list[T | XrayError]]]] = deque()
    stopped = threading.Event()

    def work(portion: Sequence[Sequence[Any]]) -> list[T | XrayError]:
        return [] if stopped.is_set() else _POOL.run(function, portion)

    threads = ThreadPoolExecutor(n_children)
    try:
        for n_bytes, portion in _divide(items, size):
            waiting.append((n_bytes, threads.submit(work, portion)))
            del portion
            while len(waiting) > AHEAD * n_children or sum(n for n, _ in waiting) > BYTES_AHEAD:
                yield from waiting.popleft()[1].result()
        while waiting:
            yield from waiting.popleft()[1].result()
    finally:
        stopped.set()
        threads.shutdown(cancel_futures=True)


def _divide(items: Iterable[Sequence[Any]], size: int) -> Iterator[tuple[int, list[Sequence[Any]]]]:
    """Yield portions of `size` items, fewer where they are long, with their length in bytes."""
    portion: list[Sequence[Any]] = []
    n_bytes = 0
    for item in items:
        portion.append(item)
        n_bytes += sum(len(value) for value in item if isinstance(value, bytes))
        if len(portion) == size or n_bytes >= BYTES_AT_ONCE:
            yield n_bytes, portion
            portion, n_bytes = [], 0
    if portion:
        yield n_bytes, portion


def _call(function: Callable[..., T], arguments: Sequence[Any]) -> T | XrayError:
    try:
        return function(*arguments)
    except XrayError as error:
        return error


def close_pool() -> None:
    """End all children; the next call begins new ones."""
    _POOL.close()


class _Child:
    """One child process, used by one thread at a time."""

    def __init__(self) -> None:
        # What Keras computes with has other needs, and gives no memory back.
        kept = {name: value for name, value in os.environ.items() if name not in ALLOCATOR}
        self._command = [sys.executable, "-c", START, str(PROJECT)]
        try:
            self.process = subprocess.Popen(
                self._command,
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # decoders complain there of each damaged file
                env={**kept, **ONE_THREAD},
            )
        except OSError as error:
            raise DatasetError(_cannot_start(str(error))) from error
        assert self.process.stdin  # it was asked for
        assert self.process.stdout
        self._requests, self._answers = self.process.stdin, self.process.stdout
        self.deadline = float("inf")  # of the call that it is at
        self.idle_since = time.monotonic()
        self.was_slow = False

    def ask(self, function: str, items: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
        """Return the answer to each item. Raises ChildGone where it ends before the last."""
        place = {"folder": _stand(), "settings": {name: os.environ.get(name) for name in SETTINGS}}
        try:
            self.deadline = time.monotonic() + PATIENCE * len(items)
            write_message(self._requests, {"function": function, "items": items, "place": place})
            answers = read_message(self._answers)
        except OSError as error:
            raise ChildGone(str(error)) from error
        finally:
            self.deadline = float("inf")
        if not isinstance(answers, list) or len(answers) != len(items):
            raise ChildGone("another answer than was asked for")
        return answers

    def wait_until_ready(self) -> None:
        """Wait for its first word. Raises DatasetError where it cannot even start."""
        try:
            read_message(self._answers)
        except (ChildGone, OSError) as error:
            self.end()
            again = subprocess.run(
                self._command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
            )
            raise DatasetError(_cannot_start(again.stderr.strip()[-500:])) from error

    def end(self) -> int:
        """End it, however it is; return its exit status, as `Popen.returncode`."""
        self.let_go()
        with suppress(subprocess.TimeoutExpired):
            return self.process.wait(TICK)
        self.process.kill()
        return self.process.wait()

    def let_go(self) -> None:
        """Close the pipes, upon which it ends."""
        for pipe in (self._requests, self._answers):
            with suppress(OSError):
                pipe.close()


class _Pool:
    """The children of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._room = threading.Semaphore(N_CHILDREN)
        self._free: list[_Child] = []
        self._all: set[_Child] = set()
        self._watch: threading.Thread | None = None

    def run(
        self, function: Callable[..., T], items: Sequence[Sequence[Any]]
    ) -> list[T | XrayError]:
        """Return the outcome of each item; where they bring a child down, each has its own."""
        name = f"{function.__module__}:{function.__qualname__}"
        ended = self._use_child(name, items)
        if isinstance(ended, list):
            return ended
        if len(items) > 1:
            return [outcome for item in items for outcome in self.run(function, [item])]
        if not ended.was_slow and not child.is_own_end(ended.process.returncode):
            # Ended from outside, or while it was idle: that says nothing about the item.
            ended = self._use_child(name, items)
        return ended if isinstance(ended, list) else [CostlyImageError(_explain(items[0], ended))]

    def _use_child(self, name: str, items: Sequence[Sequence[Any]]) -> list[Any] | _Child:
        """Return the outcomes, or else the child that ended over them."""
        with self._room:
            borrowed = self._borrow()
            answers = None
            try:
                answers = borrowed.ask(name, items)
            except ChildGone:
                return borrowed  # it is ended below, before anybody reads how
            finally:
                if answers is not None:
                    self._give_back(borrowed)
                else:
                    self._drop(borrowed)
        return [_read_answer(answer, item) for answer, item in zip(answers, items, strict=True)]

    def close(self) -> None:
        with self._lock:
            free, self._free = self._free, []
        for idle in free:
            self._drop(idle)

    def forget(self) -> None:
        """Leave the children to the process that this one was forked from."""
        for other in self._all:
            other.let_go()
        self.__init__()  # type: ignore[misc]

    def _borrow(self) -> _Child:
        with self._lock:
            if self._free:
                return self._free.pop()
            if self._watch is None:
                self._watch = threading.Thread(target=self._look, daemon=True, name="bounded")
                self._watch.start()
        begun = _Child()
        begun.wait_until_ready()
        with self._lock:
            self._all.add(begun)
        return begun

    def _give_back(self, borrowed: _Child) -> None:
        borrowed.idle_since = time.monotonic()
        with self._lock:
            self._free.append(borrowed)

    def _drop(self, borrowed: _Child) -> None:
        with self._lock:
            self._all.discard(borrowed)
        borrowed.end()

    def _look(self) -> None:
        """End children that are over their time, or idle for long."""
        while True:
            time.sleep(TICK)
            now = time.monotonic()
            with self._lock:
                late = [each for each in self._all if each.deadline < now]
                idle = [each for each in self._free if each.idle_since + IDLE < now]
                self._free = [each for each in self._free if each not in idle]
            for each in late:
                each.was_slow = True
                each.process.kill()  # whoever waits for it notices
            for each in idle:
                self._drop(each)


def _read_answer(answer: dict[str, Any], item: Sequence[Any]) -> Any:
    match answer:
        case {"value": value}:
            return value
        case {"refused": [kind, text]}:
            refusal = getattr(errors, str(kind), XrayError)
            return refusal(text) if issubclass(refusal, XrayError) else XrayError(text)
        case {"no_memory": _}:
            return CostlyImageError(
                f"{item[0]} takes more than {format_bytes(MEMORY)} of memory to decode, as no good "
                "image does. Replace or delete it."
            )
    raise RuntimeError(answer.get("failed", f"a child answered {str(answer)[:200]}"))


def _explain(item: Sequence[Any], ended: _Child) -> str:
    if ended.was_slow:
        why = f"was not decoded within {PATIENCE:.0f} s"
    else:
        why = child.explain_end(ended.process.returncode)
    return f"{item[0]} {why}. Replace or delete it."


def _cannot_start(reason: str) -> str:
    return (
        f"No image can be decoded, as no process for it can be started: {reason or 'no reason'}. "
        "Close other programs, or install what requirements.txt names, and try again."
    )


def _stand() -> str:
    try:
        return str(Path.cwd())
    except OSError:
        return os.sep


_POOL = _Pool()
atexit.register(close_pool)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: _POOL.forget())
