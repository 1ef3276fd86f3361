"""Fakes of the Indiana University collection, with tables as on Kaggle, and with XML files."""

from collections.abc import Callable
from pathlib import Path

from tests.datasets.fakes import write_clutter, write_image

TABLES = {
    "indiana_projections.csv": (
        "uid,filename,projection\n"
        "1,1_IM-0001-4001.dcm.png,Frontal\n1,1_IM-0001-3001.dcm.png,Lateral\n"
        "2,2_IM-0652-1001.dcm.png,Frontal\n2,2_IM-0652-2001.dcm.png,Lateral\n"
        "3,3_IM-1384-1001.dcm.png,Frontal\n4,4_IM-2050-1001.dcm.png,Frontal\n"
        "5,5_IM-2117-1003002.dcm.png,Frontal\n"
    ),
    "indiana_reports.csv": (
        "uid,MeSH,Problems,image,indication,comparison,findings,impression\n"
        "1,normal,normal,Xray Chest PA and Lateral,Positive TB test,None.,"
        '"The cardiac silhouette is normal.",Normal chest x-XXXX.\n'
        "2,Cardiomegaly/borderline;Pulmonary Artery/enlarged,Cardiomegaly;Pulmonary Artery,"
        '"Chest, 2 views",Preop,None.,Borderline cardiomegaly.,No acute pulmonary findings.\n'
        "3,No Indexing,No Indexing,Xray,XXXX,None,,\n"
        "4,Opacity/lung/base/left;Implanted Medical Device,Opacity;Implanted Medical Device,"
        "PA,Pain,,,1. Left basilar opacity.\n"
        "5,normal,normal,PA,Pain,,Lungs are clear.,\n"
    ),
}
PLACE = "images/images_normalized"
IMAGES = (
    "1_IM-0001-4001.dcm.png",
    "1_IM-0001-3001.dcm.png",
    "2_IM-0652-1001.dcm.png",
    "2_IM-0652-2001.dcm.png",
    "3_IM-1384-1001.dcm.png",
    "4_IM-2050-1001.dcm.png",  # and that of report 5 is absent
    "9_IM-9999-1001.dcm.png",  # has no row
)


def fake_openi(folder: Path) -> int:
    """Write the copy on Kaggle; return how many images its table names."""
    for seed, name in enumerate(IMAGES):
        write_image(folder / PLACE / name, seed=seed)
    for name, text in TABLES.items():
        (folder / name).write_text(text)
    write_clutter(folder / PLACE)
    return 7


def write_report(uid: str, majors: tuple[str, ...], texts: tuple[str, str], *images: str) -> str:
    """Return a report, as an XML file of Open-i."""
    shown = "".join(
        f'<parentImage id="{name}"><figureId>F1</figureId><caption>PA</caption>'
        f'<url src="/hadoop/storage/{name}.jpg"/></parentImage>'
        for name in images
    )
    mesh = "".join(f"<major>{major}</major>" for major in majors)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<eCitation><meta type="rr"/>'
        f'<uId id="CXR{uid}"/><pmcId id="{uid}"/><MedlineCitation><Article><Abstract>'
        '<AbstractText Label="COMPARISON">None.</AbstractText>'
        f'<AbstractText Label="FINDINGS">{texts[0]}</AbstractText>'
        f'<AbstractText Label="IMPRESSION">{texts[1]}</AbstractText></Abstract></Article>'
        f"</MedlineCitation><MeSH>{mesh}</MeSH>{shown}</eCitation>\n"
    )


REPORTS = {
    "1": write_report(
        *("1", ("normal",), ("The cardiac silhouette\n is normal.", "Normal chest x-XXXX.")),
        *("CXR1_1_IM-0001-3001", "CXR1_1_IM-0001-4001"),
    ),
    "2": write_report(
        *("2", ("Cardiomegaly/borderline", "Pulmonary Artery/enlarged"), ("", "No &lt;acute&gt;.")),
        "CXR2_IM-0652-1001",
    ),
    "3": write_report("3", ("No Indexing",), ("", ""), "CXR3_1_IM-1384-1001"),
    "4": write_report("4", ("Opacity/lung/base/left",), ("", "Opacity."), "CXR4_IM-2050-1001"),
    "8": "<eCitation><uId id=",
}


def fake_openi_xml(folder: Path) -> int:
    """Write the collection as Open-i has it; return how many images it has."""
    (folder / "ecgen-radiology").mkdir(parents=True)
    for name, text in REPORTS.items():
        (folder / "ecgen-radiology" / f"{name}.xml").write_text(text)
    images = (
        *("CXR1_1_IM-0001-3001", "CXR1_1_IM-0001-4001", "CXR2_IM-0652-1001"),
        *("CXR3_1_IM-1384-1001", "CXR4_IM-2050-1001", "CXR9_IM-9999-1001"),
    )
    for seed, name in enumerate(images):
        write_image(folder / "NLMCXR_png" / f"{name}.png", seed=seed)
    write_clutter(folder / "NLMCXR_png")
    return len(images)


OPENI_FAKES: dict[str, Callable[[Path], int]] = {
    "openi": fake_openi,
    "openi_xml": fake_openi_xml,
}
