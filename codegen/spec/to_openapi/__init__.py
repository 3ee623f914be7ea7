"""Converts Swagger 2.0 to OpenAPI 3.0, which the generator reads: `service.convert` is the entry. Pure."""
