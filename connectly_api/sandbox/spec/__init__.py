"""Whether a request fits the Swagger file. Pure."""
