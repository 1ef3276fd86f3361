"""Negatives among upright images are found, and nothing else is called one."""

import numpy as np
import pandas as pd
import pytest

from tests.audit.tables import make_images
from xray_core.audit.negatives import FEWEST, check_negatives, compare_with_mean


def draw_signatures(count: int, seed: int = 0) -> list[np.ndarray]:
    """Draw small chests that differ in place, size, brightness, noise and black borders."""
    rng = np.random.default_rng(seed)
    images = []
    for _ in range(count):
        rows, columns = np.mgrid[-1:1:32j, -1:1:32j] + rng.normal(0, 0.08, (2, 1, 1))
        body = np.abs(columns) < rng.uniform(0.7, 0.95)
        lungs = np.exp(-((((np.abs(columns) - 0.4) / 0.25) ** 2 + (rows / 0.6) ** 2) ** 2))
        image = body * (0.8 - rng.uniform(0.3, 0.6) * lungs) + rng.normal(0, 0.05, body.shape)
        image[: rng.integers(0, 5)] = 0
        images.append(np.clip(rng.uniform(150, 255) * image, 0, 255).astype(np.uint8))
    return images


def audited(images: list[np.ndarray]) -> pd.DataFrame:
    return make_images([{"signature": image.tobytes()} for image in images])


@pytest.mark.parametrize(("count", "every"), [(40, 10), (FEWEST, FEWEST), (90, 3), (100, 99)])
def test_each_negative_is_found_and_no_upright_image(count: int, every: int) -> None:
    images = draw_signatures(count)
    images[1::every] = [255 - image for image in images[1::every]]
    n_negative = len(images[1::every])

    (issue,) = check_negatives(audited(images))

    assert (issue.code, issue.severity, issue.count) == ("negative_image", "warning", n_negative)
    verb = "image of" if n_negative == 1 else "images of"
    assert issue.title.startswith(f"{n_negative} {verb} {count} look")
    assert "negative" in issue.title
    assert {int(name[1:]) % every for name in issue.examples} == {1 % every}
    assert all(row["likeness"] < 0 for row in issue.table)


@pytest.mark.parametrize("kind", ["upright", "inverted as a whole", "noise", "blank", "few"])
def test_where_there_is_none_none_is_reported(kind: str) -> None:
    rng = np.random.default_rng(1)
    images = draw_signatures(60)
    match kind:
        case "inverted as a whole":  # what most images are counts as upright
            images = [255 - image for image in images]
        case "noise":
            images = [rng.integers(0, 256, (32, 32), dtype=np.uint8) for _ in range(FEWEST)]
        case "blank":
            images = [np.full((32, 32), level, np.uint8) for level in range(20)]
        case "few":
            images = [*images[: FEWEST - 2], 255 - images[0]]

    (issue,) = check_negatives(audited(images))

    assert (issue.code, issue.severity) == ("negative_image", "passed")


def test_unreadable_images_are_left_out() -> None:
    images = audited([*draw_signatures(FEWEST)])
    broken = make_images([{"reason": "is empty"}])

    (issue,) = check_negatives(pd.concat([images, broken], ignore_index=True))

    assert issue.severity == "passed"


def test_likeness_is_a_correlation_with_the_others() -> None:
    image = draw_signatures(1)[0]

    likeness = compare_with_mean(pd.Series([image.tobytes()] * 3 + [(255 - image).tobytes()]))

    np.testing.assert_allclose(likeness, [1, 1, 1, -1], atol=1e-5)
