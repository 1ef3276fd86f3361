"""How a dataset is to be divided: the methods, and what they are asked."""

from dataclasses import dataclass

from xray_core.errors import RecipeError

SUBSETS = ("training", "validation", "test")
METHOD_TITLES = {
    "patient": "By patient",
    "clean": "By patient and copies",
    "published": "As published",
    "target_domain": "Target-domain hold-out",
    "image": "By image (patients leak)",
}
METHODS = tuple(METHOD_TITLES)
LEAKY_METHODS = ("published", "image")  # the others keep groups together
GIVEN_METHODS = ("published", "target_domain")  # their test set comes from elsewhere
FOLDED_METHODS = ("patient", "clean", "image")  # the others have a test set that is given
MOST_FOLDS = 20
TARGET_DOMAIN = "siim_covid19"  # the source of the images that are held out


@dataclass(frozen=True)
class SplitSpec:
    """How a dataset is divided.

    Attributes:
        method: "patient": our own, grouped and stratified. "clean": the same, and images with
            identical pixels, or that look the same, stay together whatever their files.
            "published": the authors' test set, and validation taken from their training set by
            patient.
            "target_domain": of a union, `test` of the images of `TARGET_DOMAIN` are the test set;
            its other images and all external ones are divided by `validation`. "image": at
            random by image, as many notebooks do; patients leak.
        validation: fraction of all images (of those left to train on, for "published"
            and "target_domain"), above 0.
        test: fraction of all images (of those of `TARGET_DOMAIN`, for "target_domain"); 0: the
            validation set is evaluated; ignored by "published".
        seed: another seed, another split.
        folds: 0, or the number of equal folds of a cross-validation, 2 to 20. One of them is the
            test set, instead of `test`, and `validation` is a fraction of the others. Each image
            is tested in one of the folds.
        fold: which one is the test set, from 1.
        target_domain_only: of "target_domain": whether the external images are left out, so that a
            network can be trained on the rest of `TARGET_DOMAIN` alone and evaluated on the same
            images.
        allow_leaks: whether a split that has one patient in several subsets may be trained on, and
            whether starting weights may have been trained on what is tested.
    """

    method: str = "patient"
    validation: float = 0.15
    test: float = 0.15
    seed: int = 0
    folds: int = 0
    fold: int = 1
    target_domain_only: bool = False
    allow_leaks: bool = False

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise RecipeError(
                f"split.method is {self.method!r}; choose one of: {', '.join(METHODS)}."
            )
        if not (0 < self.validation < 1 and 0 <= self.test < 1 and self.validation + self.test < 1):
            raise RecipeError(
                f"split.validation is {self.validation} and split.test is {self.test}; choose "
                "fractions above 0 (test may be 0) that leave something to train on."
            )
        if self.seed < 0:
            raise RecipeError(f"split.seed is {self.seed}; choose 0 or above.")
        if self.folds and not 2 <= self.folds <= MOST_FOLDS:
            raise RecipeError(f"split.folds is {self.folds}; choose 0, or 2 to {MOST_FOLDS}.")
        if self.folds and self.method not in FOLDED_METHODS:
            raise RecipeError(
                f"split.folds is {self.folds}, but the test set of split.method={self.method} is "
                f"given. Set split.method to one of: {', '.join(FOLDED_METHODS)}."
            )
        if self.target_domain_only and self.method != "target_domain":
            raise RecipeError(
                "split.target_domain_only is true, but only split.method=target_domain has "
                "external "
                "images to leave out. Set it to false."
            )
        if not 1 <= self.fold <= max(1, self.folds):
            raise RecipeError(f"split.fold is {self.fold}; choose 1 to {max(1, self.folds)}.")

    @property
    def has_test(self) -> bool:
        """Whether there is a test set."""
        return self.method == "published" or self.folds > 0 or self.test > 0
