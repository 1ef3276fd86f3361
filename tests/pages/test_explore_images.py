"""Explore's images: filters on columns, order, masks, large ones, several beside each other."""

import base64
import io
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from pages.components import context, dataset
from tests.pages.clicks import play_clicks
from tests.pages.conftest import N_IMAGES, OpenPage
from tests.pages.shown import list_html
from tests.pages.test_explore import (
    PER_PAGE,
    count_shown,
    find_image,
    ids,
    list_components,
    read_facets,
    read_grid,
)
from xray_core.catalog import LUNGS, OF_FINDING, Catalog, build_catalog
from xray_core.datasets import open_dataset
from xray_core.workspace import Workspace


@pytest.fixture
def catalog(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Catalog:
    """The demo data, with ages 0 to 47, sexes, masks and states of findings.

    The first image has a mask for either lung, the second one of a lesion as a file and as run
    lengths, and one that is broken.
    """
    shutil.rmtree(workspace.demo_data / "lung_masks")
    plain = open_dataset(workspace.demo_data, workspace.cache)
    images = plain.images.copy()
    images["age"] = pd.array(range(N_IMAGES), dtype="Float64")
    images["gender"] = pd.array(["F", "M", "M"] * (N_IMAGES // 3), dtype="string")
    images.loc[images.index[0], "reading"] = "left <i>PTB</i>, in words"
    folder = workspace.demo_data / "masks"
    folder.mkdir()
    draw_square(folder / "left.png", 4)
    draw_square(folder / "right.png", 44)
    draw_square(folder / "lesion.png", 20)
    (folder / "broken.png").write_bytes(b"no image")
    first, second = images["image_id"].head(2)
    lesion = {"image_id": second, "kind": OF_FINDING, "finding": "<b>lesion</b>"}
    masks = [
        {"image_id": first, "kind": LUNGS, "path": "masks/left.png"},
        {"image_id": first, "kind": LUNGS, "path": "masks/right.png"},
        {**lesion, "path": "masks/lesion.png"},
        {**lesion, "path": "masks/broken.png"},
        {**lesion, "finding": None, "runs": "1 4"},
    ]
    states = pd.DataFrame({"image_id": images["image_id"], "Edema": [1, 0, None] * 16})
    states["<b>Mass</b>"] = [None, *[1] * (N_IMAGES - 1)]
    richer = build_catalog(
        plain.root, plain.source, images, plain.boxes, plain.remarks, masks, states
    )
    monkeypatch.setattr(context, "open_folder", lambda _: richer)
    monkeypatch.setattr(dataset, "open_folder", lambda _: richer)
    return richer


def draw_square(path: Path, left: int) -> None:
    """Draw a mask of 64 px that is white from `left` on, 16 px wide."""
    inside = np.zeros((64, 64), dtype=np.uint8)
    inside[20:40, left : left + 16] = 255
    Image.fromarray(inside).save(path)


def ids_of(catalog: Catalog, places: list[int]) -> list[str]:
    return catalog.images["image_id"].iloc[places].tolist()


def read_rows(app: AppTest) -> dict[str, list[str]]:
    """Return the facts on the page, name -> one value for each image; "*" before what differs."""
    rows = {}
    for text in list_html(app):
        for row in re.findall(r'<tr><th scope="row">(.*?)</tr>', text):
            name, *values = re.split(r"</?t[hd]>", row.replace("<b>", "*").replace("</b>", ""))
            rows[name] = [value for value in values if value]
    return rows


def open_panel(app: AppTest, key: str) -> AppTest:
    """Open a popover, whose content is computed only then."""
    app.session_state[key] = True
    return app.run()


def test_a_link_shows_the_same_images_in_the_same_order(
    open_page: OpenPage, catalog: Catalog
) -> None:
    app = open_page("explore", where="age:10..20;gender=F", sort="age, reversed")

    assert ids(app) == ids_of(catalog, [18, 15, 12])
    assert count_shown(app) == 3
    assert read_grid(app, "chips")["chips"] == ["Age (years) from 10 to 20", "Sex: female"]


def test_more_is_known_more_facets(open_page: OpenPage, catalog: Catalog) -> None:
    facets = read_facets(open_page("explore", where="age_group=18-39"))

    assert facets["Age group"] == {"0–17": 18, "18–39": 22, "40–59": 8}
    assert facets["Sex"] == {"female": 8, "male": 14}


@pytest.mark.parametrize("where", ["<b>x</b>~1", "age:9..1"])
def test_a_broken_filter_is_left_out_with_a_warning(open_page: OpenPage, where: str) -> None:
    app = open_page("explore", where=where)

    assert "are left out" in app.warning[0].value
    assert count_shown(app) == N_IMAGES


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("site=Rome", "tells nothing of: Site"),
        ("age_group=18-39", "tells nothing of: Age group"),
        ("class=<b>x</b>", "no class '\\<b>x\\</b>'"),
    ],
)
def test_a_filter_on_what_this_dataset_does_not_tell_is_left_out(
    open_page: OpenPage, where: str, words: str
) -> None:
    app = open_page("explore", where=where)

    assert words in app.warning[0].value
    assert len(ids(app)) == PER_PAGE


def test_filters_on_any_column_are_chosen_and_changed(
    open_page: OpenPage, catalog: Catalog
) -> None:
    app = open_page("explore", page="2")
    assert not app.main.get("multiselect")
    app = open_panel(app, "more_filters")
    assert "Site" not in app.selectbox(key="where_column").options

    app.selectbox(key="where_column").set_value("gender").run()
    counts = app.multiselect(key="where_gender_values").options
    assert counts == [f"male ({N_IMAGES * 2 // 3})", f"female ({N_IMAGES // 3})"]
    app.multiselect(key="where_gender_values").set_value(["F"]).run()
    assert app.query_params["where"] == "gender=F"
    assert ids(app) == ids_of(catalog, list(range(0, N_IMAGES, 3)))

    app.selectbox(key="where_column").set_value("age").run()
    app.number_input(key="where_age_low").set_value(40).run()
    assert app.query_params["where"] == "gender=F;age:40.."
    assert ids(app) == ids_of(catalog, [42, 45])

    app.number_input(key="where_age_high").set_value(3).run()
    assert "swap them" in app.error[0].value
    assert app.query_params["where"] == "gender=F;age:40.."
    app.number_input(key="where_age_low").set_value(None).run()
    assert app.query_params["where"] == "gender=F"


def test_a_text_filter_takes_signs_to_the_letter(open_page: OpenPage) -> None:
    app = open_panel(open_page("explore"), "more_filters")
    app.selectbox(key="where_column").set_value("findings").run()
    app.radio(key="how_findings").set_value("text").run()

    app.text_input(key="where_findings_text").set_value("typ.*").run()
    assert "No image passes" in app.main.info[0].value
    app.text_input(key="where_findings_text").set_value("TYPICAL").run()

    assert {tile["title"] for tile in read_grid(app)["tiles"]} == {"typical", "atypical"}


def test_masks_are_sent_only_when_they_are_drawn(open_page: OpenPage, catalog: Catalog) -> None:
    app = open_page("explore")
    tiles = read_grid(app)["tiles"]
    assert not any(tile["mask"] or tile["outlines"] for tile in tiles)
    assert not any("is not drawn. masks" in text for text in list_html(app))

    app.toggle(key="grid_masks").set_value(True).run()

    first, second, *others = read_grid(app)["tiles"]
    assert first["mask"].startswith("data:image/jpeg;base64,")
    jpeg = base64.b64decode(first["mask"].partition(",")[2])
    lungs = np.asarray(Image.open(io.BytesIO(jpeg)))  # both of them
    assert (lungs[30, [8, 32, 50]] > 127).tolist() == [True, False, True]
    assert first["alt"].endswith("lung mask")
    assert first["outlines"] == []
    assert not second["mask"]
    assert [name for name, *_ in second["outlines"]] == ["<b>lesion</b>", "finding"]
    square = re.findall(r"(\d+),(\d+)", second["outlines"][0][1])
    assert {(int(x), int(y)) for x, y in square} == {
        (round(x / 64 * 1000), round(y / 64 * 1000)) for x in (20.5, 35.5) for y in (20.5, 39.5)
    }
    assert second["alt"].endswith(", outlined: <b>lesion</b>, finding")
    assert not any(tile["mask"] or tile["outlines"] for tile in others)
    [said] = [text for text in list_html(app) if "is not drawn. masks" in text]
    assert "1 mask here is not drawn. masks/broken.png is not an image" in said


def test_masks_and_findings_are_named_beside_the_large_image(
    open_page: OpenPage, catalog: Catalog
) -> None:
    first, second, third = ids_of(catalog, [0, 1, 2])

    facts = read_rows(open_page("explore", image=first))
    assert facts["Lung mask"] == ["masks/left.png, masks/right.png"]
    assert facts["Findings present"] == ["Edema"]
    assert facts["Reading"] == ["left &lt;i&gt;PTB&lt;/i&gt;, in words"]
    assert facts["Findings unknown"] == ["&lt;b&gt;Mass&lt;/b&gt;"]
    assert "Mask of a finding" not in facts

    facts = read_rows(open_page("explore", image=second))
    assert "Reading" not in facts
    assert facts["Mask of a finding"] == [
        "&lt;b&gt;lesion&lt;/b&gt; (masks/broken.png), &lt;b&gt;lesion&lt;/b&gt; "
        "(masks/lesion.png), finding (run lengths)"
    ]
    assert facts["Findings absent"] == ["Edema"]

    app = open_page("explore", image=second)
    app.toggle(key="grid_masks").set_value(True).run()
    [tile] = read_grid(app, "large")["tiles"]
    assert tile["note"] == f"{second} · outlined: <b>lesion</b>, finding"
    assert sum("is not drawn. masks" in text for text in list_html(app)) == 2
    assert read_rows(open_page("explore", image=third))["Findings unknown"] == ["Edema"]


def test_images_are_filtered_by_masks_and_by_the_state_of_a_finding(
    open_page: OpenPage, catalog: Catalog
) -> None:
    app = open_page("explore", where="finding[Edema]=;finding_mask?no")

    assert ids(app) == ids_of(catalog, list(range(2, N_IMAGES, 3)))
    facets = read_facets(app)
    assert facets["Edema"] == {"present": 16, "absent": 15, "unknown": 16}
    assert facets["Mask of a finding"] == {"with": 0, "without": 16}
    assert read_grid(app, "chips")["chips"] == ["Edema: unknown", "without a mask of a finding"]

    app = open_panel(app, "more_filters")
    app.selectbox(key="where_column").set_value("finding[Edema]").run()
    app.multiselect(key="where_finding[Edema]_values").set_value(["present"]).run()
    assert app.query_params["where"] == "finding[Edema]=present;finding_mask?no"

    app = open_page("explore", where="finding[Nodule]=present")
    assert "does not say whether 'Nodule'" in app.warning[0].value
    assert count_shown(app) == N_IMAGES


def test_findings_are_counted_as_present_absent_and_unknown(
    open_page: OpenPage, catalog: Catalog
) -> None:
    app = open_page("explore", show="Counts", numbers="Labels")

    [counts] = [one.value for one in app.dataframe if "unknown" in one.value]
    assert counts[["finding", "present", "absent", "unknown"]].to_numpy().tolist() == [
        ["Edema", 16, 16, 16],
        ["<b>Mass</b>", N_IMAGES - 1, 0, 1],
    ]


def test_no_masks_no_switch_for_them(open_page: OpenPage, workspace: Workspace) -> None:
    shutil.rmtree(workspace.demo_data / "lung_masks")

    assert {one.key for one in open_page("explore").toggle} == {"grid_boxes"}


def test_an_image_opens_beside_the_grid_by_its_address(
    open_page: OpenPage, workspace: Workspace
) -> None:
    image_id = find_image(workspace, boxed=True)

    app = open_page("explore", image=image_id)

    [tile] = read_grid(app, "large")["tiles"]
    assert tile["id"] == image_id
    assert tile["boxes"]
    grid = read_grid(app)
    assert len(grid["tiles"]) == PER_PAGE
    assert grid["open"] == [image_id]
    facts = read_rows(app)
    assert facts["On disk"] == ["64 × 64 px"]
    assert facts["Original"][0].endswith("px")
    assert facts["Patient"]
    assert facts["Task"] == ["Which of the four study appearances?"]
    assert facts["Its findings"][0].lower().startswith(facts["Label"][0])
    [boxes] = [text for text in list_html(app) if "facts boxes" in text]
    assert boxes.count("<td>opacity</td>") == len(tile["boxes"])


def test_a_click_opens_an_image_and_closing_leaves_the_grid_as_it_was(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    play_clicks(monkeypatch)
    app = open_page("explore", page="2", where="patient_id?yes", sort="patient")
    before = ids(app)

    app.button(key=f"open {before[3]}").click().run()
    assert ids(app, "large") == [before[3]]
    assert ids(app) == before
    app.button(key="close").click().run()

    assert "large" not in list_components(app)
    assert ids(app) == before
    assert "image" not in app.query_params


def test_paging_through_large_images_follows_filters_order_and_pages(
    open_page: OpenPage, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    play_clicks(monkeypatch)
    first, second = ids_of(catalog, [18, 15])
    app = open_page("explore", image=first, where="age:10..20;gender=F", sort="age, reversed")
    assert read_grid(app, "large")["before"] == ""

    app.button(key="next").click().run()
    assert ids(app, "large") == [second]
    assert read_grid(app, "large")["place"] == "2 of 3"

    last = ids_of(catalog, [19])[0]
    app = open_page("explore", image=last, per="20")
    app.button(key="next").click().run()  # the first one of the next page
    assert ids(app, "large")[0] == ids(app)[0] == ids_of(catalog, [20])[0]
    assert app.get("pagination")[0].value == 2


def test_an_image_that_the_filters_leave_out_can_be_open(
    open_page: OpenPage, catalog: Catalog
) -> None:
    large = read_grid(
        open_page("explore", image=ids_of(catalog, [0])[0], where="age:20.."), "large"
    )

    assert (large["before"], large["after"]) == ("", "")
    assert large["place"] == "not among those filtered"


def test_original_proportions_change_the_shape_of_the_large_image(
    open_page: OpenPage, workspace: Workspace
) -> None:
    app = open_page("explore", image=find_image(workspace, boxed=True))

    app.button_group(key="proportions").set_value("as taken").run()

    [tile] = read_grid(app, "large")["tiles"]
    assert tile["ratio"] != 1


def test_an_unknown_image_is_named_and_the_others_are_shown(
    open_page: OpenPage, catalog: Catalog
) -> None:
    app = open_page("explore", image="<b>nobody</b>")

    assert "\\<b>nobody" in app.warning[0].value
    assert len(ids(app)) == PER_PAGE

    [first] = ids_of(catalog, [0])
    app = open_page("explore", image=first, **{"with": "<b>nobody</b>"})
    assert "click another" in app.warning[0].value
    assert ids(app, "large") == [first]


def test_a_large_image_has_windows_and_a_link(open_page: OpenPage, catalog: Catalog) -> None:
    [image_id] = ids_of(catalog, [0])

    app = open_panel(open_page("explore", image=image_id), "link")

    windows = [one["name"] for one in read_grid(app, "large")["windows"]]
    assert windows == ["full range", "lungs", "bones", "auto"]
    facts = read_rows(app)
    assert (facts["Age"], facts["Sex"]) == (["0 years"], ["female"])
    assert f"image={image_id}" in app.code[0].value
    assert "data=demo" in app.code[0].value


def test_ticked_images_stand_beside_each_other_four_at_most(
    open_page: OpenPage, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    play_clicks(monkeypatch)
    names = ids_of(catalog, [0, 1, 2, 3, 4])
    app = open_page("explore")

    for image_id in names:
        app.button(key=f"tick {image_id} grid").click().run()
    assert ids(app, "large") == read_grid(app)["open"] == names[:4]
    assert app.query_params["with"] == ",".join(names[1:4])
    app.button(key=f"tick {names[0]} grid").click().run()
    assert ids(app, "large") == names[1:4]

    app.button(key="swap").click().run()
    assert ids(app, "large") == names[3:0:-1]
    app.button(key="first").click().run()
    assert ids(app, "large") == [names[3]]


def test_two_images_are_compared_in_what_differs(
    open_page: OpenPage, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    play_clicks(monkeypatch)
    first, second, third = ids_of(catalog, [0, 1, 2])
    app = open_panel(open_page("explore", image=first, **{"with": second}), "link")

    assert len(read_grid(app, "large")["windows"]) == 4
    facts = read_rows(app)
    assert facts["*Sex"] == ["*female", "*male"]
    assert facts["On disk"] == ["64 × 64 px"] * 2
    assert [name.startswith("*") for name in facts] == sorted(
        (name.startswith("*") for name in facts), reverse=True
    )  # those that differ come first
    assert f"image={first}&with={second}" in app.code[0].value
    assert read_grid(app, "large")["before"] == ""  # the first one stands at the left already

    app.button(key="next").click().run()
    assert ids(app, "large") == [first, third]


def test_an_image_to_compare_is_named_by_its_id(open_page: OpenPage, catalog: Catalog) -> None:
    first, second = ids_of(catalog, [0, 5])
    app = open_panel(open_page("explore", image=first), "compare")

    app.text_input(key="compare_id").set_value(f" {second} ").run()

    assert ids(app, "large") == [first, second]


def test_the_patients_other_images_open_or_stand_beside_it(
    open_page: OpenPage, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    play_clicks(monkeypatch)
    repeated = catalog.present[catalog.present["patient_id"].duplicated(keep=False)]
    same = repeated[repeated["patient_id"] == repeated["patient_id"].iloc[0]]["image_id"].tolist()
    app = open_page("explore", image=same[0])
    assert ids(app, "others") == same[1:]

    app.button(key=f"tick {same[1]} others").click().run()
    assert ids(app, "large") == same[:2]

    app = open_page("explore", image=same[0])
    app.button(key=f"other {same[1]}").click().run()
    assert ids(app, "large") == [same[1]]


def test_an_id_with_a_comma_is_no_two_ids(open_page: OpenPage, catalog: Catalog) -> None:
    catalog.images.loc[1, "image_id"] = "a,b"
    [first] = ids_of(catalog, [0])

    app = open_page("explore", image=first, **{"with": "a\\,b"})

    assert ids(app, "large") == [first, "a,b"]
