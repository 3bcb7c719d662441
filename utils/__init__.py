"""Everything the six scripts share; one sub-package per subject, and beside them what the subjects meet through."""

__version__ = "0.1.0"
