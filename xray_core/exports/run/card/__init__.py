"""The model card of a run: what it is and is not for, and two checklists as far as they are known.

Each item of a checklist is said in our words; the checklists themselves are the sources to cite and
to fill in for a publication. What nobody here can know is marked as a blank, never guessed.
"""

from xray_core.exports.run.card.text import BLANK, format_card

__all__ = ["BLANK", "format_card"]
