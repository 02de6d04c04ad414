"""Use cases: webhooks, and how what happened is told to them."""
