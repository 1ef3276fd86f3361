"""The audit: what is wrong, odd or in order about a dataset and its split, before training.

To add a check: a function from the audited table to findings, in the module of its theme,
and one line in `report.audit_catalog`.
"""

from xray_core.audit.issue import SEVERITIES, DataIssue
from xray_core.audit.report import audit_catalog, run_audit

__all__ = ["SEVERITIES", "DataIssue", "audit_catalog", "run_audit"]
