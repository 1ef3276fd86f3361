"""Drawn chests, and the rows that an audit sees of them, for the tests of the checks of images."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pandas as pd

from tests.audit.tables import make_images
from xray_core.preprocess.fingerprint_file import SIGNATURE_SIDE
from xray_core.preprocess.images import resize_square
from xray_core.synthetic.cases import plan_cases
from xray_core.synthetic.dataset import draw_case

N_CHESTS = 30


@lru_cache(maxsize=1)
def draw_chests() -> tuple[np.ndarray, ...]:
    """Return chests of 64 px, none of those that the audit itself draws."""
    return tuple(draw_case(case, 64).image for case in plan_cases(N_CHESTS, seed=5))


def audited(images: Sequence[np.ndarray], **columns: object) -> pd.DataFrame:
    """Return an audited table with the signatures of images, and these columns."""
    rows = [
        {"signature": resize_square(image, SIGNATURE_SIDE, "stretch").tobytes(), **columns}
        for image in images
    ]
    return make_images(rows)
