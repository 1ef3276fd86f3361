"""Fakes of known datasets whose files or lists name the labels: tuberculosis, COVID-19, JSRT."""

from collections.abc import Callable
from pathlib import Path

from tests.datasets.fakes import write_clutter, write_image

TUBERCULOSIS_TEXTS = {
    "MCUCXR_0001_0": "Patient's Sex: F\r\nPatient's Age: 027Y\r\nnormal\r\n\r\n",
    "MCUCXR_0002_0": "Patient's Sex: M\r\nPatient's Age: 009M\r\nnormal\r\n",
    "MCUCXR_0104_1": "Patient's Sex: M\r\nPatient's Age: 040Y\r\nopacity in RUL;\r\nTB\r\n",
    "MCUCXR_0108_1": "no one wrote whose it is",
    "CHNCXR_0001_0": "male 45yrs\nnormal",
    "CHNCXR_0025_0": "femal 32yrs\nnormal",
    "CHNCXR_0327_1": "Female, 28yrs\nright upper PTB\nwith fibrous changes",
    "CHNCXR_0573_1": "female 64days\n bilateral PTB",
    "CHNCXR_0662_1": "male16month\nsecondary PTB",
}


def write_tuberculosis(folder: Path, prefix: str, images: str = "CXR_png") -> int:
    """Write the images of one hospital, and all but one of their readings."""
    names = [name for name in TUBERCULOSIS_TEXTS if name.startswith(prefix)]
    for seed, name in enumerate(names):
        write_image(folder / images / f"{name}.png", seed=seed + ord(prefix[0]))
        (folder / "ClinicalReadings").mkdir(parents=True, exist_ok=True)
        (folder / "ClinicalReadings" / f"{name}.txt").write_text(TUBERCULOSIS_TEXTS[name])
    write_image(folder / images / f"{prefix}_0110_0.png", seed=ord(prefix[0]) - 1)
    return len(names) + 1


def fake_montgomery(folder: Path) -> int:
    """Write MontgomerySet, with both masks of two images."""
    n_images = write_tuberculosis(folder, "MCUCXR")
    for side in ("leftMask", "rightMask"):
        for name in ("MCUCXR_0001_0.png", "MCUCXR_0104_1.png"):
            write_image(folder / "ManualMask" / side / name)
    write_clutter(folder / "CXR_png")
    (folder / "CXR_png" / "Thumbs.db").touch()
    (folder / "NLM-MontgomeryCXRSet-ReadMe.pdf").touch()
    return n_images


def fake_shenzhen(folder: Path) -> int:
    """Write ChinaSet_AllFiles."""
    n_images = write_tuberculosis(folder, "CHNCXR")
    (folder / "NLM-ChinaCXRSet-ReadMe.docx").touch()
    return n_images


def fake_montgomery_shenzhen(folder: Path) -> int:
    """Write "Lung Segmentation": both, a mask of some, and second copies of others."""
    n_images = write_tuberculosis(folder, "MCUCXR") + write_tuberculosis(folder, "CHNCXR")
    for name in ("MCUCXR_0001_0", "CHNCXR_0327_1_mask", "CHNCXR_0025_0_mask"):
        write_image(folder / "masks" / f"{name}.png")
    write_image(folder / "test" / "CHNCXR_0001_0.png", seed=4 + ord("C"))
    (folder / "NLM-ChinaCXRSet-ReadMe.docx").touch()
    return n_images


LUNG = "Lung Segmentation Data/Lung Segmentation Data"
INFECTION = "Infection Segmentation Data/Infection Segmentation Data"
QU_EX_IMAGES = (
    f"{LUNG}/Train/COVID-19/images/covid_1.png",  # is in the other folder as well
    f"{LUNG}/Train/COVID-19/images/covid_2.png",
    f"{LUNG}/Train/Non-COVID/images/non_COVID (1).png",
    f"{LUNG}/Val/Normal/images/Normal (1).png",
    f"{LUNG}/Test/Normal/images/Normal (2).png",
    f"{INFECTION}/Test/COVID-19/images/covid_1.png",
    f"{INFECTION}/Train/Normal/images/Normal (7).png",
)


def fake_covid_qu_ex(folder: Path) -> int:
    """Write COVID-QU-Ex, both of its folders; return how many different images they have."""
    for seed, name in enumerate(QU_EX_IMAGES):
        write_image(folder / name, seed=seed)
        write_image(folder / name.replace("/images/", "/lung masks/"))
        if name.startswith(INFECTION):
            write_image(folder / name.replace("/images/", "/infection masks/"))
    write_clutter(folder / LUNG / "Train")
    return len(QU_EX_IMAGES) - 1


COVIDX_LISTS = {
    "train.txt": (
        "ANON1 ANON1.png positive bimcv\n"
        "419639-003251 MIDRC-RICORD-1C-419639-003251-46647-0.png positive ricord\n"
        "pat7 0a1b2c3d-14fd.png negative rsna\n"
        "pat8 absent.png negative rsna\n"
    ),
    "test.txt": "pat9 sirm.jpeg positive sirm\npat7 0a1b2c3d-15ff.png negative rsna\n",
}
COVIDX_IMAGES = (
    "train/ANON1.png",
    "train/MIDRC-RICORD-1C-419639-003251-46647-0.png",
    "train/0a1b2c3d-14fd.png",
    "test/sirm.jpeg",
    "test/0a1b2c3d-15ff.png",
    "test/unheard_of.png",  # is in no list
)


def fake_covidx(folder: Path) -> int:
    """Write COVIDx as on Kaggle; return how many lines its lists have."""
    for seed, name in enumerate(COVIDX_IMAGES):
        write_image(folder / name, seed=seed)
    for name, text in COVIDX_LISTS.items():
        (folder / name).write_text(text)
    write_clutter(folder / "train")
    return 6


JSRT_TEXTS = {
    "CLNDAT_EN.txt": (
        "JPCLN001.IMG\t5\t15\t53\tmale\t1634\t692\tmalignant\tl.upper lobe(S1+2)\tlung cancer\n"
        "JPCLN002.IMG\t5\t30\t?\tfemale\t1024\t1024\tmalignant\tr.upper lobe\tlung cancer"
        "JPCLN003.IMG\t1\t30\t63\tfemale\t1303\t447\tbenign\tl.upper lobe\ttuberculoma\r"
        "JPCLN004.IMG\t5\t?\t68\tfemale\t606\t836\tbenign\tr.lower lobe(S6)\tinflammatory mass\r\n"
    ),
    "CNNDAT_EN.TXT": (
        "JPCNN001.IMG\t54\tmale\tnon-nodule\r\nJPCNN002.IMG\t?\tfemale\tnon-nodule\r\n"
    ),
}
JSRT_IMAGES = (
    "Nodule154images/JPCLN001.png",
    "Nodule154images/JPCLN002.png",
    "Nodule154images/JPCLN003.png",
    "Nodule154images/JPCLN004.png",
    "Nodule154images/JPCLN005.png",  # of which the texts say nothing
    "NonNodule93images/JPCNN001.png",
    "NonNodule93images/JPCNN002.png",
)


def fake_jsrt(folder: Path) -> int:
    """Write the folders of JSRT, the images as PNG files."""
    for seed, name in enumerate(JSRT_IMAGES):
        write_image(folder / name, seed=seed)
    (folder / "Clinical_Information").mkdir()
    for name, text in JSRT_TEXTS.items():
        (folder / "Clinical_Information" / name).write_text(text, newline="")
    return len(JSRT_IMAGES)


NAMED_FAKES: dict[str, Callable[[Path], int]] = {
    "montgomery": fake_montgomery,
    "shenzhen": fake_shenzhen,
    "montgomery_shenzhen": fake_montgomery_shenzhen,
    "covid_qu_ex": fake_covid_qu_ex,
    "covidx": fake_covidx,
    "jsrt": fake_jsrt,
}
