"""Untrusted image files and DICOM to gray arrays, their sizes, and what refuses them."""
