"""The report of a run as one page of HTML: it asks no network for anything, and it prints.

What is shown comes from `sections`, how from `style`; every text that is not ours is escaped in
`pieces`. A policy in its head forbids the browser to load anything that is not in the file itself.
"""

from html import escape

from xray_core.exports.run.facts import LEARNING
from xray_core.exports.run.material import Material
from xray_core.exports.run.page.pictures import list_pictures
from xray_core.exports.run.page.sections import (
    show_classes,
    show_conditions,
    show_data,
    show_head,
    show_limits,
    show_matrix,
    show_metrics,
    show_openings,
    show_recipe,
)
from xray_core.exports.run.page.style import STYLE
from xray_core.exports.run.paths import hide_places
from xray_core.machine import read_version

__all__ = ["write_page"]

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def write_page(material: Material) -> str:
    """Return the report of a finished run.

    Raises:
        RunError: it has no result that may be shown, or a file of it is damaged.
    """
    title = f"{material.recipe.title}: {material.nickname}"
    pictures = list_pictures(material)
    body = "".join(
        (
            show_head(material),
            show_metrics(material, pictures.pop("metrics", "")),
            show_matrix(material),
            show_classes(material),
            _show_curves(pictures),
            show_limits(material),
            show_data(material),
            show_openings(material),
            show_recipe(material),
            show_conditions(material),
        )
    )
    page = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"{body}</main>\n<footer>{escape(LEARNING)} Written by X-ray Lab {read_version()}."
        "</footer>\n</body>\n</html>\n"
    )
    return str(hide_places(page, material.places))


def _show_curves(pictures: dict[str, str]) -> str:
    if not pictures:
        return ""
    return f'<section><h2>Curves</h2><div class="pair">{"".join(pictures.values())}</div></section>'
