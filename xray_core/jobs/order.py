"""Queue order: which waiting run starts next.

Of the runs that wait, the next is decided by these, the first that tells two apart:

1. What was interrupted (its process was killed) goes before all else: it has had its turn.
2. The higher priority.
3. Fairness between users: who has fewer runs running. Users thus take turns, however many runs
   each of them has submitted; all who gave no name count as one user.
4. Whose last start is longer ago.
5. The lower rank: among one user's own runs the order of submission, unless they were moved.

A run that is paused is passed over, and so is one whose user has reached the limit for one
user. A run that needs more GPUs than are free holds up those behind it, else it would never start.
"""

import heapq
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

DEVICES = re.compile(r"([0-9]{1,4}(,[0-9]{1,4})*)?")  # numbers of GPUs, "0,1"


@dataclass(frozen=True)
class Job:
    """One run that waits or has been started.

    Attributes:
        run: name of its folder.
        state: "queued" or "started".
        handle: its process, once started.
        user, priority, rank, paused, gpus: see `runs.Submission`.
        interrupted: whether it waits because its process was killed.
        devices: the GPUs that it was given, "0,1"; empty for none.
    """

    run: str
    state: str = "queued"
    handle: str = ""
    user: str = ""
    priority: int = 0
    rank: float = 0.0
    paused: bool = False
    gpus: int = 1
    interrupted: bool = False
    devices: str = ""

    @property
    def device_list(self) -> list[int]:
        """The GPUs that it was given."""
        return [int(device) for device in self.devices.split(",") if device]


def are_devices(text: str) -> bool:
    """Whether `text` lists numbers of GPUs, or none."""
    return DEVICES.fullmatch(text) is not None


def order_waiting(jobs: Sequence[Job], turns: Mapping[str, int]) -> list[Job]:
    """Return the runs that wait, save the paused, in the order of their start.

    Args:
        jobs: all that wait or run.
        turns: for each user, a number that is higher the later the last start was.
    """
    load = Counter(job.user for job in jobs if job.state == "started")
    turns = dict(turns)
    newest = max(turns.values(), default=0)
    own: dict[str, list[Job]] = {}
    for job in jobs:
        if job.state == "queued" and not job.paused:
            own.setdefault(job.user, []).append(job)

    def urgency(job: Job) -> tuple[bool, int, int, int, float, str]:
        first = (not job.interrupted, -job.priority)
        return (*first, load[job.user], turns.get(job.user, 0), job.rank, job.run)

    for of_user in own.values():
        of_user.sort(key=urgency, reverse=True)  # the first one last, to be popped
    heads = [(urgency(of_user[-1]), user) for user, of_user in own.items()]
    heapq.heapify(heads)
    order: list[Job] = []
    while heads:
        _, user = heapq.heappop(heads)
        order.append(own[user].pop())
        load[user] += 1  # it will be running by the time the next is chosen
        turns[user] = newest + len(order)
        if own[user]:
            heapq.heappush(heads, (urgency(own[user][-1]), user))
    return order


def choose_next(
    jobs: Sequence[Job],
    turns: Mapping[str, int],
    slots: int,
    per_user: int | None = None,
    gpus: Sequence[int] = (),
) -> Job | None:
    """Return the run to start now, with its GPUs, or None if none may start.

    Args:
        jobs: all that wait or run.
        turns: see `order_waiting`.
        slots: how many may run at once.
        per_user: how many of one user may.
        gpus: the machine's; empty to let runs see whatever there is.
    """
    running = [job for job in jobs if job.state == "started"]
    if len(running) >= slots:
        return None
    of_user = Counter(job.user for job in running)
    taken = {device for job in running for device in job.device_list}
    free = [gpu for gpu in gpus if gpu not in taken]
    for job in order_waiting(jobs, turns):
        if per_user is not None and of_user[job.user] >= per_user:
            continue
        if not gpus:
            return job
        wanted = min(max(job.gpus, 1), len(gpus))  # no more than there are, or it waits for ever
        if wanted > len(free):
            return None
        return replace(job, devices=",".join(map(str, free[:wanted])))
    return None
