"""Use cases: products, lots, serial schemes, label formats, batches and their files."""
