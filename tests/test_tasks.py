"""Tasks: the table of tasks, and the encoding."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xray_core.catalog import COLUMNS, LUNGS, OF_FINDING, Catalog, build_catalog
from xray_core.datasets import READERS
from xray_core.datasets.coronahack import CAUSES
from xray_core.errors import LabelError, UnlabelledError, XrayError
from xray_core.recipes import PUBLISHED, bind_recipe, change_recipe
from xray_core.tasks import (
    ANY,
    CLASSES,
    FEWEST,
    GUESSES,
    LUNG_TASK,
    TASKS,
    Task,
    class_of,
    combine_labels,
    count_states,
    describe_left_out,
    encode_catalog,
    encode_labels,
    find_task,
    label_in_words,
    name_states,
    tasks_of,
)

NIH = "nih_chestxray14"
CHEST = Task(
    dataset="made_up",
    classes={"effusion": ("Effusion",), "opacity": ("Mass", "Nodule")},
    negatives=("No Finding",),
    multilabel=True,
)


def siim_catalog(findings: list[str | None]) -> Catalog:
    rows = [{"image_id": str(i), "path": "a.jpg", "findings": f} for i, f in enumerate(findings)]
    return build_catalog(Path("siim"), "siim_covid19", rows)


@pytest.mark.parametrize("name", TASKS)
def test_every_view_is_about_a_known_dataset_and_says_where_it_comes_from(name: str) -> None:
    task = TASKS[name]

    assert task.dataset in {*READERS, ANY}
    assert task.column in COLUMNS
    assert task.question.endswith("?")
    assert task.source


@pytest.mark.parametrize("name", [name for name, task in TASKS.items() if task.asks == CLASSES])
def test_every_view_encodes_each_of_its_own_findings(name: str) -> None:
    task = replace(TASKS[name], fewest=0)
    findings = pd.Series([f for group in task.classes.values() for f in group])

    targets = encode_labels(findings, task)

    assert list(targets) == list(task.classes)
    assert (targets.sum(axis=1) == 1).all()


@pytest.mark.parametrize(
    ("finding", "expected"),
    [
        ("Effusion", [1, 0]),
        ("Nodule", [0, 1]),
        ("Mass|Nodule", [0, 1]),
        ("Effusion|Mass", [1, 1]),
        ("No Finding", [0, 0]),
        ("Mass|No Finding", [0, 1]),
    ],
)
def test_findings_become_targets(finding: str, expected: list[int]) -> None:
    targets = encode_labels(pd.Series([finding]), CHEST)

    assert targets.iloc[0].tolist() == expected


def test_unlabelled_images_are_left_out_and_the_index_is_kept() -> None:
    findings = pd.Series(["Effusion", pd.NA, "Mass"], index=[10, 11, 12], dtype="string")

    assert encode_labels(findings, CHEST).index.tolist() == [10, 12]


@pytest.mark.parametrize("finding", ["Effusion", "Mass|Effusion", "Effusion|No Finding"])
def test_images_that_a_view_leaves_out_are_as_unlabelled_ones(finding: str) -> None:
    task = replace(CHEST, classes={"opacity": ("Mass", "Nodule")}, left_out=("Effusion",))
    findings = pd.Series([finding, "Mass", pd.NA, "No Finding"], dtype="string")

    targets = encode_labels(findings, task)

    assert targets["opacity"].to_dict() == {1: 1, 3: 0}


def test_what_is_left_out_makes_no_class_of_a_view_that_takes_them_from_the_data() -> None:
    task = replace(CHEST, classes={}, negatives=(), multilabel=False, left_out=("Effusion",))

    targets = encode_labels(pd.Series(["Effusion", "Mass", "Nodule"]), task)

    assert targets.to_dict("list") == {"Mass": [1, 0], "Nodule": [0, 1]}


@pytest.mark.parametrize("findings", [[pd.NA], []])
def test_no_labelled_image_gives_an_empty_table_with_the_right_columns(
    findings: list[object],
) -> None:
    targets = encode_labels(pd.Series(findings, dtype="string"), CHEST)

    assert list(targets) == ["effusion", "opacity"]
    assert set(targets.dtypes.astype(str)) == {"uint8"}
    assert targets.empty


def test_a_finding_whose_name_holds_another_is_not_mistaken_for_it() -> None:
    with pytest.raises(LabelError, match="'Massive' \\(1 images\\)"):
        encode_labels(pd.Series(["Massive"]), CHEST)


@pytest.mark.parametrize("finding", ["Effusion|Mass", "No Finding"])
def test_a_single_task_wants_exactly_one_class_per_image(finding: str) -> None:
    with pytest.raises(LabelError, match=r"1 images .* \(first: row 7\)"):
        encode_labels(pd.Series([finding], index=[7]), replace(CHEST, multilabel=False))


def test_an_empty_finding_is_not_taken_for_a_negative() -> None:
    with pytest.raises(LabelError, match="'' .1 images."):
        encode_labels(pd.Series(["", "Mass"]), CHEST)


def test_targets_are_the_same_whatever_order_the_images_come_in() -> None:
    findings = pd.Series(["Effusion", "Mass", "No Finding", "Effusion|Nodule"])
    shuffled = findings.sample(frac=1, random_state=0)

    targets = encode_labels(shuffled, CHEST)

    pd.testing.assert_frame_equal(targets.sort_index(), encode_labels(findings, CHEST))


def test_a_catalog_is_encoded_in_class_order_without_its_unlabelled_images() -> None:
    catalog = siim_catalog(["Typical Appearance", None, "Negative for Pneumonia"])

    targets = encode_catalog(catalog, TASKS["siim_study"])

    assert list(targets) == ["atypical", "indeterminate", "negative", "typical"]
    assert targets.index.tolist() == [0, 2]
    assert class_of(targets).tolist() == ["typical", "negative"]


def test_a_view_reads_the_column_that_it_names() -> None:
    rows = [{"image_id": "a", "path": "a.jpg", "findings": "x", "image_findings": "opacity"}]
    catalog = build_catalog(Path("siim"), "siim_covid19", rows)

    targets = encode_catalog(catalog, TASKS["siim_image"])

    assert class_of(targets).tolist() == ["opacity"]


@pytest.mark.parametrize(
    ("findings", "first", "both", "abnormal"),
    [
        ("No Finding", "no finding", set(), "normal"),
        ("Hernia", "hernia", {"hernia"}, "abnormal"),
        ("Mass|Atelectasis", "mass", {"mass", "atelectasis"}, "abnormal"),
        ("Pleural_Thickening|Edema", "pleural thickening", {"pleural thickening", "edema"},
         "abnormal"),
    ],
)  # fmt: skip
def test_an_nih_image_has_a_first_finding_all_of_them_and_is_normal_or_not(
    findings: str, first: str, both: set[str], abnormal: str
) -> None:
    column = pd.Series([findings], dtype="string")

    targets = {name: encode_labels(column, task) for name, task in tasks_of(NIH).items()}

    assert class_of(targets["nih_first_diagnosis"]).tolist() == [first]
    of_image = targets["nih_findings"].iloc[0]
    assert {*of_image.index[of_image == 1]} == both
    assert class_of(targets["nih_abnormal"]).tolist() == [abnormal]


def test_nih_classes_are_in_alphabetical_order_with_no_finding_last() -> None:
    fourteen = list(TASKS["nih_findings"].classes)

    assert len(fourteen) == 14
    assert fourteen == sorted(fourteen)
    assert list(TASKS["nih_first_diagnosis"].classes) == [*fourteen, "no finding"]
    assert list(TASKS["nih_abnormal"].classes) == ["normal", "abnormal"]


@settings(deadline=None, derandomize=True, max_examples=20)
@given(st.text() | st.lists(st.sampled_from(["Mass", "No Finding", ""])).map("|".join))
def test_whatever_the_findings_are_they_are_encoded_or_refused(text: str) -> None:
    for task in tasks_of(NIH).values():
        try:
            targets = encode_labels(pd.Series([text], dtype="string"), task)
        except XrayError:
            continue
        assert list(targets) == list(task.classes)
        assert task.multilabel or targets.iloc[0].sum() == 1


def test_the_real_nih_findings_fall_in_the_known_classes(real_data: Path) -> None:
    table = pd.read_csv(real_data / "nih-chestxray14" / "Data_Entry_2017_v2020.csv", usecols=[1])
    findings = table["Finding Labels"].astype("string")

    first = class_of(encode_labels(findings, TASKS["nih_first_diagnosis"]))
    several = encode_labels(findings, TASKS["nih_findings"]).sum(axis=1)
    abnormal = class_of(encode_labels(findings, TASKS["nih_abnormal"]))

    assert first.nunique() == 15
    assert (first == "no finding").sum() == (several == 0).sum() == 60_361
    assert abnormal.value_counts().to_dict() == {"normal": 60_361, "abnormal": 51_759}


def test_combined_labels_labels_are_those_of_the_study_and_where_there_are_any_of_the_image() -> (
    None
):
    catalog = siim_catalog(["Typical Appearance", "Typical Appearance", None, None])
    catalog.images["image_findings"] = pd.array(["opacity", None, "none", None], "string")

    labels = combine_labels(catalog)

    assert labels.tolist() == ["Typical Appearance / opacity", "Typical Appearance", " / none", ""]


def test_a_view_of_another_dataset_is_refused_with_those_that_fit() -> None:
    with pytest.raises(LabelError, match="'kermany'.*Tasks that fit: siim_study, siim_image"):
        encode_catalog(siim_catalog(["Typical Appearance"]), TASKS["kermany_pneumonia"])


def test_a_catalog_without_a_label_is_refused() -> None:
    with pytest.raises(LabelError, match="no image is labelled"):
        encode_catalog(siim_catalog([None]), TASKS["siim_study"])


def test_a_catalog_of_which_no_image_shows_any_finding_is_refused_as_such() -> None:
    rows = [{"image_id": i, "path": i, "findings": "No finding"} for i in ("a", "b")]
    states = pd.DataFrame({"image_id": ["a", "b"], "Edema": [0, 0], "Mass": [0, None]})
    catalog = build_catalog(Path("own"), "folder", rows, finding_states=states)

    with pytest.raises(UnlabelledError, match="no image shows any finding: all 2 that are label"):
        encode_catalog(catalog, TASKS["folder_findings"])


def test_classes_keep_the_order_of_the_targets_and_their_index() -> None:
    targets = pd.DataFrame({"normal": [0, 1], "pneumonia": [1, 0], "other": [0, 0]}, index=[5, 3])

    classes = class_of(targets)

    assert classes.to_dict() == {5: "pneumonia", 3: "normal"}
    assert classes.cat.categories.tolist() == ["normal", "pneumonia", "other"]


def test_views_are_found_by_name_and_by_dataset() -> None:
    assert find_task("kermany_cause") is TASKS["kermany_cause"]
    assert list(tasks_of("kermany")) == ["kermany_pneumonia", "kermany_cause"]
    assert tasks_of("unheard_of") == {}
    with pytest.raises(LabelError, match="'kermany_causes'. Choose one of: siim_study"):
        find_task("kermany_causes")


@pytest.mark.parametrize(
    ("task", "finding", "expected"),
    [
        ("radiography_class", "Viral Pneumonia", "viral pneumonia"),
        ("radiography_covid", "Viral Pneumonia", "other"),
        ("radiography_covid", "COVID", "COVID-19"),
        ("radiography_opacity", "Normal", "normal"),
        ("radiography_opacity", "COVID", "opacity"),
        ("corona_pneumonia", "normal", "normal"),
        ("corona_pneumonia", "ARDS", "pneumonia"),
        ("corona_cause", "SARS", "viral or other"),
        ("corona_cause", "ARDS", "viral or other"),
        ("corona_cause", "Streptococcus", "bacterial"),
        # Of a union: normal is what either source calls so; an appearance that is not typical
        # is an opacity, but not COVID-19.
        ("union_opacity", "Normal", "no opacity"),
        ("union_opacity", "Negative for Pneumonia", "no opacity"),
        ("union_opacity", "Atypical Appearance", "opacity"),
        ("union_opacity", "Viral Pneumonia", "opacity"),
        ("union_covid", "Typical Appearance", "COVID-19"),
        ("union_covid", "COVID", "COVID-19"),
        ("union_covid", "Indeterminate Appearance", "other"),
        ("union_covid", "Lung_Opacity", "other"),
    ],
)
def test_a_finding_falls_in_the_class_that_its_view_means(
    task: str, finding: str, expected: str
) -> None:
    assert class_of(encode_labels(pd.Series([finding]), find_task(task))).tolist() == [expected]


def test_the_views_of_coronahack_know_every_finding_that_its_reader_gives() -> None:
    findings = pd.Series(["normal", *CAUSES.values()])

    for task in tasks_of("coronahack").values():
        assert len(encode_labels(findings, task)) == len(findings)


STATES = pd.DataFrame(
    {  # in another order than the images
        "image_id": ["e", "d", "c", "b", "a"],
        "Mass": [None, 1, 0, None, 1],
        "Edema": [None, None, 0, 1, 0],
        "Hernia": [None, None, 0, 0, None],  # of no image is it known to be there
    }
)
FINDINGS = {"a": "Mass", "b": "Edema", "c": "No finding", "d": "Mass", "e": None, "f": "Edema"}


def states_catalog(states: pd.DataFrame | None = STATES) -> Catalog:
    """Six images: a and c all known, b and d partly, e and f without a state."""
    rows = [{"image_id": i, "path": f"{i}.png", "findings": text} for i, text in FINDINGS.items()]
    return build_catalog(Path("seen"), "folder", rows, finding_states=states)


def test_what_is_unknown_is_not_taken_for_absent() -> None:
    catalog, several = states_catalog(), TASKS["folder_findings"]

    targets = encode_catalog(catalog, several)

    # Hernia is no class, as nobody has it; nor is what the reader calls an image without any.
    assert list(targets) == ["Edema", "Mass"]
    assert set(targets.dtypes) == {pd.Int8Dtype()}
    # Of e nothing is known at all; f is labelled, but no state of it is given.
    assert catalog.images["image_id"][targets.index].tolist() == ["a", "b", "c", "d", "f"]
    states = targets.fillna(-1).to_numpy().tolist()
    assert states == [[0, 1], [1, -1], [0, 0], [-1, 1], [1, -1]]
    assert class_of(targets).tolist() == ["Mass", "Edema", "none", "Mass", "Edema"]
    assert describe_left_out(catalog, several, targets) == [
        "1 of 6 images are left out: unlabelled.",
        "Of 1 of 5 images it is unknown whether Edema is present; there it counts neither as "
        "present nor as absent.",
        "Of 2 of 5 images it is unknown whether Mass is present; there it counts neither as "
        "present nor as absent.",
        "Present on no image, and therefore no class: Hernia (absent on 2).",
    ]


def test_a_single_class_asks_nothing_of_other_findings() -> None:
    catalog, single = states_catalog(), TASKS["folder_class"]

    targets = encode_catalog(catalog, single)

    assert catalog.images["image_id"][targets.index].tolist() == ["a", "b", "c", "d", "f"]
    assert describe_left_out(catalog, single, targets) == [
        "1 of 6 images are left out: unlabelled."
    ]


def test_what_nobody_names_is_absent_where_only_what_is_present_is_said() -> None:
    catalog = states_catalog(None)

    targets = encode_catalog(catalog, TASKS["folder_findings"])

    assert len(targets) == 5
    assert not targets.isna().to_numpy().any()
    assert count_states(catalog).empty


def test_a_class_of_several_findings_is_absent_where_all_of_them_are() -> None:
    task = Task(
        "folder", {"lump": ("Mass", "Hernia"), "edema": ("Edema",)}, others="", multilabel=True
    )

    targets = encode_catalog(states_catalog(), task)

    # Of b no Hernia, but of Mass nothing is known.
    states = dict(zip("abcdf", targets["lump"].fillna(-1).tolist(), strict=True))
    assert states == {"a": 1, "b": -1, "c": 0, "d": 1, "f": -1}


def test_no_class_is_called_what_an_image_without_any_is_called() -> None:
    present = np.array([[True, True], [False, False], [False, True]])
    for classes, nothing in (
        (["a", "b"], "none"),
        (["a", "none"], "none of these"),
        (["none of these", "none"], "none of these of these"),
    ):
        words = label_in_words(present, classes)

        assert words.tolist() == ["|".join(classes), nothing, classes[1]]


def test_states_are_counted_and_named_for_every_image() -> None:
    catalog = states_catalog()

    counts = count_states(catalog).set_index("finding")

    assert counts[["present", "absent", "unknown"]].to_numpy().tolist() == [
        *([2, 1, 3], [1, 2, 3], [0, 2, 4])
    ]
    assert counts.loc["Hernia", "share unknown"] == pytest.approx(4 / 6)
    words = name_states(catalog, "Mass").fillna("?").tolist()
    assert words == ["present", "?", "absent", "present", "?", "?"]
    with pytest.raises(LabelError, match="'Nodule'.*Mass, Edema, Hernia"):
        name_states(catalog, "Nodule")


def test_images_that_a_task_passes_over_are_counted_apart() -> None:
    rows = [
        {"image_id": "a", "path": "a.png", "findings": "Normal"},
        {"image_id": "b", "path": "b.png", "findings": "No Lung Opacity / Not Normal"},
        {"image_id": "c", "path": None, "findings": None},  # absent: left out of everything
    ]
    catalog, task = build_catalog(Path("r"), "rsna_pneumonia", rows), TASKS["rsna_normal_opacity"]

    words = describe_left_out(catalog, task, encode_catalog(catalog, task))

    assert words == ["1 of 2 images are left out: with a finding that the task leaves out."]


@pytest.mark.parametrize(
    ("findings", "abnormal", "mass"),
    [("normal", 0, 0), ("Mass", 1, 1), ("Sutures|Mass", 1, 1), ("Sutures", 1, 0)],
)
def test_findings_that_no_class_names_count_as_the_task_says(
    findings: str, abnormal: int, mass: int
) -> None:
    of_all = Task("", {"normal": ("normal",), "abnormal": ()}, others="abnormal", first_only=True)
    of_some = Task("", {"mass": ("Mass",)}, negatives=("normal",), others="", multilabel=True)

    assert encode_labels(pd.Series([findings]), of_all)["abnormal"].tolist() == [abnormal]
    assert encode_labels(pd.Series([findings]), of_some)["mass"].tolist() == [mass]


def test_a_guess_fits_any_dataset_and_leaves_rare_values_out() -> None:
    views = ["PA"] * FEWEST + ["AP"] * FEWEST + ["LATERAL"] * (FEWEST - 1) + [None]
    rows = [{"image_id": str(i), "view_position": view} for i, view in enumerate(views)]
    catalog = build_catalog(Path("r"), "kermany", rows)

    targets = encode_catalog(catalog, TASKS["guess_view"])

    assert targets.sum().to_dict() == {"AP": FEWEST, "PA": FEWEST}
    assert len(targets) == 2 * FEWEST
    with pytest.raises(LabelError, match=r"guess the dataset, .* are: Kermany .* .60 im"):
        encode_catalog(catalog, TASKS["guess_source"])
    with pytest.raises(LabelError, match="the sex is known of no image"):
        encode_catalog(catalog, TASKS["guess_sex"])
    assert not {*GUESSES} & {*tasks_of("kermany")}  # a chooser of tasks does not offer them


def test_a_recipe_asks_for_a_guess_on_the_dataset_that_it_is_bound_to() -> None:
    rows = [{"image_id": str(i), "gender": "FM"[i % 2]} for i in range(2 * FEWEST)]
    catalog = build_catalog(Path("r"), "siim_covid19", rows)

    recipe = bind_recipe(change_recipe(PUBLISHED["quick_cnn"], {"task": "guess_sex"}), catalog)

    assert (recipe.dataset, recipe.class_names) == ("siim_covid19", ("female", "male"))


def test_lung_masks_are_the_labels_of_any_dataset_that_has_some() -> None:
    rows = [{"image_id": name, "path": f"{name}.png"} for name in "abc"]
    masks = [
        {"image_id": "b", "kind": LUNGS, "path": "b_left.png"},
        {"image_id": "b", "kind": LUNGS, "path": "b_right.png"},
        {"image_id": "c", "kind": OF_FINDING, "finding": "mass", "path": "c.png"},
    ]
    catalog = build_catalog(Path("r"), "jsrt", rows, masks=masks)
    task = TASKS[LUNG_TASK]

    targets = encode_catalog(catalog, task)

    assert targets["lungs"].to_dict() == {1: 1}
    assert describe_left_out(catalog, task, targets) == [
        "2 of 3 images are left out: without a lung mask."
    ]
    with pytest.raises(UnlabelledError, match="no image has a lung mask"):
        encode_catalog(build_catalog(Path("r"), "jsrt", rows), task)
