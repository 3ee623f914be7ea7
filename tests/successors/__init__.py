"""Files that could follow the vendored one, and what each of them may do to the package.

`vendor_successors` makes the files, `test_successors` checks what the generator and the facade make of each, and
`python -m tests.successors` runs `python -m codegen update` and then the checks of `make check` on a copy of the
checkout, for each file or for the named ones.
"""
