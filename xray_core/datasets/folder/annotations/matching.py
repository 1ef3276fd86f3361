"""Which image an annotation file means: by a path or a name in it, or by the file's own name.

A wrong pair would be a wrong label that nobody notices. So an image is taken only where it is the
one that fits best, where nothing speaks against it, and where no other name fits it as well.
"""

import posixpath
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from xray_core.datasets.folder.names import without_suffix

# Folders that tell what kind of file lies in them, rather than of which images.
PLACES = frozenset(
    ("images", "image", "img", "imgs", "jpegimages", "labels", "label", "annotations", "annotation")
    + ("xml", "xmls", "json", "bbox", "boxes", "txt", "yolo", "voc", "coco", "data", "dataset")
)
SUBSET = re.compile(r"(?<![a-z])(train|val|dev|test)(?:ing|id|idation|idate)?(?![a-z])")


class ImageMatcher:
    """Finds the images that annotation files mean.

    Args:
        images: paths relative to the dataset's folder, with forward slashes.
    """

    def __init__(self, images: Sequence[str]) -> None:
        self._exact = frozenset(images)
        self._named: dict[str, list[str]] = defaultdict(list)
        self._stemmed: dict[str, list[str]] = defaultdict(list)
        for path in images:
            name = _key(posixpath.basename(path))
            self._named[name].append(path)
            self._stemmed[without_suffix(name)].append(path)

    def find_named(self, names: Iterable[str], file: str) -> dict[str, str]:
        """Return name -> image, for the names or paths in an annotation file that are found.

        A path fits an image if one is the end of the other. Where none does, the bare name
        decides, if one image and one name alone have it: a folder may have been renamed. Of
        several that fit, the one counts whose folders agree best with those of the file.

        Args:
            names: as the file gives them, whatever system wrote it.
            file: the annotation file's path, relative to the dataset's folder.
        """
        wanted = {name: _key(name.replace("\\", "/")).split("/") for name in names}
        bare = Counter(without_suffix(parts[-1]) for parts in wanted.values())
        pairs, bare_pairs = dict[str, str](), dict[str, str]()
        for name, (*folders, last) in wanted.items():
            place = next((path for path in self._places(name, file) if path in self._exact), None)
            if place is not None:
                pairs[name] = place
                continue
            namesakes = self._named.get(last) or self._stemmed.get(without_suffix(last), [])
            folders = [part for part in folders if part not in ("", ".")]
            fitting = [path for path in namesakes if _ends_alike(_folders(path), folders)]
            if not fitting and len(namesakes) == 1 and bare[without_suffix(last)] == 1:
                fitting = namesakes
            subsets = _subsets("/".join(folders)) or _subsets(_key(posixpath.basename(file)))
            if path := _choose(fitting, file, last, folders, subsets):
                (pairs if folders else bare_pairs)[name] = path
        return pairs | _keep_nearest(bare_pairs, {name: file for name in bare_pairs})

    def pair_files(self, files: Iterable[str]) -> dict[str, str]:
        """Return annotation file -> the image of the same name whose folders agree best."""
        best: dict[str, tuple[int, list[str]]] = {}
        for file in files:
            name = without_suffix(_key(posixpath.splitext(posixpath.basename(file))[0]))
            path = _choose(self._stemmed.get(name, []), file, name, (), frozenset())
            if path is None:
                continue
            agreement = _agreement(path, file)
            before, rivals = best.get(path, (-1, []))
            if agreement > before:
                best[path] = agreement, [file]
            elif agreement == before:
                rivals.append(file)
        pairs = {files[0]: path for path, (_, files) in best.items() if len(files) == 1}
        return _keep_nearest(pairs, {file: file for file in pairs})

    @staticmethod
    def _places(name: str, file: str) -> tuple[str, str]:
        """Return where a name leads from the dataset's folder, and from that of the file."""
        plain = posixpath.normpath(name.replace("\\", "/"))
        return plain, posixpath.normpath(posixpath.join(posixpath.dirname(file), plain))


def _choose(
    paths: Sequence[str], file: str, name: str, folders: Sequence[str], subsets: frozenset[str]
) -> str | None:
    """Return the image that agrees best with an annotation file; None if several do, or none.

    Args:
        paths: images to choose from.
        file: the annotation file.
        name: of the image, as `_key` gives it.
        folders: that the file names before it.
        subsets: that it must not contradict; none for those of the file's own folders.
    """
    subsets = subsets or _subsets("/".join(_folders(file)))
    scores = {}
    for path in paths:
        there = _subsets("/".join(ours := _folders(path)))
        if there and subsets and not there & subsets:
            continue
        alike = min(len(ours), len(folders)) if _ends_alike(ours, folders) else 0
        same_name = _key(posixpath.basename(path)) == name
        scores[path] = (alike, bool(there & subsets), _agreement(path, file), same_name)
    best = [path for path, score in scores.items() if score == max(scores.values())]
    return best[0] if len(best) == 1 else None


def _key(text: str) -> str:
    return unicodedata.normalize("NFC", text).lower()


def _folders(path: str) -> list[str]:
    return _key(path).split("/")[:-1]


def _ends_alike(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether one list of folders is the end of the other."""
    n = min(len(first), len(second))
    return n == 0 or list(first[-n:]) == list(second[-n:])


def _keep_nearest(pairs: dict[str, str], file_of: Mapping[str, str]) -> dict[str, str]:
    """Leave out pairs that share fewer folders than others of the same folder of annotations.

    Where most of batch1's files find their image in batch1, one that finds a namesake in batch2
    has lost its own.
    """
    shared = {name: len(_shared(path, file_of[name])) for name, path in pairs.items()}
    most: dict[str, int] = {}
    for name, n in shared.items():
        folder = posixpath.dirname(file_of[name])
        most[folder] = max(n, most.get(folder, 0))
    return {
        name: path
        for name, path in pairs.items()
        if shared[name] == most[posixpath.dirname(file_of[name])]
    }


def _shared(image: str, file: str) -> set[str]:
    return (set(_folders(image)) & set(_folders(file))) - PLACES


def _agreement(image: str, file: str) -> int:
    """Return how well the folders of an image and of an annotation file agree; more is better."""
    ours, theirs = (
        [part for part in _folders(path) if part not in PLACES] for path in (image, file)
    )
    return 2 * len(_shared(image, file)) + (ours == theirs)


@lru_cache(maxsize=10_000)
def _subsets(text: str) -> frozenset[str]:
    """Return the subsets that folders or a file are called after.

    >>> sorted(_subsets("data/train2017")), sorted(_subsets("instances_validation.json"))
    (['train'], ['val'])
    """
    return frozenset("val" if word == "dev" else word for word in SUBSET.findall(text))
