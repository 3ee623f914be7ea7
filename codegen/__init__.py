"""Generates `connectly_api/lowlevel` from the vendor's Swagger file, offline and byte for byte reproducible.

This package is not shipped. `python -m codegen` has four commands: `generate`, `check`, `diff` and `update`.

Theory of operation. A file becomes a document, a document becomes another document, and the last one becomes code. Each
of these steps is a function without I/O; `generate` and `update` read and write the files around them.

1. `source` reads a file of the vendor, from a path or an https address, and validates it. `document` decodes it.
   `openapi` converts OpenAPI 3 to Swagger 2.0, which everything after it reads.
2. `swagger` converts Swagger 2.0 to OpenAPI 3.0, which the generator reads; `service`, `operations` and `schemas`
   convert its parts. An unknown key is an error with its JSON pointer, so nothing is lost silently.
3. `overlay` lists our deviations from the file, each with its reason; `rules` are the functions that it applies.
4. `renames` and `naming` name everything. A name belongs to the caller, not to the vendor: `published` keeps each name
   by its `places`, which consist of method, path and position, without the vendor's names. So a definition that is
   renamed or written in place changes nothing here. Anything new gets a free name from `names`.
5. `render` runs a pinned openapi-python-client with our `templates`. `kinds` maps each kind of property to a type, a
   reader and a writer, `docs` writes the docstrings, and `literals` embeds foreign text so that it never becomes code.
6. `verify` looks for every operation, parameter and property of the file in the result.

`check` compares the tree with a newly generated one. `difference` compares what two files mean for a client, and
classifies each change as breaking, additive or cosmetic; `affected` and `handwritten` find our own code that uses the
changed parts. `update` does all of this in a temporary folder, imports the result, and only then calls `swap`, which
replaces the file, the tree and the table of names together, or restores the old ones.
"""
