"""Tasks: named regroupings of a dataset's published findings into classes.

A catalog keeps findings exactly as the authors published them. A task says which
findings make up which class, so one catalog serves many tasks and a recipe names its
task in one word. Tasks are data: to add one, add an entry to `table.TASKS`.
"""

from xray_core.tasks.encode import (
    class_of,
    combine_labels,
    encode_catalog,
    encode_labels,
    list_classes,
)
from xray_core.tasks.table import TASKS, find_task, tasks_of
from xray_core.tasks.task import SEPARATOR, Task

__all__ = [
    "TASKS",
    "SEPARATOR",
    "Task",
    "class_of",
    "encode_catalog",
    "encode_labels",
    "find_task",
    "combine_labels",
    "list_classes",
    "tasks_of",
]
