"""Heat maps: where in an image a class' score comes from.

Grad-CAM, Grad-CAM++, HiResCAM, and occlusion (`explain.occlusion`).

Sources: Selvaraju et al. 2017, arXiv:1610.02391; Chattopadhay et al. 2018, arXiv:1710.11063;
Draelos and Carin 2020, arXiv:2011.08891.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from xray_core.errors import RunError
from xray_core.explain.batches import Images, cut, normalise
from xray_core.explain.capture import Scores, find_last_map, listening
from xray_core.explain.occlusion import occlude_images

OCCLUSION = "occlusion"
METHODS = ("gradcam", "gradcam++", "hirescam", OCCLUSION)
BATCH_SIZE = 16

Weighing = Callable[[NDArray[np.float32], NDArray[np.float32]], NDArray[np.float32]]


def map_images(
    model: Any,
    images: Images,
    targets: NDArray[np.int64],
    method: str = "gradcam",
    progress: Callable[[int, int], None] | None = None,
) -> NDArray[np.float32]:
    """Return a heat map for each image.

    Args:
        model: a network, not compiled.
        images: float32 (n, size, size, 1), gray levels in [0, 255]; of a network that takes
            tabular features a mapping of "image" and "tabular".
        targets: int (n,), the class that each map is of.
        method: one of `METHODS`.
        progress: called with (images done, n).

    Returns:
        float32 (n, height, width) in [0, 1], at the size of the last spatial map, of occlusion on
        its own grid; the hottest point of an image is 1, and all is 0 where nothing speaks for the
        class.

    Raises:
        RunError: the network has no spatial map, or the backend takes no gradients.
    """
    if not len(targets):
        return np.zeros((0, 1, 1), np.float32)
    if method == OCCLUSION:
        return normalise(occlude_images(model, images, targets, progress))
    weigh, layer, scores = WEIGHINGS[method], find_last_map(model), Scores(model)
    maps, n = [], len(targets)
    for start in range(0, n, BATCH_SIZE):
        stop = start + BATCH_SIZE
        features, gradients = _differentiate(
            model, layer, scores, cut(images, start, stop), targets[start:stop]
        )
        weights = np.broadcast_to(weigh(features, gradients), features.shape)
        maps.append(np.maximum(np.einsum("nhwc,nhwc->nhw", features, weights), 0))
        if progress is not None:
            progress(min(stop, n), n)
    return normalise(np.concatenate(maps))


def _weigh_means(
    features: NDArray[np.float32], gradients: NDArray[np.float32]
) -> NDArray[np.float32]:
    return np.asarray(gradients.mean(axis=(1, 2), keepdims=True))


def _weigh_pixels(
    features: NDArray[np.float32], gradients: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the weights of Grad-CAM++: means of what raises the score, by its curvature.

    Of the exponential of a score, whose second and third derivatives are powers of the first.
    """
    square = gradients**2
    bottom = 2 * square + features.sum(axis=(1, 2), keepdims=True) * gradients**3
    shares = np.divide(square, bottom, out=np.zeros_like(square), where=bottom != 0)
    return np.asarray((shares * np.maximum(gradients, 0)).sum(axis=(1, 2), keepdims=True))


def _weigh_places(
    features: NDArray[np.float32], gradients: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the weights of HiResCAM: each place has its own, as it has behind a Flatten."""
    return gradients


WEIGHINGS: dict[str, Weighing] = {
    "gradcam": _weigh_means,
    "gradcam++": _weigh_pixels,
    "hirescam": _weigh_places,
}


def _differentiate(
    model: Any, layer: Any, scores: Scores, batch: Any, targets: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return a layer's answer, and the derivative of the targets' scores by it, channels last."""
    chosen = keras.ops.one_hot(targets, int(model.outputs[0].shape[-1]), dtype="float32")

    def sum_scores() -> Any:
        with scores.listening():
            answer = model(batch, training=False)
        return keras.ops.sum(scores.of(answer) * chosen)

    backend = keras.backend.backend()
    if backend not in BACKENDS:
        raise RunError(
            f"Keras runs on {backend}, on which no heat map is made here. Set KERAS_BACKEND to "
            f"{' or '.join(BACKENDS)}."
        )
    features, gradients = BACKENDS[backend](layer, sum_scores)
    return _as_numpy(features), _as_numpy(gradients)


def _as_numpy(values: Any) -> NDArray[np.float32]:
    return np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(values, "float32")))


def _by_tensorflow(layer: Any, sum_scores: Callable[[], Any]) -> tuple[Any, Any]:
    import tensorflow as tf

    with tf.GradientTape(watch_accessed_variables=False) as tape:
        answers = []

        def hear(_: Any, answer: Any) -> Any:
            tape.watch(answer)
            answers.append(answer)
            return answer

        with listening(layer, hear):
            total = sum_scores()
    return answers[-1], tape.gradient(total, answers[-1])


def _by_jax(layer: Any, sum_scores: Callable[[], Any]) -> tuple[Any, Any]:
    import jax
    import jax.numpy as jnp

    def run(change: Any) -> tuple[Any, Any]:
        answers = []

        def hear(_: Any, answer: Any) -> Any:
            # Of a layer's answer within a function JAX has no derivative; of what is added, it has.
            answers.append(answer)
            return answer if change is None else answer + change.astype(answer.dtype)

        with listening(layer, hear):
            total = sum_scores()
        return total, answers[-1]

    _, shape = jax.eval_shape(lambda: run(None))
    change = jnp.zeros(shape.shape, jnp.float32)
    (_, answer), gradients = jax.value_and_grad(run, has_aux=True)(change)
    return answer, gradients


BACKENDS: dict[str, Callable[[Any, Callable[[], Any]], tuple[Any, Any]]] = {
    "tensorflow": _by_tensorflow,
    "jax": _by_jax,
}
