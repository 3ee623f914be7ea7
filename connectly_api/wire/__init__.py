"""JSON and request parameters as the generated modules write and read them. Pure."""
