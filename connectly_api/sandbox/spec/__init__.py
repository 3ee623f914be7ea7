"""Whether a request fits the Swagger file. Pure; knows nothing of the sandbox's state.

`api_operations` reads the file into operations and finds the one that a path leads to. `json_schemas` converts each
schema to JSON Schema with the names that a gRPC gateway accepts. A body goes through `protojson` (bytes to a value that
has the schema's own names) and `validation` (what does not fit); `request_values` does both for a whole request.
`examples` builds a response for an operation that the sandbox does not implement.
"""
