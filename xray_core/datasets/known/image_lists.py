"""Datasets whose folders or file names label the images, and whose tables list or divide them.

TBX11K    verified: imgs/health, imgs/sick and imgs/tb, the names of the lists and of the annotation
          files with their classes, in public programs that read them; the columns of the simplified
          copy's data.csv, its boxes and its words for labels likewise; the numbers, on the
          authors' page and in a library that counted them. The lists of the test set hold images
          without labels. Boxes in annotations/xml are in px of larger originals and are not read
          where annotations/json is there
"""

import pandas as pd

from xray_core.datasets.known.entry import KnownDataset, KnownTable, Prepared

TB_KINDS = {"active_tb": "active TB", "latent_tb": "latent TB"}
TB_LABELS = {
    "health": "healthy",
    "healthy": "healthy",
    "sick": "sick but no TB",
    "sick_but_no_tb": "sick but no TB",
    "tb": "TB",
    **TB_KINDS,
    "ActiveTuberculosis": "active TB",
    "ObsoletePulmonaryTuberculosis": "latent TB",
    "PulmonaryTuberculosis": "TB",
}


def _name_kinds(table: KnownTable, rows: pd.DataFrame) -> Prepared:
    """Call an image by the kind of its tuberculosis where that is given."""
    if "image_type" not in rows:
        return Prepared(rows)
    kinds = rows["tb_type"].where(rows["tb_type"].str.lower().isin(TB_KINDS))
    return Prepared(rows.assign(label=kinds.fillna(rows["image_type"])))


TBX11K = KnownDataset(
    name="tbx11k",
    title="TBX11K",
    expects=(
        "imgs/health, imgs/sick and imgs/tb with lists/TBX11K_train.txt or TBX11K_val.txt, or "
        "data.csv (fname, bbox, image_type, ...) and images/"
    ),
    about=(
        "11,200 radiographs of 512 x 512 px: healthy, sick without tuberculosis, or with it, "
        "active or latent, with boxes. The 8,400 of training and validation sets have labels."
    ),
    known_issues=(
        "Whatever the image shows, only boxes of tuberculosis are drawn.",
        "Of one image with tuberculosis no box is published: it is called TB, without a kind.",
        "30 images show active and latent tuberculosis both.",
        "No patients are published, so that no split can keep them apart.",
        "The test set comes without labels, and imgs/extra holds other datasets (Montgomery, "
        "Shenzhen, DA and DB): both are left out.",
    ),
    address="https://mmcheng.net/tb/",
    citation="Liu et al., CVPR 2020: Rethinking Computer-Aided Tuberculosis Diagnosis",
    licence="for research, as its authors' page says",
    kaggle="usmanshams/tbx-11",
    tables=(
        KnownTable(
            "data.csv",
            {
                "path": "fname",
                "split": "source",
                "box": "bbox",
                "original_width": "image_width",
                "original_height": "image_height",
            },
            needs=("target", "tb_type", "image_type"),
            added={"label": "label"},
            kind="training",
        ),
        *(
            KnownTable(
                f"TBX11K_{name}.txt",
                {"path": "Column 1"},
                places=("lists",),
                first_line="(tb|health|sick)/",
                subset=subset,
                images="imgs",
                kind=subset,
                gives=gives,
            )
            for name, subset, gives in (
                ("train", "training", "images of the training set are left out"),
                ("val", "validation", ""),
            )
        ),
    ),
    images=r"(^|/)(?P<label>health|sick|tb)/[^/]+$",
    claimed="^(imgs|images|test)/",
    annotated=True,
    labels=TB_LABELS,
    prepare=_name_kinds,
)

IMAGE_LISTS = (TBX11K,)
