import keras
import numpy as np
import pytest
from keras import layers

from xray_core.errors import RunError
from xray_core.explain.activations import (
    MOST_SIDE,
    N_SHOWN,
    list_convolutions,
    read_activations,
    read_filters,
    summarise_maps,
)

SIZE = 128


def draw() -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (1, SIZE, SIZE, 1)).astype("float32")


def test_what_a_network_within_a_network_passes_on_is_shown() -> None:
    image = keras.Input((SIZE, SIZE, 1), name="image")
    inner_image = keras.Input((SIZE, SIZE, 1))
    x = layers.Conv2D(20, 3, strides=4, name="conv")(inner_image)
    x = layers.ReLU(name="relu")(layers.BatchNormalization(name="norm")(x))
    y = layers.DepthwiseConv2D(3, name="depthwise")(x)
    y = layers.BatchNormalization(name="linear")(y)  # of which two layers go on
    z = layers.Concatenate()([layers.ReLU()(y), y])
    base = keras.Model(inner_image, z, name="base")
    last = layers.Conv2D(3, 1, activation="relu", name="last")
    model = keras.Model(image, layers.Flatten()(last(base(image))))
    given = draw()

    shown = list(read_activations(model, given))

    names = [(convolution.name, end.name) for convolution, end in list_convolutions(model)]
    assert names == [("conv", "relu"), ("depthwise", "linear"), ("last", "last")]
    flat = keras.Model(inner_image, [base.get_layer("relu").output, y, last(z)])
    for layer, answer in zip(shown, flat(given), strict=True):
        values = np.moveaxis(keras.ops.convert_to_numpy(answer)[0], -1, 0)
        expected = summarise_maps(layer.name, values)
        assert (layer.height, layer.width, layer.n_channels) == answer.shape[1:]
        assert layer.channels == expected.channels
        assert layer.highs == pytest.approx(expected.highs, abs=1e-5)
        assert len(layer.maps) == min(N_SHOWN, layer.n_channels)
    assert not any("call" in layer.__dict__ for pair in list_convolutions(model) for layer in pair)


def test_the_strongest_maps_come_first_each_on_its_own_scale() -> None:
    maps = np.zeros((4, 2, 3), "float32")
    maps[1] = [[0.0, 1.0, 2.0], [0.0, 0.0, 4.0]]
    maps[2] = [[-9.0, 0.0, 1.0], [0.0, 0.0, 0.0]]
    maps[3] = 0.5
    layer = summarise_maps("conv", maps, 3)
    assert layer.channels == [2, 1, 3]  # means of the values without sign: 10/6, 7/6 and 1/2
    assert layer.n_silent == 1
    assert (layer.lows, layer.highs) == ([-9.0, 0.0, 0.5], [1.0, 4.0, 0.5])
    np.testing.assert_array_equal(layer.maps[1], [[0, 64, 128], [0, 0, 255]])
    assert not layer.maps[2].any()  # the same everywhere


def test_a_large_map_is_averaged_and_its_own_size_is_said() -> None:
    maps = np.random.default_rng(0).random((2, 2 * MOST_SIDE, MOST_SIDE)).astype("float32")
    layer = summarise_maps("conv", maps)
    assert (layer.height, layer.width) == (2 * MOST_SIDE, MOST_SIDE)
    assert layer.maps.shape == (2, MOST_SIDE, MOST_SIDE)


def test_filters_are_seen_around_zero_and_summed_over_the_colours_of_a_gray_image() -> None:
    image = keras.Input((SIZE, SIZE, 3))
    layer = layers.Conv2D(2, 2, name="first")
    model = keras.Model(image, layer(image))
    kernel = np.zeros((2, 2, 3, 2), "float32")
    kernel[0, 0, :, 0] = [1.0, 2.0, 1.0]
    kernel[1, 1, :, 0] = [-1.0, -1.0, 0.0]
    layer.set_weights([kernel, np.zeros(2, "float32")])
    filters = read_filters(model)
    assert (filters.name, filters.n_colors) == ("first", 3)
    np.testing.assert_array_equal(filters.images[0], [[255, 128], [128, 64]])
    np.testing.assert_array_equal(filters.images[1], np.full((2, 2), 128))  # all of it is 0


def test_a_network_without_convolution_is_refused() -> None:
    image = keras.Input((4, 4, 1))
    model = keras.Model(image, layers.Dense(2)(layers.Flatten()(image)))
    with pytest.raises(RunError, match="no convolution"):
        read_filters(model)
