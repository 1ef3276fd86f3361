"""x."""


class Annotations:
    """X."""


def find_annotations(root, images, others):
    """X."""
    return None
