"""What generated code does, in every shape that a Swagger file can give it."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest

from connectly_api.errors import InvalidInputError
from connectly_api.transport.protocol import Answer, Request, Response
from connectly_api.wire.unset import UNSET
from tests.codegen.samples import NAMES, VENDORED

Generated = Callable[[str], ModuleType]


class Recorder:
    """A transport that answers what it is given and keeps what it was asked."""

    def __init__(self, answer: object) -> None:
        self.answer = answer
        self.asked: list[tuple[Request[Any], float | None]] = []

    async def send(self, request: Request[Any], *, timeout: float | None = None) -> Answer[Any]:
        self.asked.append((request, timeout))
        return Answer(request.parse(self.answer), Response(200))


def build_search(generated: Generated) -> Callable[..., Request[Any]]:
    """Return the function that builds a request with every kind of parameter."""
    module = import_module(f"{generated('collection_formats').__name__}.api.search_service.search")
    found: Callable[..., Request[Any]] = module.request
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in NAMES if name != VENDORED])
def test_every_public_name_can_be_imported_and_is_listed(name: str, generated: Generated) -> None:
    tree = generated(name)
    for found in tree.__all__:
        assert getattr(tree, found) is not None
    assert set(tree.__all__) <= set(dir(tree))
    assert set(tree.models.__all__) <= set(dir(tree.models))
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        tree.Nothing  # noqa: B018  looking is the test


async def test_every_kind_of_parameter_is_written_as_the_file_says(generated: Generated) -> None:
    transport = Recorder({"hits": ["a"]})
    found = await generated("collection_formats").search(
        transport,
        ["a/b", "c"],
        tags=["x", "y"],
        ids=["1", "2"],
        plain=[1, 2],
        words=["a", "b"],
        pipes=["a", "b"],
        kinds=["a", "kind_unspecified"],
        kind="KIND_UNSPECIFIED",
        exact=True,
        limit=3,
        ratio=0.5,
        empty="",
        x_trace="t",
        timeout=2.0,
    )
    assert found.hits == ["a"]
    ((request, timeout),) = transport.asked
    assert (request.operation, request.method, timeout) == ("search", "GET", 2.0)
    assert request.path == "/v1/a%2Fb%2Cc/search"
    assert request.query == (
        ("tags", "x"),
        ("tags", "y"),
        ("ids", "1,2"),
        ("plain", "1,2"),
        ("words", "a b"),
        ("pipes", "a|b"),
        ("kinds", "a"),
        ("exact", "true"),
        ("limit", "3"),
        ("ratio", "0.5"),
        ("empty", ""),
    )
    assert request.headers == (("X-Trace", "t"),)
    assert request.content is None


def test_what_is_not_given_is_not_sent(generated: Generated) -> None:
    request = build_search(generated)(["a"])
    assert (request.query, request.headers, request.content) == ((), (), None)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"parts": []}, "parts"),
        ({"parts": ["a,b"]}, "parts"),
        ({"parts": ["a"], "ids": ["1,2"]}, "ids"),
        ({"parts": ["a"], "ratio": float("nan")}, "ratio"),
        ({"parts": ["a"], "after": b"x"}, "after"),
        ({"parts": ["a"], "x_trace": "a\r\nb"}, "X-Trace"),
        ({"parts": ["a"], "x_trace": "é"}, "X-Trace"),
        ({"parts": ["a"], "tags": ["\ud800"]}, "tags"),
    ],
)
def test_what_cannot_be_written_is_refused_by_name(arguments: dict[str, Any], field: str, generated: Generated) -> None:
    with pytest.raises(InvalidInputError) as refused:
        build_search(generated)(**arguments)
    assert refused.value.field == field


def test_numbers_in_a_path_are_written_as_digits(generated: Generated) -> None:
    get_account = import_module(f"{generated('int64').__name__}.api.bank_service.get_account")
    request = get_account.request("9007199254740993", 7, as_of="1", deep=False)
    assert request.path == "/v1/accounts/9007199254740993/rows/7"
    assert request.query == (("asOf", "1"), ("deep", "false"))


def test_64_bit_numbers_stay_exact_as_strings(generated: Generated) -> None:
    account = generated("int64").Account.from_dict(
        {"number": "9007199254740993", "balance": 9007199254740993, "limit": "9007199254740993", "level": "2"}
    )
    assert (account.number, account.balance) == ("9007199254740993", "9007199254740993")
    assert (account.limit, account.level) == (9007199254740993, 2)
    assert account.to_dict() == {
        "number": "9007199254740993",
        "balance": "9007199254740993",
        "limit": 9007199254740993,
        "level": 2,
    }


def test_the_base_path_is_a_part_of_every_path(generated: Generated) -> None:
    list_things = import_module(f"{generated('base_path').__name__}.api.thing_service.list_things")
    assert list_things.request().path == "/gateway/v3/things"


async def test_names_that_clash_with_pythons_or_ours_work(generated: Generated) -> None:
    tree = generated("name_clashes")
    wire = {name: f"value of {name}" for name in json_names(tree.FooV1Thing)}
    assert {
        "self",
        "class",
        "UNSET",
        "toDict",
        "from_dict",
        "additionalProperties",
        "attrs",
        "body",
        "cls",
    } <= wire.keys()
    thing = tree.FooV1Thing.from_dict(wire)
    assert thing.to_dict() == wire
    assert thing.additional_properties == {}
    assert (thing.self_, thing.to_dict_, thing.additional_properties_) == (
        "value of self",
        "value of toDict",
        "value of additionalProperties",
    )
    transport = Recorder(wire)
    assert await tree.foo_service_get_thing(transport, "a b", thing_name="n", filter_min_age=3) == thing
    ((request, _),) = transport.asked
    assert request.path == "/v1/things/a%20b"
    assert request.query == (("thing.name", "n"), ("filter.minAge", "3"))


def json_names(model: type[Any]) -> list[str]:
    """Return the names of a model's fields on the wire, from its own documentation."""
    return [line.split("`")[1] for line in (model.__doc__ or "").splitlines() if "` on the wire" in line]


async def test_bodies_and_answers_that_are_no_objects_are_sent_and_read(generated: Generated) -> None:
    tree = generated("inline_bodies")
    transport = Recorder([{"id": "1"}, "bad", None, {"lines": [{"sku": "a"}, 3]}])
    orders = await tree.set_tags(transport, "s", "o", body=["x"])
    assert [type(order) for order in orders] == [tree.Order, tree.Order]
    assert orders[1].lines == [tree.OrderLine(sku="a")]
    assert orders[1].additional_properties == {"lines": [{"sku": "a"}, 3]}
    ((request, _),) = transport.asked
    assert request.content == b'["x"]'
    assert request.parse(None) == []
    with pytest.raises(ValueError, match="not a list"):
        request.parse({})


async def test_objects_defined_in_place_are_models_too(generated: Generated) -> None:
    tree = generated("inline_bodies")
    body = tree.PlaceOrderRequest(
        lines=[tree.PlaceOrderRequestLinesItem(sku="a", count=2)],
        delivery=tree.PlaceOrderRequestDelivery(street="x", kind="KIND_UNSPECIFIED"),
    )
    transport = Recorder({"id": "1", "state": "BRAND_NEW"})
    order = await tree.place_order(transport, "s", body=body)
    ((request, _),) = transport.asked
    assert json.loads(request.content or b"") == {"lines": [{"sku": "a", "count": 2}], "delivery": {"street": "x"}}
    assert order.state == "BRAND_NEW"
    assert (await tree.cancel_order(Recorder(None), "s", "o", body=tree.CancelOrderRequest())).to_dict() == {}
    assert not hasattr(tree, "watch_orders")  # It returns a stream.


def test_a_required_field_has_to_be_given_and_may_still_be_absent_in_an_answer(generated: Generated) -> None:
    tree = generated("inline_bodies")
    with pytest.raises(TypeError, match="sku"):
        tree.OrderLine()
    assert tree.OrderLine.from_dict({}).sku is UNSET


async def test_maps_and_any_json_are_plain_values(generated: Generated) -> None:
    tree = generated("maps")
    source = {
        "labels": {"a": "b"},
        "places": {"x": {"name": "X"}},
        "colors": {"a": "red", "b": "color_unspecified"},
        "struct": {"deep": [1, None]},
        "value": None,
        "list": [1, None, {"a": None}],
        "described": 3,
        "counts": {"a": 1},
        "nested": {"a": {"b": "c"}},
        "details": [{"@type": "t", "more": 1}],
        "text": "t",
        "texts": ["t"],
    }
    atlas = tree.Atlas.from_dict(source)
    assert atlas.places == {"x": tree.Place(name="X")}
    assert (atlas.value, atlas.list_, atlas.struct) == (None, [1, None, {"a": None}], {"deep": [1, None]})
    assert atlas.to_dict() == source | {"colors": {"a": "red"}}
    assert atlas.details[0].type_ == "t"
    partly = tree.Atlas.from_dict({"counts": {"a": "1", "b": "x", "c": None}, "nested": {"a": {"b": []}, "c": 1}})
    assert (partly.counts, partly.nested) == ({"a": 1}, {"a": {}})
    assert partly.additional_properties == {
        "counts": {"a": "1", "b": "x", "c": None},
        "nested": {"a": {"b": []}, "c": 1},
    }


async def test_operations_on_maps_and_any_json_send_and_read_plain_values(generated: Generated) -> None:
    tree = generated("maps")
    transport = Recorder({"x": {"name": "X"}, "y": 1})
    assert await tree.put_map(transport, body={"a": "b"}) == {"x": tree.Place(name="X")}
    assert transport.asked[0][0].content == b'{"a":"b"}'
    assert transport.asked[0][0].parse(None) == {}
    anything = Recorder([1, None])
    assert await tree.echo_any(anything, body=None) == [1, None]
    assert anything.asked[0][0].content == b"null"
    assert await tree.download(Recorder("text")) == "text"
    with pytest.raises(ValueError, match="not a string"):
        await tree.download(Recorder(None))


def test_nullable_fields_are_absent_where_they_are_null(generated: Generated) -> None:
    person = generated("nullable").Person.from_dict(
        {"name": None, "age": None, "mother": None, "nicknames": None, "mood": None}
    )
    assert person.to_dict() == {}
    assert person.additional_properties == {}


def test_a_schema_within_itself_is_read_to_any_depth_that_json_has(generated: Generated) -> None:
    tree = generated("ref_siblings")
    source: dict[str, Any] = {"name": "first"}
    for _ in range(5000):
        source = {"parent": source, "friends": []}
    animal = tree.Animal.from_dict(source)
    depth = 0
    while animal.parent is not UNSET:
        animal, depth = animal.parent, depth + 1
    assert depth > 50
    # What is too deep to be read stays as it came.
    assert "parent" in animal.additional_properties


def test_every_parameter_but_those_of_the_path_is_given_by_name(generated: Generated) -> None:
    found = inspect.signature(generated("collection_formats").search).parameters
    positional = [name for name, one in found.items() if one.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    assert positional == ["transport", "parts"]
