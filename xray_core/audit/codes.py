"""Short codes of the audit's issues: they stay the same, and `docs/audit.md` explains each.

P: patients and subsets, C: copies, F: files, L: labels, B: bias, R: remarks of the reader.
"""

CODES = {
    "patient_leak": "P1",
    "study_leak": "P2",
    "identical_leak": "P3",
    "near_identical_leak": "P4",
    "same_name_copy": "P5",
    "same_name": "P6",
    "unknown_patients": "P7",
    "no_split": "P8",
    "moved_image": "P9",
    "identical": "C1",
    "identical_conflict": "C2",
    "near_identical": "C3",
    "near_identical_conflict": "C4",
    "unreadable": "F1",
    "unreadable_image": "F1",
    "tiny_image": "F2",
    "elongated_image": "F3",
    "blank_image": "F4",
    "wrong_suffix": "F5",
    "odd_image": "F6",  # passed: none of F2 to F5, F8 and F9
    "negative_image": "F7",
    "isolated_grays": "F8",
    "turned_image": "F9",
    "sideways_image": "F10",
    "mirrored_image": "F11",
    "lateral_view": "F12",
    "screen_photo": "F13",
    "burnt_in_text": "F14",
    "mixed_bits": "F15",
    "image_without_finding": "L1",
    "image_with_finding": "L2",
    "mixed_study": "L3",
    "absent_class": "L4",
    "class_counts": "L5",
    "subset_size": "L6",
    "contradicted_finding": "L7",
    "mostly_unknown": "L8",
    "never_present": "L9",
    "unnamed_finding": "L10",
    "patient_in_classes": "L11",
    "study_in_classes": "L12",
    "confounding": "B1",
    "portable_device": "B2",
    # Remarks, by their kind.
    "other_spelling": "R2",
    "alike_findings": "R2",
    "possible_separator": "R3",
    "numbered_class": "R4",
    "guessed_mask": "R5",
    "patients_from_folders": "R6",
    "patients_from_names": "R6",
    "maybe_patients": "R6",
    "uncertain_patient": "R6",
    "numbered_by_folder": "R6",
    "unclear_cell": "R7",
    "uncertain_finding": "R8",
    "blank_finding": "R8",
    "unknown_finding": "R8",
    "unread_image": "R9",
    "stray_file": "R9",
    "lone_mask": "R9",
    "broken_mask": "R9",
}
REMARK = "R1"  # whatever else the dataset's reader noticed


def short_code(kind: str) -> str:
    """Return the short code of a `DataIssue.code`, e.g. "P1" of "patient_leak"."""
    return CODES.get(kind, REMARK)
