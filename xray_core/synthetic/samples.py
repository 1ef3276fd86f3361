"""Three drawn images to try a network with, none of which is in the demo data."""

import cv2
import numpy as np

from xray_core.synthetic.cases import Case, plan_cases
from xray_core.synthetic.dataset import draw_case

SEED = 20_260  # another one than that of the demo data
N_DRAWN, SIDE = 40, 384  # cases of which the samples are the first of their kind; px
CLEAR = "negative"


def draw_samples() -> list[tuple[str, bytes]]:
    """Return names and PNG files: clear lungs, an opacity, and the latter lying on its side.

    The last one shows no other body, but nothing that lies so was ever learned from.
    """
    cases = plan_cases(N_DRAWN, SEED)
    clear = next(case for case in cases if case.appearance == CLEAR)
    opaque = max(cases, key=lambda case: len(case.opacities))
    return [
        ("drawn_clear.png", _draw(clear)),
        ("drawn_opacity.png", _draw(opaque)),
        ("drawn_on_its_side.png", _draw(opaque, turns=1)),
    ]


def _draw(case: Case, turns: int = 0) -> bytes:
    image = draw_case(case, SIDE).image
    _, png = cv2.imencode(".png", np.ascontiguousarray(np.rot90(image, turns)))
    return png.tobytes()
