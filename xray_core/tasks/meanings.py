"""The table of what findings mean in their sources; to add a definition, add an entry.

Only what was read in the source that stands beside it is written here. Where a dataset's authors
define nothing that was found, a finding has no entry, or one from a general dictionary, which says
so: MeSH is the thesaurus of the US National Library of Medicine.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Meaning:
    """What a finding means.

    Attributes:
        definition: in a sentence or two.
        source: where that stands.
        caveat: what to mind with images of this finding; "" for nothing.
    """

    definition: str
    source: str
    caveat: str = ""


@dataclass(frozen=True)
class Note:
    """What a source says of a dataset's labels as a whole.

    Attributes:
        topic: where it is shown: `READING`, `CROSSING` or `BOX_SIDES`.
        text: in a sentence or two.
        source: where that stands.
    """

    topic: str
    text: str
    source: str


READING, CROSSING, BOX_SIDES = "reading", "crossing", "box sides"

THESIS = "the SIIM-FISABIO-RSNA COVID-19 thesis"
GRADING = f"{THESIS}, chapter 3.1, from the organisers' notes on grading"
KERMANY = "Kermany et al., Cell 172 (2018), doi:10.1016/j.cell.2018.02.010"
KERMANY_DATA = "Kermany et al., doi:10.17632/rscbjbr9sj.2"
WANG = "Wang et al., CVPR 2017, arXiv:1705.02315"
RADIOGRAPHY = (
    "the database's own description, kaggle.com/tawsifurrahman/covid19-radiography-database"
)
RSNA = "the challenge's description on Kaggle; see Shih et al., doi:10.1148/ryai.2019180041"
CORONAHACK = "the columns of Chest_xray_Corona_Metadata.csv"
FLEISCHNER = "the Fleischner Society's glossary; not a definition of the dataset's own"
FROM_MESH = "MeSH, a general thesaurus; not a definition of the dataset's own"

SIIM = {
    "Typical Appearance": Meaning(
        "Several opacities on both sides, near the chest wall, rounded, mostly in the lower lungs: "
        "the classic pattern of COVID-19 pneumonia.",
        GRADING,
        "Not the same as COVID-19: some patients who tested negative look typical.",
    ),
    "Indeterminate Appearance": Meaning(
        "Not typical, and not the pattern of another disease either: opacities on one side, in the "
        "centre, or mostly in the upper lungs.",
        GRADING,
        "It does not exclude COVID-19.",
    ),
    "Atypical Appearance": Meaning(
        "Signs of something else: pneumothorax, pleural effusion, pulmonary edema, consolidation "
        "of one lobe, a single nodule or mass, many tiny nodules, a cavity.",
        GRADING,
        "The smallest class holds the most different diseases. Effusions and pneumothoraces got "
        "no box.",
    ),
    "Negative for Pneumonia": Meaning(
        "No opacity in the lungs.",
        GRADING,
        "Some of these patients had COVID-19: the class says what the image shows, not who is ill.",
    ),
    "opacity": Meaning(
        "A radiologist drew a box on this very image.",
        GRADING,
        "Boxes mark opacities, and of atypical findings only some, such as nodules and cavities.",
    ),
    "none": Meaning(
        "No box was drawn on this image.",
        GRADING,
        "Not the same as healthy: its study may show an opacity on another image, or an effusion "
        "or pneumothorax, which got no box.",
    ),
}
NORMAL_CHILD = Meaning(
    "Clear lungs without any area of abnormal opacity.",
    KERMANY,
)
BACTERIAL = Meaning(
    "Pneumonia of bacteria: typically a consolidation confined to one lobe.",
    KERMANY,
    "Read from the file's name. Two physicians graded each image; a third checked the test set.",
)
VIRAL = Meaning(
    "Pneumonia of a virus: typically a more diffuse pattern in both lungs.",
    KERMANY,
    "Read from the file's name. Two physicians graded each image; a third checked the test set.",
)
NIH = {
    "Atelectasis": Meaning(
        "A part of the lung, or all of it, without air: collapsed.",
        "general usage; not a definition of the dataset's own",
    ),
    "Consolidation": Meaning(
        "Fluid or another product of disease in place of the air in the lung, which turns solid.",
        FLEISCHNER,
    ),
    "Fibrosis": Meaning(
        "Scars in the lung, which grow after an inflammation.",
        "glossary of the Charité, Berlin; not a definition of the dataset's own",
    ),
    "Cardiomegaly": Meaning(
        "An enlarged heart: usually more than half as wide as the chest.", FROM_MESH
    ),
    "Edema": Meaning("Too much fluid in the lung, outside of its vessels.", FROM_MESH),
    "Effusion": Meaning(
        "Fluid between lung and chest wall: a sign of a disease, not a diagnosis.", FROM_MESH
    ),
    "Emphysema": Meaning(
        "Enlarged air spaces where gas is exchanged, mostly since their walls are destroyed.",
        FROM_MESH,
    ),
    "Mass": Meaning(
        "A lesion seen as an opacity of more than 3 cm.",
        FLEISCHNER,
    ),
    "Nodule": Meaning(
        "A rounded opacity of less than 3 cm.",
        "general usage; not a definition of the dataset's own",
        "Small ones hardly survive shrinking to 224 px or less.",
    ),
    "Pneumothorax": Meaning(
        "Air between lung and chest wall, by itself or after an injury.",
        FROM_MESH,
        "Many of these images already show the drain, from which a network may learn.",
    ),
    "Infiltration": Meaning(
        "The report speaks of an infiltrate; which look that is, no source read here defines.",
        WANG,
        "Three radiologists agreed poorly on it (alpha below 0.40 on 800 images; Caring Research, "
        "European Congress of Radiology 2019).",
    ),
    "No Finding": Meaning(
        "The software took none of the fourteen findings from the report.",
        WANG,
        "Only some of these images are normal: others show what is none of the fourteen "
        "(authors' notes to Tang et al. 2020).",
    ),
}
RADIOGRAPHY_CLASSES = {
    "COVID": Meaning(
        "Images published as COVID-19: 2,473 of PadChest's hospital, 183 of a German medical "
        "school, 559 from the Italian society of radiology, GitHub, Kaggle and Twitter, 400 from "
        "another repository.",
        RADIOGRAPHY,
        "A diagnosis, not an appearance: a lung may look normal.",
    ),
    "Lung_Opacity": Meaning(
        "An opacity that is not of COVID-19: the images that RSNA's challenge calls Lung Opacity.",
        RADIOGRAPHY,
        "All from one source, so a network may learn its look.",
    ),
    "Normal": Meaning(
        "8,851 normal adults of RSNA's challenge and 1,341 normal children of Kermany's.",
        RADIOGRAPHY,
        "Children and adults in one class.",
    ),
    "Viral Pneumonia": Meaning(
        "The viral pneumonias of Kermany's children.",
        RADIOGRAPHY,
        "Children only: to tell a child from an adult is enough to find this class.",
    ),
}
RSNA_CLASSES = {
    "Normal": Meaning("Nothing abnormal, as a radiologist read the image.", RSNA),
    "No Lung Opacity / Not Normal": Meaning(
        "No opacity that suggests pneumonia, but something else that is abnormal and may look "
        "much like it.",
        RSNA,
        "Left out or merged differently by different papers: say which.",
    ),
    "Lung Opacity": Meaning(
        "An opacity that suggests pneumonia, with a box around it.",
        RSNA,
        "Not a diagnosis: an opacity may also be fluid, blood, a collapse or cancer.",
    ),
}
CORONA_CLASSES = {
    "normal": Meaning("Label is Normal: a child of Kermany's without pneumonia.", CORONAHACK),
    "bacterial pneumonia": Meaning(
        "Label is Pnemonia, cause bacteria; from Kermany's children.", CORONAHACK
    ),
    "viral pneumonia": Meaning(
        "Label is Pnemonia, cause virus, not named; from Kermany's children.", CORONAHACK
    ),
    "COVID-19": Meaning(
        "Label is Pnemonia, cause virus, named COVID-19.",
        CORONAHACK,
        "From elsewhere than the rest: a network may learn the source.",
    ),
    "SARS": Meaning("Label is Pnemonia, cause virus, named SARS.", CORONAHACK, "A few images."),
    "Streptococcus": Meaning(
        "Label is Pnemonia, cause bacteria, named Streptococcus.", CORONAHACK, "A few images."
    ),
    "ARDS": Meaning(
        "Label is Pnemonia, cause stress and smoking: a lung that fails.",
        CORONAHACK,
        "Two images.",
    ),
}
# Reader's name -> finding, in the authors' words -> what it means.
MEANINGS: dict[str, dict[str, Meaning]] = {
    "siim_covid19": SIIM,
    "kermany": {
        "normal": NORMAL_CHILD,
        "bacterial pneumonia": BACTERIAL,
        "viral pneumonia": VIRAL,
    },
    "nih_chestxray14": NIH,
    "covid19_radiography": RADIOGRAPHY_CLASSES,
    "rsna_pneumonia": RSNA_CLASSES,
    "coronahack": CORONA_CLASSES,
}
# Reader's name -> what its sources say of the labels as a whole.
NOTES: dict[str, tuple[Note, ...]] = {
    "siim_covid19": (
        Note(
            READING,
            "The four appearances exclude each other and are given to a study, not to an image. "
            "The readers knew who had COVID-19, but were asked to grade by the appearance alone.",
            GRADING,
        ),
        Note(
            READING,
            "Readers often disagree: the thesis quotes that three of them gave the same label in "
            "41.8 % of the cases. The dataset that it refers to is another, RICORD: 1,000 images "
            "of patients with COVID-19, each read three times. The figure was not checked there.",
            f"{THESIS}, chapters 2.3 and 3.1, reference 38",
        ),
        Note(
            CROSSING,
            "The thesis puts the images without a box in studies that are not negative down to the "
            "atypical appearance alone, as effusions and pneumothoraces got no box. Compare its "
            "share of them here.",
            f"{THESIS}, chapter 4.3",
        ),
        Note(
            BOX_SIDES,
            "The thesis saw on 20 images that typical boxes lie on both sides, and atypical and "
            "indeterminate ones on one side. The table counts it on all.",
            f"{THESIS}, chapter 4.4",
        ),
    ),
    "kermany": (
        Note(
            READING,
            "Children of one to five years, imaged in their usual care; unreadable images were "
            "taken out. Two physicians graded each image, a third checked the test set.",
            KERMANY_DATA,
        ),
    ),
    "nih_chestxray14": (
        Note(
            READING,
            "Software took the labels from radiologists' reports; nobody looked at the images for "
            "them. The authors expect more than 90 % to be right.",
            WANG,
        ),
        Note(
            READING,
            "A radiologist who looked at some of the images found labels right less often: mostly "
            "10 % to 30 % below the figures in the documentation (positive predictive value).",
            "Oakden-Rayner, Academic Radiology, doi:10.1016/j.acra.2019.10.006",
        ),
    ),
    "rsna_pneumonia": (
        Note(
            READING,
            "Radiologists read the images themselves; the challenge asks for opacities, which are "
            "not yet a pneumonia.",
            RSNA,
        ),
    ),
}
