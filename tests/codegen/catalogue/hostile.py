"""Text that would be code, if anything made code of it. Each leaves a mark in the environment if it runs."""

from __future__ import annotations

from tests.codegen.catalogue.row import MESSAGES, WEBHOOKS, Document, fields, operation, rows_of

row = rows_of()

MARK = "CATALOGUE_TEXT_BECAME_CODE"
"""The variable that is set as soon as any of these texts runs."""

RUN = f"__import__('os').environ.setdefault('{MARK}', '1')"
TEXTS = (
    f'"""\n{RUN}\n"""',
    f"'''\n{RUN}\n'''",
    f'\\"""\n{RUN}\n#',
    f'"; {RUN} #',
    f"'; {RUN} #",
    f"\\'; {RUN} #",
    f"{{{{ {RUN} }}}} {{% set x = {RUN} %}} {{# x #}}",
    f"{{{RUN}}}",
    f"\r\n\x0c\x0b\x85\u2028{RUN}\n",
    f"\x1b[2K\x00\u202e{RUN}\\",
    '\\"',
    '"""',
    "\\",
)


@row()
def hostile_descriptions(document: Document) -> None:
    for n, text in enumerate(TEXTS):
        fields(document, "v1Order")[f"field{n}"] = {"type": "string", "description": text, "title": text}
    document["definitions"]["v1Order"]["description"] = "".join(TEXTS)
    document["definitions"]["v1OrderStrategy"] |= {"description": TEXTS[0], "title": TEXTS[1]}
    operation(document, MESSAGES)["summary"] = TEXTS[2] + TEXTS[0]
    operation(document, MESSAGES)["description"] = TEXTS[0]
    operation(document, WEBHOOKS, "get")["parameters"][0]["description"] = TEXTS[1] + TEXTS[0]


@row()
def hostile_names_of_fields(document: Document) -> None:
    for text in TEXTS:
        fields(document, "v1Order")[text] = {"type": "string"}


@row()
def hostile_values_of_enums(document: Document) -> None:
    document["definitions"]["v1OrderStrategy"]["enum"] += TEXTS


@row()
def hostile_names_of_parameters(document: Document) -> None:
    operation(document, WEBHOOKS, "get")["parameters"] += [
        {"name": text, "in": "query", "type": "string", "description": text} for text in TEXTS
    ]


@row()
def hostile_defaults_and_examples(document: Document) -> None:
    for n, text in enumerate(TEXTS):
        fields(document, "v1Order")[f"field{n}"] = {"type": "string", "default": text, "example": text}


@row()
def a_hostile_tag(document: Document) -> None:
    operation(document, MESSAGES)["tags"] = [TEXTS[0]]


@row()
def a_hostile_operation_id(document: Document) -> None:
    operation(document, MESSAGES)["operationId"] = TEXTS[0]


@row()
def a_hostile_path(document: Document) -> None:
    document["paths"][f'/v1/"{{{{ {RUN} }}}}'] = {
        "get": {"operationId": "Hostile", "responses": {"200": {"description": TEXTS[0], "schema": {"type": "object"}}}}
    }


@row()
def a_path_that_ends_its_string(document: Document) -> None:
    document["paths"][f'/v1/"+{RUN}+"\\'] = {
        "get": {"operationId": "Hostile", "responses": {"200": {"description": "", "schema": {"type": "object"}}}}
    }


@row()
def hostile_names_of_definitions(document: Document) -> None:
    document["definitions"]['v1X"""'] = {"type": "object", "properties": {"x": {"type": "string"}}}


@row()
def a_hostile_title_and_version(document: Document) -> None:
    document["info"] |= {"title": TEXTS[0], "version": TEXTS[1], "description": TEXTS[2]}


ROWS = tuple(row.found)
