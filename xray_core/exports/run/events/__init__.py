"""A run as TensorBoard reads it: event files, written without TensorFlow.

    <folder>/training/events.out.tfevents.…     batches and epochs of the training set, the recipe
    <folder>/validation/events.out.tfevents.…   epochs of the validation set

`tensorboard --logdir <folder>` draws both as two lines of the same charts.
"""

from xray_core.exports.run.events.scalars import list_event_files

__all__ = ["list_event_files"]
