"""A message to a webhook: where it may lead, how it is signed, how it is sent. Who is told what, use cases say."""
