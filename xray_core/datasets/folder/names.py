"""What the name of a folder says: a subset, a class, a patient, a mask, or nothing at all.

A name is read by its words alone; `layout` puts the names of all folders together, which tells
for instance whether numbers are classes or stores.
"""

import posixpath
import re
import unicodedata
from functools import lru_cache

from xray_core.imagefiles.images import SUFFIXES
from xray_core.tables.cells import parse_subset


def word_set(text: str) -> frozenset[str]:
    """Return the words of a text, each once."""
    return frozenset(text.split())


# The kinds of names.
SUBSET, CLASS, PATIENT, STUDY, NUMBER = "subset", "class", "patient", "study", "number"
CONTAINER, MASK, OTHER, SITE = "container", "mask", "other", "site"

CONTAINER_WORDS = word_set(
    "image images img imgs picture pictures photo photos file files data dataset datasets all "
    "raw original originals resized normalized normalised processed preprocessed cropped "
    "enhanced input inputs dicom dicoms dcm png pngs jpg jpgs jpeg jpegs tif tiff bmp xray "
    "xrays x ray rays cxr cxrs radiograph radiographs radiography chest thorax frontal "
    "lateral lat pa ap left right part parts batch batches chunk chunks shard shards folder "
    "folders store archive archives sample samples subset subsets set sets fold folds split "
    "splits classes seg unlabeled unlabelled unannotated"
)
# Of folders whose pictures are none of the dataset: what a project draws or predicts.
OTHER_WORDS = word_set(
    "plot plots fig figs figure figures prediction predictions predict pred preds "
    "screenshot screenshots heatmap heatmaps gradcam visualization visualizations "
    "visualisation visualisations logs checkpoints docs assets static upload uploads"
)
ANSWER_WORDS = word_set("submission submissions pred preds prediction predictions")
# Of folders that say where images come from, which is no class.
SITE_WORDS = word_set(
    "hospital hospitals clinic clinics clinica klinik klinikum site sites center centers centre "
    "centres centro institution institute scanner scanners vendor cohort cohorts country"
)
MASK_WORDS = word_set("mask masks leftmask rightmask lungmask lungmasks")
# Pictures in folders that are called so, and nothing else, are drawn by people or programs.
TRUTH_WORDS = word_set(
    "gt groundtruth groundtruths ground truth label labels annotation annotations"
)
# Together they name masks, none of them alone but the first two.
SEGMENTATION_WORDS = word_set(
    "segmentation segmentations class object classes objects seg segs ground truth gt lung "
    "lungs left right"
)
PATIENT_NAME = re.compile(
    r"(patients?|pat|pt|pid|subjects?|subj|sub|persons?|participant|volunteer|case|mrn|nhc)"
    r"[ _-]*(id[ _-]*)?(?P<number>[a-z]{0,3}\d+[a-z]?)|pa?\d{3,}|\d{5,}",
    re.IGNORECASE | re.ASCII,
)
STUDY_NAME = re.compile(
    r"(study|studies|series|exam|examination|visit|scan|session|ses|view|acquisition|accession)"
    r"[ _-]*\d*|s\d{3,}|\d{4}[-_.]\d{2}[-_.]\d{2}|\d+(\.\d+){3,}|(?=.*\d)[0-9a-f]{12,}"
    r"|(st|se|ser|sr)\d{4,}|[0-9a-f]{8}(-[0-9a-f]{4,12}){3,4}",
    re.IGNORECASE | re.ASCII,
)
NUMBER_NAME = re.compile(
    r"([a-z]{0,2}|class|classe|clase|klasse|label)[ _-]?(?P<number>\d{1,4})",
    re.IGNORECASE | re.ASCII,
)
# Words of class names as students and publishers write them, in several languages. Where two
# levels of folders could be the classes, the level that is called so is.
LABEL_WORDS = word_set(
    "normal normals healthy health negative negatives positive positives abnormal abnormals "
    "sick ill diseased infected uninfected nofinding finding control controls benign "
    "malignant cancer covid covid19 ncov corona coronavirus sars mers ards pneumonia "
    "pneumonias pnemonia bacteria bacterial virus viral fungal tb tuberculosis turberculosis "
    "tuberculose nodule nodules mass opacity opacities lungopacity effusion pneumothorax "
    "cardiomegaly atelectasis consolidation edema oedema emphysema fibrosis hernia "
    "infiltration infiltrate thickening fracture lesion lesions tumor tumour typical "
    "indeterminate atypical silicosis asthma bronchitis copd sano sanos sana neumonia "
    "neumonía tuberculosis gesund krank pneumonie sain saine malade saudavel saudável doente "
    "normale normaux"
)


def split_words(name: str) -> list[str]:
    """Return the words of a name in lower case, numbers apart.

    >>> split_words("JPEGImages_001"), split_words("Lung_Opacity")
    (['jpeg', 'images', '001'], ['lung', 'opacity'])
    """
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return re.findall(r"[^\W\d_]+|\d+", unicodedata.normalize("NFC", spaced).lower())


def is_form(path: str) -> bool:
    """Whether a table is of answers, as sample_submission.csv is: of a form, or of a network."""
    words = split_words(posixpath.splitext(posixpath.basename(path))[0])
    return not ANSWER_WORDS.isdisjoint(words)


def without_suffix(name: str) -> str:
    """Return `name` without the suffix of an image; other dots, as in a UID, stay.

    >>> without_suffix("a/1.2.840.PNG"), without_suffix("1.2.840")
    ('a/1.2.840', '1.2.840')
    """
    stem, suffix = posixpath.splitext(name)
    return stem if suffix.lower() in SUFFIXES else name


@lru_cache(4096)
def read_name(name: str) -> str:
    """Return which kind of thing a folder of this name stands for; `CLASS` if nothing else.

    >>> [read_name(name) for name in ("Train Set", "images_001", "lung masks", "COVID-19", "0")]
    ['subset', 'container', 'mask', 'class', 'number']
    """
    is_patient = PATIENT_NAME.fullmatch(name) is not None
    if is_patient and name.lower().startswith("patient"):  # at once: there may be very many
        return PATIENT
    words = split_words(name)
    letters = [word for word in words if not word.isdigit()]
    if MASK_WORDS & set(letters):
        return MASK
    if letters and "seg" in letters[0] and SEGMENTATION_WORDS.issuperset(letters):
        return MASK
    if letters and TRUTH_WORDS.issuperset(letters):
        return MASK
    if parse_subset(name):
        return SUBSET
    if letters and CONTAINER_WORDS.issuperset(letters):
        return CONTAINER
    if OTHER_WORDS & set(letters) and (OTHER_WORDS | CONTAINER_WORDS).issuperset(letters):
        return OTHER
    if is_patient:
        return PATIENT
    if STUDY_NAME.fullmatch(name):
        return STUDY
    if SITE_WORDS & set(letters) and not is_label(name):
        return SITE
    is_number = NUMBER_NAME.fullmatch(name) or not letters
    return NUMBER if is_number and not is_label(name) else CLASS


def is_label(name: str) -> bool:
    """Whether a name has a word that class names have, as in "0_normal" or "COVID-19"."""
    words = split_words(name)
    return any(word in LABEL_WORDS for word in (*words, "".join(words)))


def read_number(name: str) -> int | None:
    """Return the number that stands for a class, as in "0" or "c1"; None for "001" or "x"."""
    match = NUMBER_NAME.fullmatch(name)
    if match is None or (match["number"].startswith("0") and len(match["number"]) > 1):
        return None
    return int(match["number"])


def unify_spelling(name: str) -> str:
    """Return what two spellings of one class share: not case, blanks, ".0" or how accents are kept.

    Nor a hyphen between two signs, one of which is a letter: "COVID-19" is "COVID19", while "TB-"
    is not "TB", nor "1-2" "12".

    >>> unify_spelling("Viral  Pneumonia") == unify_spelling("viral_pneumonia")
    True
    """
    text = unicodedata.normalize("NFKC", name).casefold()
    text = re.sub(r"(?<=\d)\.0+$", "", text.strip())
    text = re.sub(r"(?<=[^\W\d_])-(?=\w)|(?<=\w)-(?=[^\W\d_])", "", text)
    return re.sub(r"[\s_]+", "", text) or name
