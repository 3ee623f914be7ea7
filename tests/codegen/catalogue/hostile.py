"""Text that would be code, if anything made code of it. Each leaves a mark in the environment if it runs."""

from __future__ import annotations

import json

from tests.codegen.catalogue.row import LIST, MESSAGES, SEND, WEBHOOKS, Document, Rows, fields, operation

row = Rows()

MARK = "RAN"
"""The variable that is set as soon as any of these texts runs."""

RUN = f"__import__('os').environ.setdefault('{MARK}', '1')"
TEXTS = (
    f'"""\n{RUN}\n"""',
    f"'''\n{RUN}\n'''",
    f'\\"""\n{RUN}\n#',
    f'"; {RUN} #',
    f"'; {RUN} #",
    f"\\'; {RUN} #",
    f"{{{{ {RUN} }}}} {{% set x = 1 %}} {{# x #}}",
    f"{{{RUN}}}",
    f"\r\n\x85\u2028{RUN}\n",
    f"\x1b[2K\u202e{RUN}\\",
    '\\"',
    '"""',
    "\\",
)
DONE = {"200": {"description": TEXTS[0], "schema": {"type": "object"}}}
ORDER = f"{SEND} · request · order"
ESCAPES = {
    "\r": "\\u{d}",
    "\n": "\\u{a}",
    "\x85": "\\u{85}",
    "\u2028": "\\u{2028}",
    "\x1b": "\\u{1b}",
    "\u202e": "\\u{202e}",
}


def shown(text: str) -> str:
    """Return a text as a difference shows it."""
    return "".join(ESCAPES.get(character, character) for character in text)


def quoted(*texts: str) -> str:
    """Return a description as a difference shows it: in one line, and not all of it where it is long."""
    text = json.dumps(" ".join(" ".join(texts).split()), ensure_ascii=False)
    return shown(text if len(text) <= 120 else f"{text[:119]}…")


def new_fields(*paths: str) -> list[str]:
    """Return the lines of new fields of an order."""
    return [f"additive: {ORDER}{path}: new optional field, string" for path in paths]


@row(
    *new_fields(*sorted(f".field{n}" for n in range(len(TEXTS)))),
    f"cosmetic: {LIST} · path businessId: description became {quoted(TEXTS[1] + TEXTS[0])}",
    f"cosmetic: {SEND}: description became {quoted(TEXTS[2] + TEXTS[0], TEXTS[0])}",
    f"cosmetic: {ORDER}: new description: {quoted(''.join(TEXTS))}",
    f"cosmetic: {ORDER}.strategy: new description: {quoted(TEXTS[1], TEXTS[0])}",
)
def hostile_descriptions(document: Document) -> None:
    for n, text in enumerate(TEXTS):
        fields(document, "v1Order")[f"field{n}"] = {"type": "string", "description": text, "title": text} | {
            "default": text,
            "example": text,
        }
    document["definitions"]["v1Order"]["description"] = "".join(TEXTS)
    document["definitions"]["v1OrderStrategy"] |= {"description": TEXTS[0], "title": TEXTS[1]}
    operation(document, MESSAGES)["summary"] = TEXTS[2] + TEXTS[0]
    operation(document, MESSAGES)["description"] = TEXTS[0]
    operation(document, WEBHOOKS, "get")["parameters"][0]["description"] = TEXTS[1] + TEXTS[0]


@row(*new_fields(*(f"['{shown(text)}']" for text in sorted(TEXTS, key=lambda text: f"{text}']"))))
def hostile_names_of_fields(document: Document) -> None:
    for text in TEXTS:
        fields(document, "v1Order")[text] = {"type": "string"}


@row(
    *sorted(
        f"additive: {ORDER}.strategy: new enum value {shown(json.dumps(text, ensure_ascii=False))}" for text in TEXTS
    )
)
def hostile_values_of_enums(document: Document) -> None:
    document["definitions"]["v1OrderStrategy"]["enum"] += TEXTS


@row(*(f"additive: {LIST} · query {shown(text)}: new optional parameter, string" for text in sorted(TEXTS)))
def hostile_names_of_parameters(document: Document) -> None:
    operation(document, WEBHOOKS, "get")["parameters"] += [
        {"name": text, "in": "query", "type": "string", "description": text} for text in TEXTS
    ]


@row("additive: GET /v1/hostile: new operation")
def a_hostile_tag_and_operation_id(document: Document) -> None:
    operation(document, MESSAGES).update({"tags": [TEXTS[0]], "operationId": TEXTS[1]})
    document["paths"]["/v1/hostile"] = {"get": {"tags": [TEXTS[2]], "operationId": TEXTS[3], "responses": DONE}}


@row(
    f'cosmetic: GET /v1/"{{{{ {RUN} }}}}: left out: #/paths/~1v1~1"{{{{ {RUN} }}}}/get: '
    "the path and its parameters have different names",
)
def a_hostile_path(document: Document) -> None:
    document["paths"][f'/v1/"{{{{ {RUN} }}}}'] = {"get": {"operationId": "Hostile", "responses": DONE}}


@row(f'additive: GET /v1/"+{RUN}+"\\: new operation')
def a_path_that_ends_its_string(document: Document) -> None:
    document["paths"][f'/v1/"+{RUN}+"\\'] = {"get": {"operationId": "Hostile", "responses": DONE}}


POINTER = "#/definitions/" + TEXTS[0].replace("~", "~0").replace("/", "~1")


@row(
    f"cosmetic: GET /v1/hostile: left out: needs {shown(TEXTS[0])}: {shown(POINTER)}: a definition's name has only "
    "letters, digits, and the characters . _ -"
)
def hostile_names_of_definitions(document: Document) -> None:
    for text in TEXTS:
        document["definitions"][text] = {"type": "object", "properties": {"x": {"type": "string"}}}
    answer = {"description": "", "schema": {"$ref": POINTER}}
    document["paths"]["/v1/hostile"] = {"get": {"operationId": "Hostile", "responses": {"200": answer}}}


@row()
def a_hostile_title_and_version(document: Document) -> None:
    document["info"] |= {"title": TEXTS[0], "version": TEXTS[1], "description": TEXTS[2]}


ROWS = tuple(row.found)
