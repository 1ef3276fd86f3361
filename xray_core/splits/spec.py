"""How a dataset is to be divided: the methods, and what they are asked."""

from dataclasses import dataclass

from xray_core.errors import RecipeError

SUBSETS = ("training", "validation", "test")
METHOD_TITLES = {
    "patient": "By patient",
    "clean": "By patient and copies",
    "published": "As published",
    "target_domain": "Target-domain hold-out",
    "thesis": "The thesis' test set",
    "thesis_patients": "The thesis' test set, its patients apart",
    "thesis_folders": "The thesis' validation set",
    "thesis_arrays": "The thesis' validation set, shuffled",
    "site": "One site apart",
    "image": "By image (patients leak)",
}
METHODS = tuple(METHOD_TITLES)
# The others keep groups together.
LEAKY_METHODS = ("published", "thesis", "thesis_folders", "thesis_arrays", "image")
UNTESTED_METHODS = ("thesis_folders", "thesis_arrays")  # never have a test set
BY_ROW_METHODS = ("thesis", *UNTESTED_METHODS)  # divide by rows of a table, not by groups
# Their test set, or that they have none, comes from elsewhere.
GIVEN_METHODS = (
    *("published", "target_domain", "thesis", "thesis_patients", "site"),
    *UNTESTED_METHODS,
)
EXTERNAL_METHODS = ("target_domain", "thesis", "thesis_patients")  # may leave external images out
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
            its other images and all external ones are divided by `validation`.
            "thesis": the external test set of the SIIM-FISABIO-RSNA COVID-19 thesis, and its
            validation set, see `splits.thesis`; patients leak. "thesis_patients": the same test
            set, and the images of its patients neither train nor validate. "thesis_folders" and
            "thesis_arrays": the validation set of the experiments before, and no test set; patients
            leak. "site": the images of
            `site` are the test set, the others are divided by patient. "image": at random by
            image, as many notebooks do; patients leak.
        validation: fraction of all images (of those left to train on, where the test set is given,
            see `GIVEN_METHODS`), above 0.
        test: fraction of all images (of those of `TARGET_DOMAIN`, for "target_domain"); 0: the
            validation set is evaluated; ignored by the other methods whose test set is given.
        seed: another seed, another split.
        folds: 0, or the number of equal folds of a cross-validation, 2 to 20. One of them is the
            test set, instead of `test`, and `validation` is a fraction of the others. Each image
            is tested in one of the folds.
        fold: which one is the test set, from 1.
        target_domain_only: of `EXTERNAL_METHODS`: whether the external images are left out, so that
            a network can be trained on the rest of `TARGET_DOMAIN` alone and evaluated on the same
            images.
        site: of "site": the hospital or collection, as the catalog names it, that is tested.
        validate_on_test: whether the test set is watched as the validation set, as many notebooks
            do, instead of one that is drawn. It then chooses the epoch, and its figures are too
            good.
        n_images: 0, or about how many images to use: whole patients, drawn before the subsets are,
            each class in its proportion; see `splits.sampling`.
        allow_leaks: whether a split that has one patient in several subsets may be trained on, and
            whether starting weights may have been trained on what is tested.
    """

    method: str = "patient"
    site: str = ""
    validation: float = 0.15
    test: float = 0.15
    validate_on_test: bool = False
    seed: int = 0
    folds: int = 0
    fold: int = 1
    n_images: int = 0
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
        if self.target_domain_only and self.method not in EXTERNAL_METHODS:
            raise RecipeError(
                "split.target_domain_only is true, but only split.method="
                f"{', '.join(EXTERNAL_METHODS)} has external images to leave out. Set it to false."
            )
        if self.method == "site" and not self.site:
            raise RecipeError(
                "split.site is empty. Set it to the hospital or collection whose images are tested."
            )
        if self.site and self.method != "site":
            raise RecipeError(
                f"split.site is {self.site!r}, but split.method is {self.method}. Set "
                "split.method=site to test on one site, or leave split.site empty."
            )
        if self.validate_on_test and not self.has_test:
            raise RecipeError(
                "split.validate_on_test is true, but there is no test set to watch. Set split.test "
                "above 0, or split.validate_on_test=false."
            )
        if self.n_images < 0:
            raise RecipeError(f"split.n_images is {self.n_images}; choose 0 for all, or above.")
        if not 1 <= self.fold <= max(1, self.folds):
            raise RecipeError(f"split.fold is {self.fold}; choose 1 to {max(1, self.folds)}.")

    @property
    def has_test(self) -> bool:
        """Whether there is a test set."""
        if self.method in UNTESTED_METHODS:
            return False
        given = self.method in GIVEN_METHODS and self.method != "target_domain"
        return given or self.folds > 0 or self.test > 0

    @property
    def validation_share(self) -> float:
        """The fraction `validation`; 0 where no validation set is drawn."""
        return 0.0 if self.validate_on_test else self.validation

    @property
    def subsets(self) -> tuple[str, ...]:
        """Those of `SUBSETS` that hold images."""
        empty = {"validation": self.validate_on_test, "test": not self.has_test}
        return tuple(subset for subset in SUBSETS if not empty.get(subset))
