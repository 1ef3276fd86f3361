"""What goes wrong, and text that is not ours, as words that Streamlit shows to the letter."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from xray_core.errors import XrayError
from xray_core.recipes.titles import use_titles

# What begins something in Streamlit's Markdown: anywhere, or only where a text begins.
SIGNS = re.compile(r"[\\`*\[\]<$~|]|(?<![^\W_])_|_(?![^\W_])|&(?=[#\w])|:(?=[a-zA-Z:])|^[-+#=>]")
NUMBERED = re.compile(r"^(\d+)([.)])")
# What becomes a link, an icon, an emoji or an arrow wherever it stands, escaped or not.
LATE = re.compile(
    r"https?:(?=//)|www(?=\.)|@(?=[-\w])|:(?=material[/_]|streamlit:|[\w+-]+:)"
    r"|(?<!\S)(?:<(?=->?(?!\S))|-(?=[->](?!\S))|[<>~](?==(?!\S)))",
    re.IGNORECASE,
)
# What a refusal says of the command line, in a sentence of its own or before another.
COMMAND = re.compile(r" Add the folder in the app, or run `[^`]*`(; look|[^.]*\.)")
JOINER = "\u2060"  # of no width
ADDRESS = re.compile(r"(https?://[^\s`]*[^\s`.,;:)\]>])")


@contextmanager
def show_errors() -> Iterator[None]:
    """Show what goes wrong as one clear message, and end the page there."""
    try:
        yield
    except XrayError as error:
        st.error(format_message(error), icon=":material/error:")
        st.stop()
    except OSError as error:
        reason = f"{error.strerror or error}: {error.filename or ''}"
        st.error(
            escape_markdown(f"The disk refused: {reason} Free space or permissions may help."),
            icon=":material/hard_drive:",
        )
        st.stop()


def format_message(message: object) -> str:
    """Return a message of the library for Markdown, with titles for the names in it.

    An address is set as code: it can be copied as it is, and is no link.
    """
    words = ADDRESS.split(" ".join(use_titles(str(message)).split()))
    return "".join(f"`{word}`" if n % 2 else _escape(word) for n, word in enumerate(words))


def format_refusal(message: str) -> str:
    """Return why a folder is refused, for Markdown; what the command line does, a button does."""
    return format_message(COMMAND.sub(lambda m: " Look" if m[1] == "; look" else "", message))


def escape_markdown(text: str) -> str:
    """Return `text`, which is not ours, such that Streamlit's Markdown shows it to the letter.

    Labels of widgets, captions, help, errors, metrics and cells of `st.table` are Markdown, as are
    the choices of radio buttons, pills and segmented controls; those of select boxes, cells of
    `st.dataframe` and placeholders are not.

    Args:
        text: of any origin. Runs of blanks and ends of lines become one blank, as in a browser.
    """
    return _escape(" ".join(text.split()))


def _escape(text: str) -> str:
    # Some patterns are replaced after the escapes are gone: an invisible character divides them.
    text = LATE.sub(lambda match: f"{match[0]}{JOINER}", text)
    return NUMBERED.sub(r"\1\\\2", SIGNS.sub(r"\\\g<0>", text))
