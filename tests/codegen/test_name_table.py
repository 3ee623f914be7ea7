"""Published names stay where operations move and the vendor renames things, and a name that cannot stay is reported."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping

import pytest

from codegen.naming import NO_NAMES, Named, NameTable, dump_table, read_table
from codegen.naming.name_table import Owner
from codegen.spec.document import CodegenError, Json
from tests.codegen.samples import VENDORED, prepare, small, swagger
from tests.codegen.styles import styled

TABLE = prepare(swagger(VENDORED), NO_NAMES).table

SEND = "POST /v1/businesses/{}/send/messages"
UPDATE = "PUT /v1/businesses/{}/update/webhooks/{}"
DELETE = "DELETE /v1/businesses/{}/delete/webhooks/{}"


def moved(document: Json, moves: Mapping[str, str]) -> Json:
    """Return a Swagger document with operations at other places; a path of the new ones has names for its arguments."""
    result: Json = {**copy.deepcopy(document), "paths": {}}
    for path, item in document["paths"].items():
        for method, fields in item.items():
            place = f"{method.upper()} {re.sub(r'{[^{}]*}', '{}', path)}"
            new_method, new_path = moves.get(place, f"{method} {path}").split(" ")
            result["paths"].setdefault(new_path, {})[new_method.lower()] = fields
    return result


def to_places(moves: Mapping[str, str]) -> dict[str, str]:
    return {old: re.sub(r"{[^{}]*}", "{}", new) for old, new in moves.items()}


def prefixed(prefix: str) -> dict[str, str]:
    paths = {
        place: next(path for path in swagger(VENDORED)["paths"] if path_of(path, place)) for place in TABLE.operations
    }
    return {place: f"{place.split(' ')[0]} {prefix}{path}" for place, path in paths.items()}


def path_of(path: str, place: str) -> bool:
    return re.sub(r"{[^{}]*}", "{}", path) == place.split(" ")[1]


ALL = prefixed("/connectly")


def public(table: NameTable) -> tuple[set[str], dict[str, set[str]]]:
    """Return the functions with their modules, and the names within functions and classes."""
    return set(table.operations.values()), {name: set(owner.names.values()) for name, owner in table.owners.items()}


@pytest.mark.parametrize(
    "style", ["another order", "names of others", "other operation ids and tags", "everything inline"]
)
@pytest.mark.parametrize(
    "moves",
    [
        pytest.param({}, id="none"),
        pytest.param(ALL, id="a prefix"),
        pytest.param({SEND: "POST /v2/businesses/{businessId}/messages:send"}, id="one"),
        pytest.param({SEND: "POST /v2/accounts/{businessId}/messages"}, id="another word"),
        pytest.param({UPDATE: "PATCH /v1/businesses/{businessId}/webhooks/{webhookId}"}, id="another method"),
        pytest.param(
            {
                UPDATE: "PUT /v1/businesses/{businessId}/delete/webhooks/{webhookId}",
                DELETE: "DELETE /v1/businesses/{businessId}/update/webhooks/{webhookId}",
            },
            id="two change places",
        ),
        pytest.param(
            {
                "GET /v1/businesses/{}/webhooks": "POST /v1/businesses/{businessId}/create/webhooks",
                "POST /v1/businesses/{}/create/webhooks": "GET /v1/businesses/{businessId}/webhooks",
            },
            id="two change places and methods",
        ),
        pytest.param({UPDATE: "PUT /v1/webhooks/{webhookId}/businesses/{businessId}"}, id="another order"),
    ],
)
def test_every_published_name_stays(moves: dict[str, str], style: str) -> None:
    found = prepare(moved(styled(style), moves), TABLE.move(to_places(moves)))
    assert public(found.table) == public(TABLE)
    assert found.lost == ()
    assert found.table.operations == {
        to_places(moves).get(place, place): path for place, path in TABLE.operations.items()
    }
    again = prepare(moved(styled(style), moves), found.table)
    assert again == found


def wires(found: Named, function: str) -> dict[str, str]:
    fields = next(
        fields
        for item in found.document["paths"].values()
        for fields in item.values()
        if fields["operationId"] == function
    )
    return {entry["name"]: entry["x-wire"] for entry in fields.get("parameters", [])}


@pytest.mark.parametrize(
    ("new", "names", "lost"),
    [
        ("/v1/hooks/{hook}/shops/{shop}", {"business_id": "hook", "webhook_id": "shop"}, ()),
        ("/v1/webhooks/{w}/businesses/{b}", {"business_id": "b", "webhook_id": "w"}, ()),
        ("/v1/webhooks/{w}/shops/{b}", {"business_id": "b", "webhook_id": "w"}, ()),
        ("/v1/t/{tenant}/businesses/{b}/webhooks/{w}", {"business_id": "b", "webhook_id": "w", "tenant": "tenant"}, ()),
        ("/v1/webhooks/{w}", {"webhook_id": "w"}, ("update_webhook.business_id",)),
        ("/v1/hooks/{webhookId}", {"webhook_id": "webhookId"}, ("update_webhook.business_id",)),
        ("/v1/hooks/{id}", {"id": "id"}, ("update_webhook.business_id", "update_webhook.webhook_id")),
        ("/v1/{t}/{webhookId}/{businessId}", {"t": "t", "webhook_id": "webhookId", "business_id": "businessId"}, ()),
        ("/v1/webhooks", {}, ("update_webhook.business_id", "update_webhook.webhook_id")),
    ],
)
def test_an_argument_in_a_path_keeps_its_name_where_it_is_the_same(
    new: str, names: dict[str, str], lost: tuple[str, ...]
) -> None:
    moves = {UPDATE: f"PUT {new}"}
    document = moved(swagger(VENDORED), moves)
    entries = document["paths"][new]["put"]["parameters"]
    template = next(entry for entry in entries if entry["in"] == "path")
    document["paths"][new]["put"]["parameters"] = [
        *({**template, "name": wire} for wire in re.findall(r"{([^{}]*)}", new)),
        *(entry for entry in entries if entry["in"] != "path"),
    ]
    found = prepare(document, TABLE.move(to_places(moves)))
    assert wires(found, "update_webhook") == names
    assert found.lost == lost


def test_enums_in_a_path_keep_their_class() -> None:
    def service(path: str, wire: str) -> Json:
        entry = {"name": wire, "in": "path", "required": True, "type": "string", "enum": ["a"]}
        return small(path=path, operation={"parameters": [entry]})

    table = prepare(service("/v1/kinds/{kind}", "kind"), NO_NAMES).table
    found = prepare(service("/v1/sorts/{sort}", "sort"), table.move({"GET /v1/kinds/{}": "GET /v1/sorts/{}"}))
    assert found.table.owners["get_thing"].models["path /sorts"] == "GetThingKind"
    assert wires(found, "get_thing") == {"kind": "sort"}


def test_an_operation_moves_to_the_place_of_one_that_is_gone() -> None:
    found = TABLE.move({SEND: UPDATE})
    assert found.operations[UPDATE] == TABLE.operations[SEND]
    assert SEND not in found.operations


def test_a_name_that_stands_for_nothing_any_more_is_reported() -> None:
    document = swagger(VENDORED)
    del document["paths"]["/v1/businesses/{businessId}/webhooks"]
    del document["definitions"]["v1Header"]["properties"]["text"]
    del document["definitions"]["v1Attachment"]["properties"]["type"]
    document["definitions"]["v1Message"]["properties"]["attachments"]["items"] = {"$ref": "#/definitions/v1Button"}
    found = prepare(document, TABLE)
    assert found.lost == (
        "get_webhooks",
        "Attachment at Message.attachments[]",
        "Attachment.type_",
        "Header.text",
    )
    # What is still called so where all its fields are, or most, keeps the name.
    assert found.table.owners["Message"].models["attachments[]"] == "Button"
    assert found.table.owners["Header"].models["attachment"] == "Attachment"


def test_a_function_in_another_module_is_reported() -> None:
    table = prepare(small(), NO_NAMES).table
    assert prepare(small(path="/v1/else", operation={"tags": ["Other"]}), table).lost == ("thing_service.get_thing",)


def test_a_table_is_written_sorted_but_for_arguments_and_fields_and_read_again() -> None:
    table = NameTable(
        {"GET /b": "b.get_b", "GET /a": "a.get_a"},
        {
            "get_b": Owner("operation", {"path /b": "z", "query a": "a"}, {"response": "B", "request": "A"}),
            "A": Owner("enum"),
        },
        {"v1B": "B", "v1A": "A"},
    )
    content = dump_table(table)
    assert read_table(content) == table
    assert json.loads(content) == {
        "operations": {"GET /a": "a.get_a", "GET /b": "b.get_b"},
        "owners": {
            "A": {"kind": "enum", "names": {}, "models": {}},
            "get_b": {
                "kind": "operation",
                "names": {"path /b": "z", "query a": "a"},
                "models": {"request": "A", "response": "B"},
            },
        },
        "definitions": {"v1A": "A", "v1B": "B"},
    }
    for first, second in (('"GET /a"', '"GET /b"'), ('"A"', '"get_b"'), ('"z"', '"query a"'), ('"v1A"', '"v1B"')):
        assert content.decode().index(first) < content.decode().index(second)
    assert read_table(dump_table(NO_NAMES)) == NO_NAMES


@pytest.mark.parametrize(
    "content", [b"", b"{}", b'{"owners": []}', b'{"owners": {}, "more": 1}', b'{"owners": {"A": {"a": 1}}}']
)
def test_a_table_that_is_none_is_refused(content: bytes) -> None:
    with pytest.raises(CodegenError, match=r"^codegen/names\.json: .*; restore it from version control$"):
        read_table(content)
