"""Tasks: named regroupings of a dataset's published findings into classes.

A catalog keeps findings exactly as the authors published them. A task says which
findings make up which class, so one catalog serves many tasks and a recipe names its
task in one word. Tasks are data: to add one, add an entry to `table.TASKS`.
"""

from xray_core.datasets.finding_states import align_states, list_findings
from xray_core.tasks.class_meanings import ClassMeaning, explain_classes, list_notes
from xray_core.tasks.encode import (
    combine_labels,
    describe_classless,
    describe_left_out,
    encode_catalog,
    encode_labels,
    find_masked,
    get_labels,
    list_classes,
)
from xray_core.tasks.guesses import FEWEST, GUESSES, PROPERTIES
from xray_core.tasks.meanings import BOX_SIDES, CROSSING, MEANINGS, NOTES, READING, Meaning, Note
from xray_core.tasks.states import (
    ABSENT,
    PRESENT,
    UNKNOWN,
    count_states,
    name_states,
)
from xray_core.tasks.table import LUNG_TASK, TASKS, find_task, tasks_of
from xray_core.tasks.targets import (
    STATE,
    class_of,
    find_present,
    has_several,
    label_in_words,
    rarest_of,
    word_of_nothing,
)
from xray_core.tasks.task import ANY, CLASSES, MASKS, SEPARATOR, Task, spell_findings

__all__ = [
    "ABSENT",
    "ANY",
    "BOX_SIDES",
    "CLASSES",
    "CROSSING",
    "FEWEST",
    "GUESSES",
    "LUNG_TASK",
    "MASKS",
    "MEANINGS",
    "NOTES",
    "PRESENT",
    "PROPERTIES",
    "READING",
    "SEPARATOR",
    "STATE",
    "TASKS",
    "UNKNOWN",
    "ClassMeaning",
    "Meaning",
    "Note",
    "Task",
    "align_states",
    "class_of",
    "combine_labels",
    "count_states",
    "describe_classless",
    "describe_left_out",
    "encode_catalog",
    "encode_labels",
    "explain_classes",
    "find_masked",
    "find_present",
    "find_task",
    "get_labels",
    "has_several",
    "label_in_words",
    "list_classes",
    "list_findings",
    "list_notes",
    "name_states",
    "rarest_of",
    "spell_findings",
    "tasks_of",
    "word_of_nothing",
]
