"""Status and submission of a run: two records in its folder."""

from dataclasses import dataclass

FORMAT = 2  # of a run folder; goes up when what its files hold changes
STATES = ("queued", "running", "done", "failed", "stopped", "lost")
ENDED = ("done", "failed", "stopped", "lost")
STOPPING = ("stopping", "terminated", "killed")  # events on the way from running to stopped
HIGHEST_PRIORITY = 100  # and the lowest is its negative


@dataclass(frozen=True)
class Status:
    """What a run is doing; times are ISO 8601 in UTC.

    Attributes:
        state: one of `STATES`.
        message: what it is doing, or why it ended, for a person.
        step: "preparing", "training" or "evaluating" while running.
        done, total: progress within the step (images, batches).
        phase, epoch: where the training is; epoch counts from 1 through all phases.
        n_epochs: most epochs that it may take.
        seconds_left: estimate, if any.
        handle: the training process, "pid:start time".
        device: what it computes on, e.g. "CPU, 2 cores".
        cpu_percent, memory_mb: of the training process; 100% is one core.
        gpu_percent, gpu_memory_mb: of its GPU, if there is one.
        val_accuracy: of the epoch whose weights are kept so far, by default that of the lowest
            validation loss.
        val_dice: likewise, of a task that asks for masks; see `evaluation.masks`.
    """

    state: str
    message: str = ""
    step: str = ""
    done: int = 0
    total: int = 0
    phase: str = ""
    epoch: int = 0
    n_epochs: int = 0
    seconds_left: float | None = None
    handle: str = ""
    device: str = ""
    cpu_percent: float | None = None
    memory_mb: float | None = None
    gpu_percent: float | None = None
    gpu_memory_mb: float | None = None
    val_accuracy: float | None = None
    val_dice: float | None = None
    created_at: str = ""
    started_at: str = ""
    updated_at: str = ""
    ended_at: str = ""

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will come."""
        return self.state in ENDED


@dataclass(frozen=True)
class Submission:
    """What the queue goes by; see `jobs.order`.

    Attributes:
        user: who asked, as typed; "" for nobody in particular.
        priority: higher goes first.
        rank: order among the runs of one user and priority, lowest first.
        paused: whether it is passed over until somebody lifts that.
        gpus: how many it trains on at once, where there are GPUs.
        sweep: name shared by the runs that were submitted together; "" for a single one.
        nickname: what people call it; see `runs.nicknames`. "" for its folder's name.
    """

    user: str = ""
    priority: int = 0
    rank: float = 0.0
    paused: bool = False
    gpus: int = 1
    sweep: str = ""
    nickname: str = ""
