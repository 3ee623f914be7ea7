"""The description of the control interface says what it does: a generator of requests finds no difference."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openapi_spec_validator import validate

from connectly_api import InvalidInputError
from connectly_api.sandbox import Sandbox
from connectly_api.sandbox.model.fault_rules import FaultRule
from connectly_api.sandbox.sandbox import get_engine
from connectly_api.sandbox.verbs.declarations import DECLARATIONS, Declaration, check_arguments
from connectly_api.sandbox.verbs.setup import CLOCK_VERBS, VERBS
from connectly_api.sandbox.web.live_state import VERSION, Place, UpdateBuilder
from tests.sandbox.calls import MESSAGES, TEMPLATES, attach_receiver, client_of, session, template

PREFIX = "/__sandbox__"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


async def read_description() -> Any:
    async with client_of(Sandbox()) as client:
        return (await client.get(f"{PREFIX}/openapi.json")).json()


async def test_the_description_is_valid_and_has_the_version_of_the_state(http: httpx.AsyncClient) -> None:
    description = (await http.get(f"{PREFIX}/openapi.json")).json()
    validate(description)
    assert description["info"]["version"] == str(VERSION)
    assert description["servers"] == [{"url": PREFIX}]
    assert (await http.get(f"{PREFIX}/state")).json()["version"] == VERSION


async def test_each_verb_is_described() -> None:
    assert set(DECLARATIONS) == {*VERBS, *CLOCK_VERBS}
    paths = (await read_description())["paths"]
    for verb, declaration in DECLARATIONS.items():
        described = paths[f"/{verb}"]["post"]
        schema = described["requestBody"]["content"]["application/json"]["schema"]
        assert described["summary"] == declaration.summary
        assert set(schema["properties"]) == {*declaration.types, "wait"}
        assert schema["required"] == list(declaration.required)


JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=4)
    | st.sampled_from(["+16044441111", "US.1", "image", "drop", "approved", "messages", 0, 1, 1e300]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=3,
)  # fmt: skip


@pytest.mark.parametrize("verb", sorted(set(DECLARATIONS) - {"fault"}))
@given(data=st.data())
def test_a_value_that_the_schema_takes_is_valid(verb: str, data: st.DataObject) -> None:
    for name, kind in DECLARATIONS[verb].types.items():
        value = data.draw(JSON, name)
        if jsonschema.Draft202012Validator(kind.schema).is_valid(value):
            assert check_arguments(Declaration("", {}, {name: kind}), {name: value}) == {name: value}


@pytest.mark.parametrize("given_arguments", [{}, {"customer": None, "text": "Hi"}, {"customer": "+16044441111"}])
def test_a_required_argument_that_is_missing_is_named(given_arguments: Mapping[str, Any]) -> None:
    with pytest.raises(InvalidInputError, match=r"^(customer|text): is missing or empty$"):
        check_arguments(DECLARATIONS["says"], given_arguments)


def test_an_argument_that_is_not_declared_cannot_be_read() -> None:
    values = check_arguments(DECLARATIONS["says"], {"customer": "+16044441111", "text": "Hi"})
    assert set(values) == {"customer", "text", "reply_to", "referral", "sender"}
    assert set(DECLARATIONS["fault"].types) == set(FaultRule.__annotations__)


def find_unknown_fields(schema: Any, value: Any, schemas: Any, path: str) -> Iterator[str]:
    """Yield the fields of a response that the schema does not have."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    for option in schema.get("oneOf", ()):
        if option["properties"]["what"]["const"] == value["what"]:
            schema = option
    if isinstance(value, list):
        for one in value:
            yield from find_unknown_fields(schema["items"], one, schemas, path)
    elif "properties" in schema:
        for name, inner in value.items():
            if name not in schema["properties"]:
                yield f"{path}.{name}"
            else:
                yield from find_unknown_fields(schema["properties"][name], inner, schemas, f"{path}.{name}")


async def play_all() -> Sandbox:
    sandbox, _receiver = await attach_receiver(200, 500)
    customer = sandbox.customer("+16044441111", bsuid="US.1", name="Ann")
    await customer.says("Hi")
    sandbox.template("welcome", parameters=["body_1"], text="Hello {{1}}")
    sandbox.fault("rate_limited", next=1, retry_after=7)
    async with client_of(sandbox) as client:
        for body, path in ((session(), MESSAGES), (session(message={}), MESSAGES), (template(), TEMPLATES)):
            await client.post(path, json=body)
    await sandbox.settle()
    return sandbox


def check_fields(description: Any, schema: Any, response: Any, path: str) -> None:
    schemas = description["components"]["schemas"]
    jsonschema.Draft202012Validator({**schema, "components": {"schemas": schemas}}).validate(response)
    of_a_rule = {"state.rules.next", "state.rules.retryAfter", "update.rules.next", "update.rules.retryAfter"}
    assert set(find_unknown_fields(schema, response, schemas, path)) <= of_a_rule


async def test_an_update_has_the_fields_of_its_description_and_no_others() -> None:
    engine = get_engine(await play_all())
    update = json.loads(UpdateBuilder(engine, Place(engine.run, 0)).build() or "")
    description = await read_description()
    check_fields(description, description["components"]["schemas"]["Update"], update, "update")


@pytest.mark.parametrize("name", ["state", "timeline", "messages", "requests", "deliveries", "registrations"])
async def test_a_response_has_the_fields_of_its_description_and_no_others(name: str) -> None:
    async with client_of(await play_all()) as client:
        response = (await client.get(f"{PREFIX}/{name}")).json()
    description = await read_description()
    content = description["paths"][f"/{name}"]["get"]["responses"]["200"]["content"]
    check_fields(description, content["application/json"]["schema"], response, name)


@pytest.mark.slow
@pytest.mark.once
async def test_generated_requests_are_answered_as_described(tmp_path: Path) -> None:
    program = shutil.which("schemathesis", path=str(Path(sys.executable).parent))
    assert program is not None
    async with Sandbox(windows="open", keep=20).serve() as address:
        process = await asyncio.create_subprocess_exec(
            program, "run", f"{address}{PREFIX}/openapi.json", "--seed", "20261126", "--max-examples", "2",
            "--checks", CHECKS, "--phases", "examples,coverage,fuzzing",
            "--exclude-path", "/events", "--exclude-path", "/expect",
            "--suppress-health-check", "all", "--no-color", cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output = (await process.communicate())[0].decode()
    assert process.returncode == 0, output
