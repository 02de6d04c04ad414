"""Use cases: printers, print jobs and their delivery."""
