"""What scanners send, read in one place: forms, damage, repairs, and every reading that is left."""

from labelsvc.domain.scans.labels import LabelText, read
from labelsvc.domain.scans.parsing import parse
from labelsvc.domain.scans.readings import EndCard, Parsed, Reading, Repair

__all__ = ["EndCard", "LabelText", "Parsed", "Reading", "Repair", "parse", "read"]
