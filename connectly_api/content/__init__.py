"""Content: one frozen class for each kind of message, with its limits and its form on the wire. Pure."""
