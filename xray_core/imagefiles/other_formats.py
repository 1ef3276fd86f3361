"""Files that lie among images and look like images to people, but are not read: what to do."""

from collections.abc import Mapping

_RAW = (
    "hold pixels without a header, so their size and depth are not known",
    "Convert them to PNG",
)
_VOLUME = ("hold volumes, as of CT and MRI", "Save the slices that you want as PNG")
_ARRAYS = ("hold arrays, of which nobody says what is black", "Save each image as PNG")
_OBJECTS = ("hold objects of a program and may run code", "Save each image as PNG")
_PHOTO = ("are photos that are not read", "Convert them to JPEG or PNG")
_CAMERA = ("are raw photos of a camera", "Convert them to TIFF or PNG")
_OTHER = ("are images of a kind that is not read", "Convert them to PNG")
_SLIDE = ("are slides of a microscope, no radiographs", "Leave them out")
_DRAWING = ("are drawings, no pixels", "Export them as PNG")
_DOCUMENT = ("are documents", "Save the images in them as PNG")
_ARCHIVE = ("are archives", "Unpack them first, and open the folder that comes out")
_VIDEO = ("are videos", "Save the frames that you want as PNG")
_UNFINISHED = ("are downloads that have not finished", "Download them again")
_SHORTCUT = ("are shortcuts, not the files themselves", "Open the folder that they lead to")
_JSRT = "hold pixels without a header; those of JSRT are read, which have 8,388,608 bytes"

# Suffix in lower case -> what such files are, and what to do.
UNREADABLE: Mapping[str, tuple[str, str]] = {
    ".img": (_JSRT, "Convert them to 16-bit PNG"),
    **dict.fromkeys((".raw", ".bin"), _RAW),
    **dict.fromkeys(
        (".nii", ".nii.gz", ".mha", ".mhd", ".nrrd", ".nhdr", ".mgz", ".mgh", ".mnc"), _VOLUME
    ),
    **dict.fromkeys((".npy", ".npz", ".h5", ".hdf5", ".mat", ".tfrecord", ".tfrecords"), _ARRAYS),
    **dict.fromkeys((".pkl", ".pickle", ".pt", ".pth"), _OBJECTS),
    **dict.fromkeys((".heic", ".heif", ".avif"), _PHOTO),
    **dict.fromkeys((".dng", ".cr2", ".cr3", ".nef", ".arw", ".raf", ".orf", ".rw2"), _CAMERA),
    **dict.fromkeys(
        (".jp2", ".j2k", ".jpx", ".jxl", ".jxr", ".pgm", ".ppm", ".pnm", ".pbm", ".pfm", ".tga",
         ".exr", ".psd", ".xcf", ".ico", ".fits", ".pcx"),
        _OTHER,
    ),
    **dict.fromkeys((".svs", ".ndpi", ".czi", ".mrxs", ".scn"), _SLIDE),
    **dict.fromkeys((".svg", ".eps", ".ps", ".ai"), _DRAWING),
    **dict.fromkeys((".pdf", ".doc", ".docx", ".odt", ".ppt", ".pptx", ".odp"), _DOCUMENT),
    **dict.fromkeys(
        (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst", ".7z", ".rar", ".iso"), _ARCHIVE
    ),
    **dict.fromkeys((".mp4", ".avi", ".mov", ".mkv", ".webm", ".wmv", ".m4v"), _VIDEO),
    **dict.fromkeys((".crdownload", ".part", ".partial", ".download"), _UNFINISHED),
    **dict.fromkeys((".lnk", ".url", ".webloc"), _SHORTCUT),
}  # fmt: skip
INDEX = "dicomdir"  # has the mark of DICOM, and no image


def explain_unreadable(name: str) -> str:
    """Return what files with such a name are and what to do, or "" if nothing is known.

    Args:
        name: a file's name or path; only its ending counts.

    Returns:
        One or two sentences that begin with the suffix.

    >>> explain_unreadable("JPCLN001.HEIC")
    '.heic files are photos that are not read. Convert them to JPEG or PNG.'
    """
    lower = name.replace("\\", "/").rsplit("/", 1)[-1].lower()
    if lower == INDEX:
        return "DICOMDIR is the index of a DICOM disc, no image. Leave it out."
    suffix = max((known for known in UNREADABLE if lower.endswith(known)), key=len, default="")
    if not suffix:
        return ""
    what, advice = UNREADABLE[suffix]
    return f"{suffix} files {what}. {advice}."
