"""Not there: jsonschema goes on without the formats `iri` and `iri-reference`, which no schema here has.

bravado-core, a judge of the contract tests, installs the library of this name. jsonschema imports it wherever it can,
and it builds its grammars for more than a second: in each program that starts the sandbox.
"""

raise ImportError
