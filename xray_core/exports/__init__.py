"""What leaves the app: prepared images in a folder, and a sample of a dataset as an archive.

Both come with a table of labels and an `xray_dataset.json`, so that they can be opened again.
"""

from xray_core.exports.disk import check_outside, forget_partial
from xray_core.exports.drawing import draw_sample
from xray_core.exports.prepared import PreparedExport, export_prepared
from xray_core.exports.sample import SampleArchive, write_sample

__all__ = [
    "PreparedExport",
    "SampleArchive",
    "check_outside",
    "draw_sample",
    "export_prepared",
    "forget_partial",
    "write_sample",
]
