"""Three situations in which the same network would be used with another threshold."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scenario:
    """A situation in a clinic, as an example for learning; its numbers are nobody's guideline.

    Attributes:
        title: of few words.
        situation: who is looked at, and what the answer is for.
        prevalence: how many of them have what is looked for, in (0, 1).
        cost: of one missed patient, in wrongly alarmed ones.
        missed: what it costs to miss somebody.
        alarmed: what it costs to alarm somebody wrongly.
        reason: why the two weigh against each other as they do here.
    """

    title: str
    situation: str
    prevalence: float
    cost: float
    missed: str
    alarmed: str
    reason: str


SCENARIOS: dict[str, Scenario] = {
    "screening": Scenario(
        title="Screening healthy people",
        situation="People without complaints are invited. Almost nobody is ill.",
        prevalence=0.01,
        cost=20.0,
        missed="The illness is treated later. Whoever falls ill meanwhile sees a doctor, and the "
        "next round comes.",
        alarmed="A healthy person is called back, worries, and has a CT with its radiation. There "
        "are 99 healthy people to each ill one, so that such calls soon outnumber the others.",
        reason="20 to 1: missing is much worse, yet some 20 needless call-backs are borne for one "
        "patient found early. With more, people stop coming.",
    ),
    "triage": Scenario(
        title="Emergency: who is read first",
        situation="The answer sorts the list of an emergency department. A radiologist reads every "
        "image in the end.",
        prevalence=0.15,
        cost=50.0,
        missed="Somebody who needs help within the hour waits at the end of the list for hours.",
        alarmed="A radiologist looks a few minutes earlier than was necessary.",
        reason="50 to 1: a wrong alarm costs minutes, since it is put right at once; a miss may "
        "cost a life. The threshold goes down until the list is no longer sorted at all.",
    ),
    "treatment": Scenario(
        title="Confirming before a treatment",
        situation="A doctor suspects the illness already. The answer decides on a treatment that "
        "is hard on patients.",
        prevalence=0.5,
        cost=0.5,
        missed="The treatment begins a few days later: the suspicion stays, and another test "
        "follows.",
        alarmed="A healthy person bears a treatment with its side effects, and what they really "
        "have is looked for no more.",
        reason="1 to 2: here the wrong alarm is the worse error, so that the threshold goes up. "
        "Every answer “ill” should be right.",
    ),
}
