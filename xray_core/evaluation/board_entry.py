"""A line of a leaderboard: a run or a published result, its figures, what is to be known."""

from dataclasses import dataclass

OUTSIDE = "–"  # the place of what is in no order with the others


@dataclass(frozen=True)
class Score:
    """A figure in [0, 1], the ends of its 95% interval and n images; None where unknown."""

    value: float
    low: float | None = None
    high: float | None = None
    n: int | None = None

    @property
    def words(self) -> str:
        """The figure for a person, e.g. "0.912 (0.881 to 0.940), n = 412"."""
        words = f"{self.value:.3f}"
        if self.low is not None and self.high is not None:
            words += f" ({self.low:.3f} to {self.high:.3f})"
        return words + (f", n = {self.n:,}" if self.n else "")


@dataclass(frozen=True)
class Entry:
    """A line of a leaderboard.

    Attributes:
        place: e.g. "1" or "1–3": with what its interval leaves open; `OUTSIDE` where it has none.
        title: what it is called.
        run: name of the run; "" of a published result.
        validation: by which it stands where it does; None where nothing is known.
        test: of the test set, where that is open or published.
        test_set: as `index.run_table` says; "published".
        recipe: its title.
        split: how its images were divided, in words.
        by: who trained or published it.
        time: when a run ended, ISO 8601; "" where unknown.
        marks: why it cannot be compared with those that have a place, or what else is to be known.
    """

    place: str
    title: str
    run: str
    validation: Score | None
    test: Score | None
    test_set: str
    recipe: str
    split: str
    by: str
    time: str
    marks: tuple[str, ...]

    @property
    def shown(self) -> float:
        """The figure by which it is put among the others; -1 where it has none.

        No run's test set decides anything; of a published result there may be nothing else.
        """
        score = self.validation if self.run else self.validation or self.test
        return score.value if score else -1.0
