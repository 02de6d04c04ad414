"""Ways to a printer, and what printers say."""
