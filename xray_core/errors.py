"""Errors a caller may want to catch; every message says what to do next."""


class XrayError(Exception):
    """Base of every error raised on purpose by xray_core."""


class DatasetError(XrayError):
    """A dataset folder is missing files or holds files its reader cannot use.

    Attributes:
        details: more to read for who wants to know, such as all layouts that are known; "" for
            most.
    """

    def __init__(self, message: str, details: str = "") -> None:
        super().__init__(message)
        self.details = details


class ImageError(XrayError):
    """One image file cannot be read: unreadable, too large, or of an unknown kind."""


class CostlyImageError(ImageError):
    """One image file takes more time or memory to decode than good ones do, or ends its decoder."""


class LabelError(XrayError):
    """Published findings do not fit the requested task."""


class UnlabelledError(LabelError):
    """No image has a label for the requested task: it can be looked at, but not learnt."""


class RecipeError(XrayError):
    """A recipe is incomplete, misspelt or contradicts itself."""


class RunError(XrayError):
    """A run folder is missing, incomplete or in a state that forbids what was asked."""


class OtherVersionError(RunError):
    """A run folder was written by another version of this program, in another format."""


class JobError(XrayError):
    """A job cannot be queued, started or stopped."""
