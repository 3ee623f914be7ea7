"""Checks requests against the Swagger file. Pure, and independent of the sandbox's state.

`api_operations` reads the file into operations and finds the ones of a path. `json_schemas` converts each
schema to JSON Schema with the names that a gRPC gateway accepts. A body goes through `protojson` (bytes to a value with
the schema's own names) and `validation` (violations of the schema); `request_values` does both for a whole request.
`examples` builds a response for an operation that the sandbox does not implement.
"""
