"""The drawing of a network: a block a layer that matters, as high and wide as its output."""

from typing import Any

from xray_core.figures.layers import plot_layers


def layer(name: str, kind: str, shape: list[int], parameters: int = 0) -> dict[str, Any]:
    words = " × ".join(["batch", *map(str, shape)])
    return {
        "name": name,
        "kind": kind,
        "output": words,
        "shape": shape,
        "parameters": parameters,
    }


LAYERS = [
    layer("image", "InputLayer", [64, 64, 1]),
    layer("conv1", "Conv2D", [64, 64, 16], 160),
    layer("norm1", "BatchNormalization", [64, 64, 16], 64),
    layer("pool1", "MaxPooling2D", [32, 32, 16]),
    layer("odd", "Strange", [32, 32, 16], 7),
    layer("pool", "GlobalAveragePooling2D", [16]),
    layer("probabilities", "Dense", [2], 34),
]


def test_layers_that_shape_the_answer_are_drawn_in_their_order() -> None:
    figure = plot_layers(LAYERS)

    blocks = sorted(
        (x, data[0], trace.name)
        for trace in figure.data
        for x, data in zip(trace.x, trace.customdata, strict=True)
    )
    assert [(name, sort) for _, name, sort in blocks] == [
        ("conv1", "convolution"),
        ("pool1", "pooling"),
        ("odd", "other layer with weights"),
        ("pool", "pooling"),
        ("probabilities", "fully connected"),
    ]


def test_blocks_do_not_overlap_and_smaller_maps_are_lower() -> None:
    figure = plot_layers(LAYERS)

    blocks = sorted(
        (x - width / 2, x + width / 2, height)
        for trace in figure.data
        for x, width, height in zip(trace.x, trace.width, trace.y, strict=True)
    )
    ends, starts = [b[1] for b in blocks[:-1]], [b[0] for b in blocks[1:]]
    assert all(end < start for end, start in zip(ends, starts, strict=True))
    heights = [b[2] for b in blocks]
    assert heights[0] > heights[1] == heights[2] > heights[3]


def test_the_side_is_written_where_it_changes() -> None:
    words = [note.text for note in plot_layers(LAYERS).layout.annotations]

    assert words == ["64 px", "32 px"]


def test_a_network_without_drawn_layers_is_an_empty_figure() -> None:
    figure = plot_layers(LAYERS[:1])

    assert not any(len(trace.x) or trace.showlegend for trace in figure.data)


def test_a_sort_has_the_same_place_among_the_colours_in_every_network() -> None:
    def number(layers: list[dict[str, Any]], sort: str) -> int:
        return [trace.name for trace in plot_layers(layers).data].index(sort)

    assert number(LAYERS, "fully connected") == number(LAYERS[-1:], "fully connected")


def test_what_comes_before_the_first_layer_that_learns_is_left_out() -> None:
    joined = layer("to_rgb", "Concatenate", [64, 64, 3])

    figure = plot_layers([joined, *LAYERS])

    names = [data[0] for trace in figure.data for data in trace.customdata]
    assert "to_rgb" not in names
