"""The HTTP side: blueprints that parse, call one use case and answer."""
