"""Figures that the thesis cites from elsewhere, with their sources; none is of a recipe here."""

from xray_core.literature.result import Citation

CITED = (
    Citation(
        "Normal or not, a network trained and tested on abnormal images of NIH ChestX-ray14 "
        "(51,760) and normal ones of Indiana University (1,389)",
        {
            "auc": 0.98,
            "auc_low": 0.97,
            "auc_high": 0.99,
            "sensitivity": 0.946,
            "specificity": 0.934,
        },
        "Yates, Yates and Harvey 2018, Clinical Radiology 73, 827-831",
        "2.3, reference 39",
        "Normal and abnormal images are from different hospitals, and 97.4 % are abnormal.",
    ),
    Citation(
        "Critical findings, by a network that sorts radiographs by urgency, trained on half a "
        "million whose labels were mined from reports",
        {"sensitivity": 0.65, "specificity": 0.94},
        "Annarumma et al. 2019, Radiology 291, 196-202",
        "2.3, reference 40",
        "Radiographs with critical findings would be read after 2.7 days instead of 11.2, on "
        "average.",
    ),
    Citation(
        "Normal or not, networks trained and tested on the radiographs of their own hospital",
        {"auc": 0.96},
        "Dunnmon et al. 2019, Radiology 290, 537-544",
        "2.3.1, reference 42",
    ),
    Citation(
        "Time for 1,344 radiographs: a network, and radiologists on average",
        {"seconds for the network": 50, "hours for the radiologists": 2.3},
        "Tang et al. 2020, npj Digital Medicine",
        "2.3.2, reference 28",
    ),
    Citation(
        "Share of images that three readers labelled alike (RICORD, 1,000 COVID-19 radiographs)",
        {"agreement": 0.418},
        "RICORD COVID-19 X-ray positive tests, as discussed in the competition's forum",
        "2.3, reference 38",
    ),
    Citation(
        "Normal or pneumonia in children: pretrained on adults and fine-tuned; normal or not on "
        "external images",
        {"auc in children": 0.9851, "auc on external images": 0.9444},
        "Tang et al. 2020, npj Digital Medicine",
        "abstract of the article; the thesis does not cite these two",
    ),
)
