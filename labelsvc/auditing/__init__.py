"""Use cases of the audit: it is sealed, proved whole, and proved to others who keep no more than a checkpoint."""
