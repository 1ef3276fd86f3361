"""What the classes of a task mean, as the sources of a catalog's images define their findings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xray_core.catalog import Catalog
from xray_core.tasks.meanings import MEANINGS, NOTES, Meaning, Note
from xray_core.tasks.states import PRESENT
from xray_core.tasks.task import Task


@dataclass(frozen=True)
class ClassMeaning:
    """What is known of a class of a task.

    Attributes:
        name: of the class.
        findings: what counts as the class, in the authors' words; () where that is the class'
            name itself, or the absence of a finding.
        meanings: finding -> what it means, of those that are defined.
    """

    name: str
    findings: tuple[str, ...]
    meanings: Mapping[str, Meaning]


def explain_classes(catalog: Catalog, task: Task, classes: Sequence[str]) -> list[ClassMeaning]:
    """Return what each class of a task means, in the order of `classes`.

    Args:
        catalog: the dataset; of a union each member has its say.
        task: whose classes.
        classes: their names.
    """
    known: dict[str, Meaning] = {}
    for name in _list_sources(catalog):
        for finding, meaning in MEANINGS.get(name, {}).items():
            known.setdefault(finding, meaning)
    explained = []
    for name in classes:
        findings = task.classes.get(name, (name,))
        if task.finding:
            findings = (task.finding,) if PRESENT in findings else ()
        meanings = {finding: known[finding] for finding in findings if finding in known}
        explained.append(ClassMeaning(name, () if findings == (name,) else findings, meanings))
    return explained


def list_notes(catalog: Catalog, topic: str) -> list[Note]:
    """Return what the sources say on a topic, see `Note.topic`, of the labels as a whole."""
    notes = [note for name in _list_sources(catalog) for note in NOTES.get(name, ())]
    return [note for note in notes if note.topic == topic]


def _list_sources(catalog: Catalog) -> list[str]:
    """Return the datasets that the images come from, that of the most images first."""
    return [str(name) for name in catalog.images["source"].value_counts().index]
