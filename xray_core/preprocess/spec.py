"""Settings of preprocessing and augmentation."""

from dataclasses import dataclass

from xray_core.errors import RecipeError

RESIZES = ("stretch", "pad")
# What is shown of an image: all, a frame, all but the lungs, the lungs.
REGIONS = ("whole", "border", "without_lungs", "lungs_only")
LUNG_REGIONS = ("without_lungs", "lungs_only")  # that need to know where the lungs are
CONTRASTS = ("none", "equalize_hist", "clahe", "gamma", "log")
MIN_SIZE, MAX_SIZE = 16, 1024


@dataclass(frozen=True)
class PreprocessSpec:
    """Fixed steps, applied once to each image: gray, region, contrast, then a square of `size` px.

    Attributes:
        size: px, height = width of the result.
        resize: "stretch" ignores the aspect ratio; "pad" keeps it and adds black borders.
        contrast: one of `CONTRASTS`; "none" leaves the gray levels as they are.
        gamma: exponent of "gamma", above 0; below 1 brightens, above 1 darkens.
        clip_limit: contrast limit of "clahe", above 0, in OpenCV's scale.
        region: what is left to be seen, one of `REGIONS`; see `preprocess.regions`. "border": the
            inside is black. "without_lungs", "lungs_only": of the rectangle around the lungs, as
            masks have them; the rest is gray.
        border: of "border", the share of each side that the frame takes at either end.
    """

    size: int = 224
    resize: str = "stretch"
    contrast: str = "none"
    gamma: float = 1.0
    clip_limit: float = 2.0
    region: str = "whole"
    border: float = 0.1

    def __post_init__(self) -> None:
        if not MIN_SIZE <= self.size <= MAX_SIZE:
            raise RecipeError(
                f"preprocess.size is {self.size} px; choose {MIN_SIZE} to {MAX_SIZE}."
            )
        for field, value, choices in (
            ("resize", self.resize, RESIZES),
            ("contrast", self.contrast, CONTRASTS),
            ("region", self.region, REGIONS),
        ):
            if value not in choices:
                raise RecipeError(
                    f"preprocess.{field} is {value!r}; choose one of: {', '.join(choices)}."
                )
        for field, number in (("gamma", self.gamma), ("clip_limit", self.clip_limit)):
            if not 0 < number <= 100:
                raise RecipeError(f"preprocess.{field} is {number}; choose above 0, at most 100.")
        if not 0.01 <= self.border <= 0.45:
            raise RecipeError(f"preprocess.border is {self.border}; choose 0.01 to 0.45.")

    @property
    def needs_lungs(self) -> bool:
        """Whether it must be known where the lungs are."""
        return self.region in LUNG_REGIONS


@dataclass(frozen=True)
class AugmentSpec:
    """Random changes, drawn anew for each image and epoch; all zero means none.

    Attributes:
        horizontal_flip: mirror half of the images left to right.
        vertical_flip: turn half of the images upside down.
        zoom: scale drawn from [1 - zoom, 1 + zoom].
        rotation: degrees, angle drawn from [-rotation, rotation].
        shear: degrees, drawn from [-shear, shear].
        shift: fraction of the side, drawn from [-shift, shift], for x and y apart.
        brightness_min, brightness_max: range of the factor on the gray levels, above 0.
    """

    horizontal_flip: bool = False
    vertical_flip: bool = False
    zoom: float = 0.0
    rotation: float = 0.0
    shear: float = 0.0
    shift: float = 0.0
    brightness_min: float = 1.0
    brightness_max: float = 1.0

    def __post_init__(self) -> None:
        limits = {"zoom": 0.9, "rotation": 180.0, "shear": 60.0, "shift": 0.9}
        for field, limit in limits.items():
            value = getattr(self, field)
            if not 0 <= value <= limit:
                raise RecipeError(f"augment.{field} is {value}; choose 0 to {limit:g}.")
        low, high = self.brightness_min, self.brightness_max
        if not 0 < low <= high <= 5:
            raise RecipeError(
                f"augment.brightness_min and _max are {low} and {high}; choose 0 < min <= max <= 5."
            )

    @property
    def is_none(self) -> bool:
        """Whether nothing is ever changed."""
        return self == AugmentSpec()
