"""What the layers of a network answer to an image, as sheets of small pictures in a new folder.

<folder>/image.png                   the image as the network sees it
<folder>/filters.png                 of the first convolution
<folder>/01_<layer>.png, …           the strongest maps of each convolution
<folder>/layers.csv                  number, layer, maps, height, width, silent, file
"""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_core.explain.activations import describe_layers, read_activations, read_filters
from xray_core.explain.batches import Images
from xray_core.exports.disk import new_folder
from xray_core.exports.names import safe_name

TABLE = "layers.csv"
IN_ROW = 8  # pictures
SIDE, GAP = 128, 4  # px of a picture and between two
BACKGROUND = 16  # gray level


def write_sheets(model: Any, image: Images, folder: Path) -> list[dict[str, Any]]:
    """Write what each convolution of a network answers to one image; see above.

    Args:
        model: a network, not compiled.
        image: see `activations.read_activations`.
        folder: to be made; nothing in it is overwritten.

    Returns:
        The table as written: one row for each convolution.

    Raises:
        RunError: the network has no convolution.
        DatasetError: there is something in the folder already, or the disk refuses.
    """
    layers, filters = list(read_activations(model, image)), read_filters(model)
    pixels = image["image"] if isinstance(image, Mapping) else image
    digits = max(2, len(str(len(layers))))
    names = [
        f"{number:0{digits}}_{safe_name(layer.name)}.png" for number, layer in enumerate(layers, 1)
    ]
    rows = [
        {"number": number, **row, "file": name}
        for number, (row, name) in enumerate(zip(describe_layers(layers), names, strict=True), 1)
    ]
    with new_folder(folder) as partial:
        cv2.imwrite(str(partial / "image.png"), pixels[0, :, :, 0].astype(np.uint8))
        cv2.imwrite(str(partial / "filters.png"), draw_sheet(filters.images))
        for name, layer in zip(names, layers, strict=True):
            cv2.imwrite(str(partial / name), draw_sheet(layer.maps))
        with (partial / TABLE).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return rows


def draw_sheet(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return pictures, uint8 (n, h, w), as one, row by row, each enlarged to `SIDE` px.

    Pixels stay hard-edged squares.
    """
    n = len(pictures)
    columns = min(IN_ROW, n)
    rows = -(-n // columns)
    step = SIDE + GAP
    sheet = np.full((rows * step + GAP, columns * step + GAP), BACKGROUND, np.uint8)
    for k, picture in enumerate(pictures):
        top, left = GAP + k // columns * step, GAP + k % columns * step
        large = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_NEAREST)
        sheet[top : top + SIDE, left : left + SIDE] = large
    return sheet
