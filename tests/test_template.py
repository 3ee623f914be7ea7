"""Templates: parameters by meaning and by name, their limits, and the form on the wire."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectly_api.content.template import Parameter, Template, encode_template
from connectly_api.errors import Violation
from connectly_api.wire.encoding import encode_json
from connectly_api.wire.unset import UNSET

REQUESTS = Path(__file__).parent / "data/requests"
URL = "https://example.com/file"


def template(**values: Any) -> Template:
    return Template("greeting", "en", **values)


def parameters(content: Template) -> list[dict[str, Any]]:
    written = content.to_parameters()
    assert isinstance(written, list)
    return [parameter.to_dict() for parameter in written]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("template", Template("template", "en", body=[])),
        ("template_body_parameters", Template("my_template", "en", body=["YOUR_VALUE"] * 3)),
        ("template_bsuid", Template("my_template", "en")),
        (
            "template_document_campaign",
            Template(
                "bogo_marketing_campaign",
                "en",
                header_document=("https://example.com/doc.pdf", "doc.pdf"),
                body=["Harry"],
            ),
        ),
    ],
)
def test_parameters_are_written_as_documented(name: str, content: Template) -> None:
    documented = json.loads((REQUESTS / f"{name}.json").read_text())

    assert (content.name, content.language) == (documented["templateName"], documented["language"])
    assert list(content.violations()) == []
    if "parameters" in documented:
        assert parameters(content) == documented["parameters"]
    else:
        assert content.to_parameters() is UNSET


@pytest.mark.parametrize(
    ("values", "written"),
    [
        ({"header_text": "Hi"}, [{"name": "header_text", "value": "Hi"}]),
        ({"header_image": URL}, [{"name": "header_image", "value": URL}]),
        ({"header_video": URL}, [{"name": "header_video", "value": URL}]),
        (
            {"header_document": f"{URL}/bill%20a.pdf?v=1"},
            [{"name": "header_document", "value": f"{URL}/bill%20a.pdf?v=1", "filename": "bill a.pdf"}],
        ),
        ({"header_document": (URL, "a.pdf")}, [{"name": "header_document", "value": URL, "filename": "a.pdf"}]),
        ({"header_document": [URL, "a.pdf"]}, [{"name": "header_document", "value": URL, "filename": "a.pdf"}]),
        (
            {"header_document": (f"{URL}.pdf", None)},
            [{"name": "header_document", "value": f"{URL}.pdf", "filename": "file.pdf"}],
        ),
        (
            {"parameters": [Parameter("header_document", f"{URL}.pdf")]},
            [{"name": "header_document", "value": f"{URL}.pdf", "filename": "file.pdf"}],
        ),
        (
            {"button_urls": ["order/1?a=b", "%20x"]},
            [{"name": "button_1_url", "value": "order/1?a=b"}, {"name": "button_2_url", "value": "%20x"}],
        ),
        (
            {"body": ["a" * 512, "b" * 512]},
            [{"name": "body_1", "value": "a" * 512}, {"name": "body_2", "value": "b" * 512}],
        ),
        (
            {"body": ["four    spaces"], "header_text": "h" * 60},
            [{"name": "header_text", "value": "h" * 60}, {"name": "body_1", "value": "four    spaces"}],
        ),
        ({"button_urls": [URL]}, [{"name": "button_1_url", "value": URL}]),
        ({"button_urls": [None, URL]}, [{"name": "button_2_url", "value": URL}]),
        ({"button_urls": (url for url in (URL, URL))}, [{"name": f"button_{n}_url", "value": URL} for n in (1, 2)]),
        ({"body": (f"v{n}" for n in range(1, 16))}, [{"name": f"body_{n}", "value": f"v{n}"} for n in range(1, 16)]),
        ({"body": "alone"}, [{"name": "body_1", "value": "alone"}]),
        ({"parameters": {"card_1_body_1": "x"}}, [{"name": "card_1_body_1", "value": "x"}]),
        ({"parameters": Parameter("a", "x")}, [{"name": "a", "value": "x"}]),
        ({"parameters": [Parameter("a", "x", "f")]}, [{"name": "a", "value": "x", "filename": "f"}]),
        (
            {"parameters": {"a": "x"}, "button_urls": [URL], "body": ["1"], "header_text": "H"},
            [
                {"name": "header_text", "value": "H"},
                {"name": "body_1", "value": "1"},
                {"name": "button_1_url", "value": URL},
                {"name": "a", "value": "x"},
            ],
        ),
        ({"body": []}, []),
        ({"button_urls": []}, []),
        ({"button_urls": [None, None]}, []),
        ({"parameters": {}}, []),
        ({"parameters": []}, []),
    ],
)
def test_a_parameter_by_meaning_becomes_the_documented_name(
    values: dict[str, Any], written: list[dict[str, str]]
) -> None:
    content = template(**values)

    assert list(content.violations()) == []
    assert parameters(content) == written


BEYOND: dict[str, tuple[Template, list[Violation]]] = {
    "no name": (Template("", "en"), [Violation("name", "is empty", 0, level="error")]),
    "no language": (Template("greeting", " "), [Violation("language", "is empty", 1, level="error")]),
    "a name of 513 characters": (
        Template("n" * 513, "en"),
        [Violation("name", "513 characters; the limit is 512", 513, 512)],
    ),
    "sixteen values": (
        template(body=["x"] * 16),
        [Violation("body", "16 values; the limit is 15", 16, 15)],
    ),
    "three addresses": (
        template(button_urls=[URL] * 3),
        [Violation("button_urls", "3 addresses; the limit is 2", 3, 2)],
    ),
    "an empty value": (template(body=["x", ""]), [Violation("body[1]", "is empty", 0, level="error")]),
    "an empty address": (
        template(button_urls=[None, ""]),
        [Violation("button_urls[1]", "is empty", 0, level="error")],
    ),
    "an empty header": (template(header_image=""), [Violation("header_image", "is empty", 0, level="error")]),
    "an empty file name": (
        template(header_document=(URL, "")),
        [Violation("header_document.filename", "is empty", 0)],
    ),
    "an empty name and value": (
        template(parameters={"": ""}),
        [
            Violation("parameters[0].name", "is empty", 0, level="error"),
            Violation("parameters[0].value", "is empty", 0, level="error"),
        ],
    ),
    "two headers": (
        template(header_text="H", header_video=URL),
        [Violation("header_video", "a template can have only one header; header_text is set", 2, 1)],
    ),
    "three headers, one of them raw": (
        template(header_text="H", header_document=(URL, "a"), parameters={"header_location": "x"}),
        [Violation("header_document", "a template can have only one header; header_text is set", 3, 1)],
    ),
    "a name by meaning and raw": (
        template(body=["x"], parameters={"body_1": "y"}),
        [Violation("parameters", "two names are the same; each must be unique", 2)],
    ),
    "a raw name twice": (
        template(parameters=[Parameter("a", "x"), Parameter("a", "y")]),
        [Violation("parameters", "two names are the same; each must be unique", 2)],
    ),
}


@pytest.mark.parametrize(("content", "expected"), BEYOND.values(), ids=BEYOND.keys())
def test_what_breaks_a_limit_is_named_with_field_size_and_limit(content: Template, expected: list[Violation]) -> None:
    assert list(content.violations()) == expected


def test_fifteen_values_and_two_addresses_break_none() -> None:
    assert list(template(body=["x"] * 15, button_urls=[URL] * 2).violations()) == []


ERRORS: dict[str, tuple[dict[str, Any], str]] = {
    "a number as name": ({"name": 7}, "name"),
    "nothing as name": ({"name": None}, "name"),
    "bytes as language": ({"language": b"en"}, "language"),
    "a number as value": ({"body": ["x", 7]}, "body[1]"),
    "nothing as value": ({"body": [None]}, "body[0]"),
    "a lone number as body": ({"body": 7}, "body[0]"),
    "a surrogate as value": ({"body": ["\ud800"]}, "body[0]"),
    "a number as header": ({"header_text": 7}, "header_text"),
    "a number as document": ({"header_document": 7}, "header_document"),
    "two bytes as document": ({"header_document": b"ab"}, "header_document"),
    "a mapping of two as document": ({"header_document": {"url": URL, "filename": "a"}}, "header_document"),
    "one element as document": ({"header_document": (URL,)}, "header_document"),
    "three elements as document": ({"header_document": (URL, "a", "b")}, "header_document"),
    "a number as address of a document": ({"header_document": (7, "a")}, "header_document"),
    "a number as file name": ({"header_document": (URL, 7)}, "header_document.filename"),
    "a number as address": ({"button_urls": [None, 7]}, "button_urls[1]"),
    "a number as raw name": ({"parameters": {7: "x"}}, "parameters[0].name"),
    "nothing as raw value": ({"parameters": {"a": None}}, "parameters[0].value"),
    "a text as parameters": ({"parameters": "x"}, "parameters[0]"),
    "pairs as parameters": ({"parameters": [("a", "x")]}, "parameters[0]"),
}


@pytest.mark.parametrize(("values", "field"), ERRORS.values(), ids=ERRORS.keys())
def test_a_value_of_a_wrong_type_is_an_error_in_its_field(values: dict[str, Any], field: str) -> None:
    arguments: dict[str, Any] = {"name": "greeting", "language": "en", **values}
    found = list(Template(**arguments).violations())

    assert [(violation.field, violation.level) for violation in found] == [(field, "error")]


def test_all_violations_come_at_once_each_at_its_place() -> None:
    raw = {"header_x": ""}
    content = Template("", "", body=[""] * 16, header_text="", button_urls=["x"] * 3, parameters=raw)

    assert [violation.field for violation in content.violations()] == [
        "name",
        "language",
        "body",
        "button_urls",
        "header_text",
        *(f"body[{index}]" for index in range(16)),
        "parameters[0].value",
        "parameters[0]",
    ]


def test_no_repr_shows_a_parameter() -> None:
    content = template(
        body=["canary"],
        header_text="canary",
        header_image="canary",
        header_video="canary",
        header_document=("canary", "canary"),
        button_urls=["canary"],
        parameters={"a": "canary"},
    )
    written = content.to_parameters()

    assert "canary" not in repr(content)
    assert "canary" not in repr(written)
    assert repr(content).startswith("Template(name='greeting', language='en', header_text=<6 characters>")
    assert repr(Parameter("body_1", "canary", "canary")) == (
        "Parameter(name='body_1', value=<6 characters>, filename=<6 characters>)"
    )


@pytest.mark.parametrize("content", [template(body=["x"], parameters={"a": "b"}), Parameter("a", "x", "f")], ids=repr)
def test_a_template_is_a_frozen_value(content: Template | Parameter) -> None:
    other = pickle.loads(pickle.dumps(content))  # noqa: S301 (its own pickle)

    assert other == content == copy.deepcopy(content)
    assert len({other, content}) == 1
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        content.name = "x"  # type: ignore[misc]


@pytest.mark.parametrize("name", [" t", "t ", "t\n", "t\u2028", "a\x00b", "a\u200bb"])
def test_names_with_white_space_around_them_or_unseen_characters_are_refused(name: str) -> None:
    contents = {
        "name": Template(name, "en"),
        "language": Template("t", name),
        "parameters[0].name": template(parameters={name: "x"}),
    }
    for field, content in contents.items():
        (violation,) = content.violations()
        assert (violation.field, violation.level, violation.size) == (field, "error", len(name))


VALUES = st.text(
    st.sampled_from(["a", "é", " ", "\n", "\t", "\x00", "\ud800", "\x85", "\u2028", "\xa0", "\x1f"]), max_size=9
)
NAMES = st.sampled_from(["spring", "", " spring", "a\u200b", "x" * 513, 5])


@given(
    name=NAMES,
    language=NAMES,
    body=st.none() | st.lists(VALUES | st.just("x" * 600) | st.integers(0, 1), max_size=17),
    others=st.fixed_dictionaries(
        {}, optional={"header_text": VALUES, "button_urls": st.just([]), "parameters": st.just([])}
    ),
)
def test_the_short_cut_for_plain_templates_overlooks_nothing(name: Any, language: Any, body: Any, others: Any) -> None:
    content = Template(name, language, body=body, **others)

    assert list(content.violations()) == list(content._find_violations())


@given(body=st.none() | st.lists(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1), max_size=16))
def test_a_template_has_the_same_json_whichever_way_it_is_written(body: list[str] | None) -> None:
    content = template(body=body)
    request: dict[str, Any] = {"templateName": content.name, "language": content.language}
    if body is not None:
        request["parameters"] = parameters(content)

    assert encode_template(content).encode() == encode_json(request, field="body")
