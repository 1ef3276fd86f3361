"""The sections of the report, from what matters most to what is only looked up."""

from html import escape
from typing import Any

from xray_core.audit.issue import count_of
from xray_core.evaluation.intervals import N_ROUNDS
from xray_core.exports.run.facts import (
    LEARNING,
    describe_environment,
    describe_model,
    describe_result,
    describe_size,
    describe_split,
    describe_threshold,
    describe_time,
    format_interval,
    format_value,
    list_baselines,
    list_changes,
    list_limits,
    list_people,
    list_settings,
    list_subsets,
    title_of,
)
from xray_core.exports.run.material import Material
from xray_core.exports.run.page.pieces import (
    write_list,
    write_paragraph,
    write_section,
    write_table,
)
from xray_core.runs.notes import read_notes
from xray_core.typed_paths import name_folder

SHADE = (11, 100, 119)  # the report's teal, by which cells of the matrix are shaded
WHITE_FROM = 0.55  # share of a row from which white text is the more legible
MOST_NAMED = 40  # images or remarks that are listed


def show_head(material: Material) -> str:
    """Return what it is, its result in a sentence, and what stands in the way of trusting it."""
    recipe, run = material.recipe, material.run
    facts = [
        material.question,
        f"{material.reader.title} ({name_folder(recipe.data_folder)})",
        describe_time(material),
        f"run {run.name}",
    ]
    if material.origin:
        facts.append(material.origin.words)
    # A run without a nickname is called by its folder's name, which stands below.
    named = material.nickname != run.name
    title = f"{material.nickname}: {recipe.title}" if named else recipe.title
    lines = "".join(f"<span>{escape(fact)}</span>" for fact in facts if fact)
    closed = ""
    if material.closed:
        closed = write_paragraph(
            "The test set of this run has not been opened. All figures on this page are of the "
            "validation set.",
            "stop",
        )
    return (
        f'<header><p class="kind">Report on a training · {escape(LEARNING)}</p>'
        f'<h1>{escape(title)}</h1><p class="facts">{lines}</p>'
        f'</header><p class="verdict">{escape(describe_result(material))}</p>{closed}'
        + write_paragraph(_find_note(material), "note")
    )


def show_metrics(material: Material, picture: str) -> str:
    """Return every metric with its interval, and what is reached without looking."""
    report = material.report
    rows = [
        [
            _capital(title_of(key, report)),
            format_value(key, figure["value"]),
            format_interval(key, figure) or "–",
        ]
        for key, figure in report["metrics"].items()
    ]
    size = describe_size(report, str(material.data.get("grouped_by", "")))
    baselines = write_table(
        ["what is known without the pixels", "accuracy", "AUC"],
        [
            [_capital(name), *(figure.replace(" (", "\n").rstrip(")") for figure in figures)]
            for name, *figures in list_baselines(report)
        ],
        numbers=(1, 2),
        kind="",
    )
    figures = write_table(["metric", "value", "95% interval"], rows, numbers=(1, 2), kind="")
    beside = f"<div><h3>Beside it</h3>{baselines}</div>" if baselines else ""
    return write_section(
        f"Metrics on the {report['subset']} set",
        write_paragraph(
            f"{size}. Intervals are 95% intervals, of {N_ROUNDS:,} resamplings of whole patients.",
            "note",
        ),
        write_paragraph(describe_threshold(material), "note"),
        f'<div class="sides">{figures}{beside}</div>',
        picture,
    )


def show_matrix(material: Material) -> str:
    """Return the confusion matrix, and of two classes what each of its cells is called."""
    report = material.report
    if "confusion" not in report:
        return ""
    names, counts = report["classes"], report["confusion"]
    head = "".join(f"<th scope=col>{escape(name)}</th>" for name in names)
    rows = "".join(
        f"<tr><th scope=row>{escape(name)}</th>"
        + "".join(_write_cell(n, sum(row)) for n in row)
        + "</tr>"
        for name, row in zip(names, counts, strict=True)
    )
    matrix = (
        '<div class="wide"><table class="matrix"><thead><tr><th></th>'
        f"{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )
    outcomes = report.get("outcomes")
    named = ""
    if outcomes:
        positive = report.get("positive", names[-1])
        named = write_table(
            ["", f"of “{positive}”", "images"],
            [
                ["True positives", "have it, and were called so", f"{outcomes['tp']:,}"],
                ["False negatives", "have it, and were missed", f"{outcomes['fn']:,}"],
                ["False positives", "have it not, and were called so", f"{outcomes['fp']:,}"],
                ["True negatives", "have it not, and were cleared", f"{outcomes['tn']:,}"],
            ],
            numbers=(2,),
            kind="",
        )
    return write_section(
        "Confusion matrix",
        write_paragraph("Rows: the true class; columns: what was predicted.", "note"),
        f'<div class="sides">{matrix}{named}</div>',
    )


def show_classes(material: Material) -> str:
    """Return the figures of each class or finding."""
    report = material.report
    several = bool(report.get("multilabel"))
    rows, few = [], []
    for number, row in enumerate(report["per_class"]):
        if row.get("too_few"):
            few.append(number)
        rows.append(
            [
                row["class"],
                f"{row['n']:,}",
                f"{row['n_patients']:,}" if "n_patients" in row else "",
                _format_cell("sensitivity", row["recall"]),
                _format_part(row, "specificity"),
                _format_part(row, "precision"),
                _format_part(row, "npv"),
                _format_cell("auc", row["auc"]) if "auc" in row else "",
            ]
        )
    head = ["class", "images", "patients", "sensitivity", "specificity", "PPV", "NPV", "AUC"]
    if several:
        head[0] = "finding"
    kept = [n for n in range(len(head)) if n == 0 or any(row[n] for row in rows)]
    note = "Pale: fewer than 10 patients, too few to say anything." if few else ""
    if several and (thresholds := report.get("thresholds")):
        note += f" Called from thresholds that were chosen on the {thresholds['chosen_on']} set."
    return write_section(
        "Each finding" if several else "Each class",
        write_table(
            [head[n] for n in kept],
            [[row[n] for n in kept] for row in rows],
            numbers=range(1, len(kept)),
            pale=few,
            kind="full long",
        ),
        write_paragraph(note.strip(), "note"),
    )


def show_limits(material: Material) -> str:
    """Return what speaks against the figures."""
    return write_section("Limits", write_list(list_limits(material)))


def show_data(material: Material) -> str:
    """Return what the data were, how they were divided, and what was left out."""
    data, reader = material.data, material.reader
    head, rows = list_subsets(material)
    people_head, people = list_people(material)
    remarks = [str(words) for words in data.get("remarks", [])][:MOST_NAMED]
    unread = [f"{row['path']}: {row['reason']}" for row in data.get("unreadable", [])]
    named = unread[:MOST_NAMED] + (
        [f"… and {len(unread) - MOST_NAMED:,} more"] * (len(unread) > MOST_NAMED)
    )
    source = ". ".join(
        part.rstrip(".") for part in (reader.citation, reader.address, reader.licence) if part
    )
    return write_section(
        "Data and split",
        write_paragraph(f"{reader.title}. {reader.about}"),
        write_paragraph(f"Source: {source}." if source else "", "note"),
        write_paragraph(f"Split: {describe_split(material)}"),
        write_table(head, rows, numbers=range(1, len(head))),
        write_table(people_head, people, numbers=(1, 2)),
        write_paragraph("Of the dataset:" if remarks else "", "note"),
        write_list(remarks),
        write_paragraph(
            f"{count_of(len(unread), 'file')} could not be read:" if unread else "", "note"
        ),
        write_list(named),
    )


def show_openings(material: Material) -> str:
    """Return who opened the test set, when, and how often that of this dataset has been opened."""
    rows = [
        [opening.time.replace("T", " ")[:16], opening.by or "nobody named", opening.run]
        for opening in material.openings
    ]
    return write_section(
        "Who opened the test set",
        write_list(material.describe_openings() if material.shown else []),
        write_table(["time (UTC)", "by", "run"], rows, kind="full long"),
    )


def show_recipe(material: Material) -> str:
    """Return the recipe, all settings of it, what was changed first."""
    recipe = material.recipe
    if material.origin:
        return write_section(
            "Where it comes from",
            write_paragraph(material.origin.words),
            write_list(material.origin.remarks),
        )
    changes = list_changes(material)
    rows = "".join(
        f"<tr><td>{escape(title)}</td>"
        f"<td{' class=changed' if changed else ''}>{escape(value)}</td></tr>"
        for title, value, changed in list_settings(material)
    )
    return write_section(
        "Recipe",
        write_paragraph(f"{recipe.title}. {recipe.about}"),
        write_paragraph(f"Source: {recipe.source}. Network: {describe_model(material)}.", "note"),
        write_paragraph(f"Changed: {', '.join(changes)}." if changes else "Nothing was changed."),
        f'<div class="settings"><table class="long"><tbody>{rows}</tbody></table></div>',
    )


def show_conditions(material: Material) -> str:
    """Return on what it was trained, and how to repeat it."""
    repeat = (
        "To repeat it: python -m xray_core train recipe.json --data FOLDER, where recipe.json is "
        "in the run's archive; or train.py beside it, without X-ray Lab."
    )
    return write_section(
        "Environment",
        write_paragraph(describe_environment(material)),
        write_paragraph("" if material.origin else repeat, "note"),
    )


def _write_cell(n: int, n_row: int) -> str:
    share = n / n_row if n_row else 0.0
    red, green, blue = (round(255 + (end - 255) * share) for end in SHADE)
    ink = "#fff" if share >= WHITE_FROM else "#10191d"
    return (
        f'<td style="background:rgb({red},{green},{blue});color:{ink}"><b>{n:,}</b>'
        f"<small>{100 * share:.0f} %</small></td>"
    )


def _format_part(row: dict[str, Any], kind: str) -> str:
    """Return a figure of a class whose interval stands beside it under names of its own."""
    if kind not in row:
        return ""
    figure = {
        "value": row[kind],
        "low": row.get(f"{kind}_low"),
        "high": row.get(f"{kind}_high"),
    }
    return _format_cell("sensitivity", figure)


def _format_cell(key: str, figure: dict[str, Any]) -> str:
    if figure["value"] is None:
        return "–"
    return f"{format_value(key, figure['value'])}\n{format_interval(key, figure)}"


def _find_note(material: Material) -> str:
    notes = read_notes(material.run)
    return " · ".join(part for part in (*notes.tags, " ".join(notes.note.split())) if part)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
