"""Generates `connectly_api/lowlevel` from the vendor's Swagger file, offline and byte for byte reproducible.

This package is not shipped. `python -m codegen` has four commands: `generate`, `check`, `diff` and `update`.

Theory of operation. A file becomes a document, a document another document, and the last one code. Each step is a
function without I/O; `generate` and `update` read, write and run programs around them.

1. `spec` reads the file, and converts Swagger 2.0 to OpenAPI 3.0, which the generator reads. Before that,
   `documented_facts` states what the documentation says, whatever the file says.
2. `overlay` lists our deviations from the file, `overlay_rules` their reasons.
3. `naming` names everything. A name belongs to the caller, not to the vendor: `names.json` keeps each by method, path
   and position, so that it stays when the vendor renames things, and is carried along when operations move.
4. `render` runs a pinned openapi-python-client with our templates. Text of the file never becomes code.

A step that cannot handle an operation leaves it out, with the reason, and the rest is generated; but nothing is, if
`connectly_api` itself uses the operation. `difference` says what a new file means for a client, and finds what moved.
`update` does all of this in a copy of the checkout, where `trial` runs mypy and the tests of the facade, and then
writes the changes; git is the way back.
"""
