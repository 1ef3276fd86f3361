"""Invents the cases: who the patients are, how they stand, what they have, how they are exposed.

Every choice is drawn from a generator seeded with the dataset's seed and the number of the
patient, study or image it is about, so a case does not change when more are asked for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from itertools import count, islice

import numpy as np

from xray_core.synthetic.canvas import MIMICS, Patient, Pose
from xray_core.synthetic.rendering import Opacity, Rendering

# Of 25 patients, how many begin with each appearance: about the shares of SIIM's studies.
DECK = ("typical",) * 12 + ("negative",) * 7 + ("indeterminate",) * 4 + ("atypical",) * 2
STUDIES_PER_PATIENT = (0.62, 0.2, 0.11, 0.07)  # shares of patients with 1, 2, 3, 4
KEPT_APPEARANCE_SHARE = 0.75  # share of later studies that look like the patient's first
SECOND_IMAGE_SHARE = 0.06  # share of studies with two images
UNMARKED_SHARE = 0.06  # share of images without an opacity though their study is not negative
POSES = 40  # ways to stand, shared among the patients

# Rows and columns of common detectors, in px; cropping takes some away.
DETECTORS = (
    (2336, 2836), (2330, 2846), (2544, 3056), (2430, 2946), (2800, 3408), (3056, 2544),
    (2846, 2396), (3480, 2848), (2866, 3430),
)  # fmt: skip

# The second number of a seed: what is drawn from it.
_DECK, _PATIENT, _POSE, _STUDY, _IMAGE, _NOISE = range(6)


@dataclass(frozen=True)
class Case:
    """One image to draw, and what is known of it.

    Attributes:
        image_id, study_id, patient_id: 12 hexadecimal digits.
        appearance: of the study; one of `DECK`.
        rows, columns: px, size of the pretended original.
        patient, pose, opacities, rendering: what to draw; without opacities the lungs are clear.
        noise_seed: seed of texture, noise and wires.
    """

    image_id: str
    study_id: str
    patient_id: str
    appearance: str
    rows: int
    columns: int
    patient: Patient
    pose: Pose
    opacities: tuple[Opacity, ...]
    rendering: Rendering
    noise_seed: tuple[int, ...]


def plan_cases(n_images: int, seed: int) -> list[Case]:
    """Return the first `n_images` cases of `seed`, patient by patient."""
    return list(islice(_invent_cases(seed), n_images))


def _invent_cases(seed: int) -> Iterator[Case]:
    image_numbers, study_numbers = count(), count()
    for patient_number in count():
        rng = np.random.default_rng((seed, _PATIENT, patient_number))
        patient = _invent_patient(rng)
        pose = _invent_pose(np.random.default_rng((seed, _POSE, int(rng.integers(POSES)))))
        exposure = rng.uniform(0, 1)
        for appearance in _invent_history(rng, _first_appearance(seed, patient_number)):
            study_number = next(study_numbers)
            study_rng = np.random.default_rng((seed, _STUDY, study_number))
            opacities = _invent_opacities(study_rng, appearance)
            for _ in range(2 if study_rng.random() < SECOND_IMAGE_SHARE else 1):
                image_number = next(image_numbers)
                image_rng = np.random.default_rng((seed, _IMAGE, image_number))
                rows, columns = DETECTORS[image_rng.integers(len(DETECTORS))]
                rows, columns = (int(side - image_rng.integers(60)) for side in (rows, columns))
                yield Case(
                    image_id=_make_id(seed, "image", image_number),
                    study_id=_make_id(seed, "study", study_number),
                    patient_id=_make_id(seed, "patient", patient_number),
                    appearance=appearance,
                    rows=rows,
                    columns=columns,
                    patient=patient,
                    pose=_vary_pose(pose, image_rng, rows / columns),
                    opacities=opacities if image_rng.random() >= UNMARKED_SHARE else (),
                    rendering=_invent_rendering(image_rng, exposure),
                    noise_seed=(seed, _NOISE, image_number),
                )


def _make_id(seed: int, kind: str, number: int) -> str:
    # The first word is part of the drawing: with another, the same seed would give other ids.
    return blake2b(f"phantom {seed} {kind} {number}".encode(), digest_size=6).hexdigest()


def _first_appearance(seed: int, patient_number: int) -> str:
    """Return the appearance dealt to a patient; each deck of patients holds the right shares."""
    deck, card = divmod(patient_number, len(DECK))
    order = np.random.default_rng((seed, _DECK, deck)).permutation(len(DECK))
    return DECK[order[card]]


def _invent_history(rng: np.random.Generator, first: str) -> list[str]:
    """Return the appearance of each study of one patient."""
    later = int(rng.choice(len(STUDIES_PER_PATIENT), p=STUDIES_PER_PATIENT))
    draws = [DECK[rng.integers(len(DECK))] for _ in range(later)]
    return [first] + [first if rng.random() < KEPT_APPEARANCE_SHARE else draw for draw in draws]


def _invent_patient(rng: np.random.Generator) -> Patient:
    has_mimic, has_breasts = rng.random() < 0.3, rng.random() < 0.45
    return Patient(
        width=rng.uniform(1.12, 1.34),
        depth=rng.uniform(0.52, 0.68),
        heart=rng.uniform(0.85, 1.15),
        fat=rng.uniform(0.01, 0.08),
        breast=rng.uniform(0.3, 1) if has_breasts else 0.0,
        arms=rng.uniform(-0.02, 0.1),
        rib_slope=rng.uniform(0.8, 1.35),
        dome=rng.uniform(0.02, 0.06),
        bone=rng.uniform(0.75, 1.25),
        bend=rng.normal(0, 0.007),
        gas=rng.uniform(0.5, 1.1) if rng.random() < 0.35 else 0.0,
        mimic=MIMICS[rng.integers(len(MIMICS))] if has_mimic else "",
        vessels_seed=int(rng.integers(2**32)),
    )


def _invent_pose(rng: np.random.Generator) -> Pose:
    return Pose(
        x=0.5 + rng.normal(0, 0.015),
        y=0.46 + rng.normal(0, 0.03),
        angle=rng.normal(0, 0.025),
        zoom=rng.uniform(1.0, 1.2),
        stretch=1.0,
    )


def _vary_pose(pose: Pose, rng: np.random.Generator, aspect: float) -> Pose:
    """Return `pose` as taken up once; `aspect` is rows / columns of the original.

    Radiographers fit the chest to the image, so the square image shows half of the aspect.
    """
    return Pose(
        x=pose.x + rng.normal(0, 0.008),
        y=pose.y + rng.normal(0, 0.01),
        angle=pose.angle + rng.normal(0, 0.01),
        zoom=pose.zoom * rng.uniform(0.97, 1.03),
        stretch=1.02 * aspect**0.5,
    )


def _invent_opacities(rng: np.random.Generator, appearance: str) -> tuple[Opacity, ...]:
    side = int(rng.choice((-1, 1)))
    if appearance == "typical":
        lower = [_peripheral(rng, s, rng.uniform(0.55, 0.72)) for s in (-1, 1)]
        upper = [_peripheral(rng, s, rng.uniform(0.2, 0.3)) for s in (-1, 1) if rng.random() < 0.35]
        return (*lower, *upper)
    if appearance == "indeterminate":
        return (_perihilar(rng, side),)
    if appearance == "atypical":
        return (_lobar(rng, side) if rng.random() < 0.55 else _nodule(rng, side),)
    return ()


def _peripheral(rng: np.random.Generator, side: int, y: float) -> Opacity:
    return Opacity(
        side=side,
        x=rng.uniform(0.62, 0.8),
        y=y,
        width=rng.uniform(0.25, 0.42),
        height=rng.uniform(0.1, 0.2) if y > 0.4 else rng.uniform(0.07, 0.11),
        density=rng.uniform(0.5, 0.85),
        softness=rng.uniform(0.012, 0.024),
        patchiness=rng.uniform(0.4, 0.75),
        seed=int(rng.integers(2**32)),
    )


def _perihilar(rng: np.random.Generator, side: int) -> Opacity:
    return Opacity(
        side=side,
        x=rng.uniform(0.35, 0.48) + (0.06 if side > 0 else 0),  # clear of the heart
        y=rng.uniform(0.4, 0.56),
        width=rng.uniform(0.28, 0.4),
        height=rng.uniform(0.12, 0.2),
        density=rng.uniform(0.4, 0.65),
        softness=rng.uniform(0.025, 0.04),
        patchiness=rng.uniform(0.1, 0.35),
        seed=int(rng.integers(2**32)),
    )


def _lobar(rng: np.random.Generator, side: int) -> Opacity:
    return Opacity(
        side=side,
        x=rng.uniform(0.5, 0.65),
        y=rng.uniform(0.17, 0.25),
        width=rng.uniform(0.45, 0.6),
        height=rng.uniform(0.12, 0.16),
        density=rng.uniform(0.7, 0.95),
        softness=rng.uniform(0.006, 0.01),
        patchiness=rng.uniform(0.1, 0.3),
        seed=int(rng.integers(2**32)),
    )


def _nodule(rng: np.random.Generator, side: int) -> Opacity:
    size = rng.uniform(0.1, 0.17)
    return Opacity(
        side=side,
        x=rng.uniform(0.4, 0.7) if side < 0 else rng.uniform(0.6, 0.75),
        y=rng.uniform(0.25, 0.6),
        width=1.7 * size,
        height=0.75 * size,
        density=rng.uniform(0.65, 0.9),
        softness=rng.uniform(0.007, 0.011),
        patchiness=rng.uniform(0, 0.15),
        seed=int(rng.integers(2**32)),
    )


def _invent_rendering(rng: np.random.Generator, exposure: float) -> Rendering:
    """Return how one image is rendered; `exposure`, 0 to 1, is the habit of the patient's ward."""
    marker = str(rng.choice(("", "L", "R"), p=(0.45, 0.2, 0.35)))
    margins = [rng.uniform(0, 0.03) if rng.random() < 0.12 else 0.0 for _ in range(4)]
    return Rendering(
        dark=rng.uniform(0.03, 0.14),
        bright=1.1 + 0.4 * exposure + rng.uniform(-0.04, 0.04),
        gamma=rng.uniform(0.95, 1.65),
        peak=rng.uniform(150, 250),
        noise=rng.uniform(0.004, 0.022),
        border=(margins[0], margins[1], margins[2], margins[3]),
        marker=marker,
        boxed=bool(rng.random() < 0.4),
        # "R" stands beside the patient's right shoulder, on the left of the image.
        marker_x=rng.uniform(0.05, 0.12) if marker == "R" else rng.uniform(0.84, 0.92),
        marker_y=rng.uniform(0.08, 0.26),
        wires=int(rng.integers(1, 5)) if rng.random() < 0.22 else 0,
    )
