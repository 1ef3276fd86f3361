"""A network as it was before it learned anything: what its heat maps show comes from its shape.

Source: the model randomisation test of Adebayo et al. 2018, arXiv:1810.03292.
"""

from typing import Any

import keras


def build_untrained(model: Any, seed: int) -> Any:
    """Return the same network with all weights drawn anew, also those that came from ImageNet.

    Args:
        model: the network, which is left as it is.
        seed: from which the weights follow; Keras' own global seed is set to it.
    """
    keras.utils.set_random_seed(seed)
    return keras.models.clone_model(model)
