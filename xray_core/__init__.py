"""X-ray Lab's library: chest X-ray datasets in, honest CNN experiments out.

Everything the dashboard does is done here; the same functions serve a notebook and the
command line (`python -m xray_core`). For learning, never for diagnosis.
"""

__version__ = "0.1.0"
