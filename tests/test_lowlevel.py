from __future__ import annotations

import ast
import copy
import importlib
import inspect
import json
import pickle
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, cast, get_args

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectly_api import lowlevel
from connectly_api.errors import InvalidInputError
from connectly_api.lowlevel import (
    Attachment,
    ChannelType,
    CreateWebhookRequest,
    Message,
    Order,
    Participant,
    SendMessageRequest,
    SendMessageResponse,
    SendWhatsappTemplatedMessageRequest,
    UpdateWebhookRequest,
    WebhookConfiguration,
    models,
    send_message,
)
from connectly_api.transport.pipeline import Pipeline
from connectly_api.transport.protocol import Answer, Request, Response
from connectly_api.wire import writing
from connectly_api.wire.unset import UNSET
from tests.contract.service_file import find_place
from tests.thoroughness import up_to

DATA = Path(__file__).resolve().parent / "data"
OPERATIONS = (
    "create_webhook",
    "delete_webhook",
    "get_webhooks",
    "send_message",
    "send_whatsapp_templated_message",
    "update_webhook",
)
"""The operations of the documentation: the vendor may add others."""

MODELS: list[type[Any]] = [
    found for name in models.__all__ if inspect.isclass(found := getattr(models, name)) and attrs.has(found)
]


class Recorder:
    """A transport that answers what it is given and keeps what it was asked."""

    def __init__(self, answer: object) -> None:
        self.answer = answer
        self.asked: list[tuple[Request[Any], float | None]] = []

    async def send(self, request: Request[Any], *, timeout: float | None = None) -> Answer[Any]:
        self.asked.append((request, timeout))
        return Answer(request.parse(self.answer), Response(200))


def test_every_public_name_can_be_imported_and_is_listed() -> None:
    for package in (lowlevel, models):
        for name in package.__all__:
            assert getattr(package, name) is not None
        assert set(package.__all__) <= set(dir(package))
        with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
            package.Nothing  # noqa: B018  looking is the test


def test_every_operation_of_the_documentation_is_public() -> None:
    assert set(OPERATIONS) <= set(lowlevel.__all__)


def test_importing_one_operation_imports_no_model_that_it_does_not_read() -> None:
    script = f"import sys; import {send_message.__module__}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    imported = set(done.stdout.split())
    assert SendMessageResponse.__module__ in imported
    assert imported.isdisjoint({SendMessageRequest.__module__, Message.__module__, "httpx"})


REQUESTS: dict[str, type[Any]] = {
    "session_": SendMessageRequest,
    "template": SendWhatsappTemplatedMessageRequest,
    "webhook_create": CreateWebhookRequest,
    "webhook_update": UpdateWebhookRequest,
}


@pytest.mark.parametrize("path", sorted((DATA / "requests").glob("*.json")), ids=lambda path: path.stem)
def test_a_documented_request_is_read_and_written_as_it_is(path: Path) -> None:
    source = json.loads(path.read_text(encoding="utf-8"))
    (model,) = [model for prefix, model in REQUESTS.items() if path.stem.startswith(prefix)]
    read = model.from_dict(source)
    assert read.to_dict() == source
    assert all(found.additional_properties == {} for found in nested(read))


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("sent", models.SendMessageResponse),
        ("webhook_created", models.CreateWebhookResponse),
        ("webhook_deleted", models.DeleteWebhookResponse),
        ("webhooks", models.GetWebhooksResponse),
    ],
)
def test_a_documented_answer_is_read_without_a_rest(name: str, model: type[Any]) -> None:
    read = model.from_dict(json.loads((DATA / "responses" / f"{name}.json").read_text(encoding="utf-8")))
    assert all(found.additional_properties == {} for found in nested(read))


def nested(value: Any) -> list[Any]:
    """Return a model and all models within it."""
    if isinstance(value, list):
        return [found for element in value for found in nested(element)]
    if not attrs.has(type(value)):
        return []
    inner = [getattr(value, field.name) for field in attrs.fields(type(value))]
    return [value, *(found for field in inner for found in nested(field))]


async def test_an_operation_builds_a_request_and_hands_back_what_was_read() -> None:
    transport = Recorder({"id": "01", "more": 1})
    body = SendMessageRequest(recipient=Participant(id="+1", channel_type="whatsapp"), message=Message(text="é"))
    sent = await send_message(cast("Pipeline", transport), "biz/1", body=body, timeout=3.0)
    assert sent == SendMessageResponse(id="01", additional_properties={"more": 1})
    ((request, timeout),) = transport.asked
    assert timeout == 3.0
    assert (request.operation, request.method) == ("send_message", "POST")
    assert request.path == find_place("send_message").fill("biz%2F1")
    assert request.content == '{"recipient":{"id":"+1","channelType":"whatsapp"},"message":{"text":"é"}}'.encode()
    assert (request.query, request.headers) == ((), ())


def module_of(operation: str) -> ModuleType:
    return importlib.import_module(getattr(lowlevel, operation).__module__)


def arguments_of(operation: str, ids: str) -> dict[str, Any]:
    """Return arguments for an operation, with an empty body of the right kind."""
    found: dict[str, Any] = {}
    for name, parameter in inspect.signature(module_of(operation).request).parameters.items():
        found[name] = getattr(models, parameter.annotation).from_dict({}) if name == "body" else ids
    return found


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_request_is_a_pure_value_that_parses_anything_empty(operation: str) -> None:
    request = module_of(operation).request(**arguments_of(operation, "1"))
    assert request.operation == operation
    assert request.path == find_place(operation).fill("1", "1")
    nothing: list[object] = [None, {}]
    for empty in nothing:
        assert request.parse(empty).to_dict() == {}
    others: list[object] = [[], "a", 1, True]
    for wrong in others:
        with pytest.raises(ValueError, match="not a JSON object"):
            request.parse(wrong)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("value", ["", ".", "..", "a\nb", "\x00", "\ud800", 5, None])
def test_ids_that_would_change_the_path_are_refused_before_anything_is_sent(operation: str, value: Any) -> None:
    with pytest.raises(InvalidInputError, match="business_id: "):
        module_of(operation).request(**arguments_of(operation, value))


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_every_operation_sends_what_its_builder_builds(operation: str) -> None:
    transport = Recorder(None)
    given_arguments = arguments_of(operation, "1")
    await getattr(lowlevel, operation)(transport, **given_arguments)
    assert transport.asked == [(module_of(operation).request(**given_arguments), None)]


def test_nothing_is_sent_that_was_not_given() -> None:
    assert SendMessageRequest().to_dict() == {}
    assert Participant(id="+1", channel_type="channel_type_unspecified", name=UNSET).to_dict() == {"id": "+1"}
    assert Order(strategy="strategy_unspecified").to_dict() == {}
    configuration = WebhookConfiguration(channel_types=["whatsapp", "channel_type_unspecified"])
    assert configuration.to_dict() == {"channelTypes": ["whatsapp"]}


def test_null_is_sent_for_any_json_alone() -> None:
    unchecked: Any = None
    request = SendMessageRequest(campaign_name=unchecked, callback_data=None)
    assert request.to_dict() == {"callbackData": None}
    assert SendMessageRequest(callback_data={"a": (1, None)}).to_dict() == {"callbackData": {"a": (1, None)}}


def test_a_value_of_a_wrong_type_costs_its_own_field_only() -> None:
    read = Message.from_dict({"text": 7, "location": "no", "attachments": [{"url": "u"}, 3], "new": {"a": 1}})
    assert (read.text, read.location) == ("7", UNSET)
    assert read.attachments == [Attachment(url="u")]
    assert read.additional_properties == {"location": "no", "attachments": [{"url": "u"}, 3], "new": {"a": 1}}
    configuration = WebhookConfiguration.from_dict({"echo": "yes", "channelTypes": ["sms"]})
    assert (configuration.echo, configuration.channel_types) == (UNSET, ["sms"])
    assert configuration.additional_properties == {"echo": "yes"}


def test_a_raw_value_never_overwrites_what_the_caller_set_since() -> None:
    read = Participant.from_dict({"id": ["raw"], "channelType": {}, "name": [], "channel_type": "old"})
    assert read.to_dict() == {"id": ["raw"], "channelType": {}, "name": [], "channel_type": "old"}
    read.id, read.channel_type, read.name = "+1", "sms", UNSET
    assert read.to_dict() == {"id": "+1", "channelType": "sms", "name": []}
    read.channel_type = "channel_type_unspecified"
    assert read.to_dict() == {"id": "+1", "name": []}


def test_snake_case_and_unknown_enum_values_are_read() -> None:
    read = Participant.from_dict({"channel_type": "telegram", "user_id": 5})
    assert (read.channel_type, read.user_id) == ("telegram", "5")
    assert read.to_dict() == {"channelType": "telegram", "userId": "5"}


def test_an_enums_alias_names_what_is_known_without_the_unspecified_value() -> None:
    assert {"sms", "whatsapp"} <= set(get_args(ChannelType))
    for name in models.__all__:
        assert not any("unspecified" in str(value).lower() for value in get_args(getattr(models, name)))


def filled(model: type[Any]) -> Any:
    return model(**{field.name: "canary" for field in attrs.fields(model) if field.name != "additional_properties"})


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_repr_names_the_fields_and_shows_no_value(model: type[Any]) -> None:
    value = filled(model)
    value.additional_properties["canary"] = "canary"
    names = [field.name for field in attrs.fields(model)]
    assert repr(value) == f"{model.__name__}({', '.join(f'{name}=…' for name in names)})"
    assert repr(model.from_dict({})) == f"{model.__name__}()"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_models_survive_copying_and_pickling(model: type[Any]) -> None:
    for value in (model.from_dict({}), filled(model), model.from_dict({"new": [1]})):
        for same in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):  # noqa: S301  our own bytes
            assert same == value
            assert same.to_dict() == value.to_dict()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def wire_names(model: type[Any]) -> list[str]:
    """Return the names of a model's fields on the wire, from the code that writes them."""
    found: list[str] = []
    for node in ast.walk(ast.parse(Path(inspect.getfile(model)).read_text(encoding="utf-8"))):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="put" | "put_enum" | "put_given"), args=[_, ast.Constant(value=str(name)), _]
            ):
                found.append(name)
            case _:
                pass
    return found


def holds(written: object, source: object) -> bool:
    """Return whether everything of a source is in what was written of it, but for what reading is to change."""
    if isinstance(source, dict) and isinstance(written, dict):
        return all(value is None or (key in written and holds(written[key], value)) for key, value in source.items())
    if isinstance(source, list) and isinstance(written, list):
        return len(source) == len(written) and all(map(holds, written, source))
    return written == source or str(written) == str(source) or written == number(source)


def number(source: Any) -> object:
    try:
        return float(source)
    except (TypeError, ValueError, OverflowError):
        return None


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
@up_to(40)
@given(data=st.data())
def test_anything_in_any_field_is_read_and_nothing_is_lost(model: type[Any], data: st.DataObject) -> None:
    keys = st.sampled_from([*wire_names(model), "unknown", "unknownKey"])
    source = data.draw(st.dictionaries(keys, JSON, max_size=6))
    before = copy.deepcopy(source)
    read = model.from_dict(source)
    assert source == before
    written = read.to_dict()
    for key, value in source.items():
        kept = key in read.additional_properties and read.additional_properties[key] == value
        # A null in a field is absent; an unspecified value is read, and never sent.
        assert kept or value is None or holds(written.get(key), value) or writing.drop_unspecified(value) != value
    assert model.from_dict(written).to_dict() == written


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
@given(value=JSON)
def test_only_what_is_no_object_is_refused(model: type[Any], value: object) -> None:
    if value is None or isinstance(value, dict):
        assert isinstance(model.from_dict(value), model)
    else:
        with pytest.raises(ValueError, match="not a JSON object"):
            model.from_dict(value)
