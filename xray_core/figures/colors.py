"""The colours of classes, subsets and runs: the same on every page and in both themes.

Each has a contrast of at least 3 to 1 on white and on the dark theme's background. Colours of
classes are vivid, those of subsets muted; where subsets are curves, their dashes tell them apart
as well, and runs carry a letter, so that nothing hangs on colour alone.
"""

from collections.abc import Sequence

CLEAR = ("negative", "none", "normal")  # classes without a finding; so are those of WITHOUT
WITHOUT = "no "  # begins the name of a class of images without something
# The first is theirs, the last that of whatever is no class; so fourteen others can be told apart.
CLASSES = (
    "#2f86d1",  # blue
    "#d9660f",  # orange
    "#a98600",  # amber
    "#14967a",  # green
    "#c2509c",  # pink
    "#8a63d2",  # purple
    "#1a8a9c",  # teal
    "#b0563c",  # brick
    "#6b8e23",  # olive
    "#5a4fd8",  # indigo
    "#d81e4f",  # crimson
    "#7b6f42",  # umber
    "#2f9a2f",  # grass
    "#c12fc4",  # magenta
    "#8c5b78",  # mauve
    "#6f7f8a",  # grey
)
SUBSETS = {"training": "#6f7f8a", "validation": "#8a63d2", "test": "#8a6d4b"}
DASHES: dict[str, tuple[int, ...]] = {"training": (2, 3), "validation": (1, 0), "test": (8, 4)}
RUNS = ("#1a8a9c", "#c0448f", "#b07a12", "#5b7fd6", "#5f8f2f", "#a0622d", "#d0473a", "#8a6fae")


def color_classes(classes: Sequence[str]) -> dict[str, str]:
    """Return class -> colour for the classes of a task, in their order.

    The class without a finding is blue whatever it is called; the others take what follows.
    """
    others = [name for name in classes if name not in CLEAR and not name.startswith(WITHOUT)]
    colors = {name: CLASSES[1 + n % (len(CLASSES) - 2)] for n, name in enumerate(others)}
    return {name: colors.get(name, CLASSES[0]) for name in classes}


def class_color(name: str, classes: Sequence[str]) -> str:
    """Return the colour of the class called `name` among the `classes` of its task; else grey."""
    return color_classes(classes).get(name, CLASSES[-1])
