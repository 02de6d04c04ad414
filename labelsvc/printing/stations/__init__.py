"""Use cases: stations, the labels they claim or have ahead, and what they report of them."""
