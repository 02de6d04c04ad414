"""labelsvc issues serial numbers, prints the labels that carry them, and knows what became of each."""

__version__ = "0.1.0"
