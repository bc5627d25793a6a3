"""One router an entity: parse, delegate, answer."""
