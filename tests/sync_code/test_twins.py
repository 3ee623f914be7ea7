"""The synchronous classes: the same surface as the async ones, and the same results and errors."""

from __future__ import annotations

import gc
import inspect
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import connectly_api
from connectly_api import InvalidInputError, Response, Row, Section, Text, UsageError, sync, webhooks
from connectly_api.content.interactive import Button
from connectly_api.content.products import ProductSection
from connectly_api.lowlevel import get_webhooks
from connectly_api.sync import twin
from connectly_api.sync.twin import Twin, get_async
from connectly_api.transport import MockTransport
from connectly_api.webhooks import ClaimState, Event
from tests.sync_code.sandbox_thread import SandboxThread, serve_sandbox
from tests.webhooks.documented_bodies import load_body, read
from tools import twins

CUSTOMER, NUMBER, SECOND = "+16044441111", "+14151111234", "+14152222222"
PAIRS = [
    (connectly_api.Connectly, sync.Connectly),
    (connectly_api.Registrations, sync.Registrations),
    (webhooks.MemoryStore, sync.MemoryStore),
    (webhooks.SQLiteStore, sync.SQLiteStore),
    (webhooks.PostgresStore, sync.PostgresStore),
    (webhooks.RedisStore, sync.RedisStore),
]
# What synchronous code has by another name, or not at all: the pipeline is of use to async functions only.
OTHER = {"aclose": "close", "__aenter__": "__enter__", "__aexit__": "__exit__", "transport": None, "SCHEMA": None}
KEPT = {"__init__", "__repr__", "__aenter__", "__aexit__"}


def list_names(kind: type) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_") or (name in KEPT and hasattr(kind, name))}


def describe(function: Any) -> list[tuple[str, object, object, str]]:
    parameters = inspect.signature(function).parameters.values()
    return [
        (one.name, one.kind, one.default, str(one.annotation).replace(" | Twin[Conversations]", ""))
        for one in parameters
    ]


@pytest.fixture(scope="module")
def served() -> Iterator[SandboxThread]:
    with serve_sandbox(api_key="key", business_id="biz_1", windows="open", senders=[NUMBER, SECOND]) as server:
        yield server


@pytest.fixture
def connectly(served: SandboxThread) -> Iterator[sync.Connectly]:
    with sync.Connectly(
        api_key="key", business_id="biz_1", base_url=served.base_url, sender=NUMBER, transport="httpx"
    ) as client:
        yield client


@pytest.mark.parametrize(("kind", "twin"), PAIRS)
def test_a_twin_has_every_method_with_the_same_parameters(kind: type, twin: type) -> None:
    for name in list_names(kind) - {"__repr__", "__aexit__"}:
        other = OTHER.get(name, name)
        if other is None:
            continue
        ours, theirs = getattr(twin, other), getattr(kind, name)
        if callable(theirs) and not (name == "__init__" and twin is sync.Registrations):
            assert describe(ours) == describe(theirs), name
            assert not inspect.iscoroutinefunction(ours)
        assert ours.__doc__


@pytest.mark.parametrize(("kind", "twin"), PAIRS)
def test_a_twin_has_no_public_method_of_its_own_but_run(kind: type, twin: type) -> None:
    more = list_names(twin) - {OTHER.get(name, name) for name in list_names(kind)}

    assert more <= {"run", "business_id", "__init__", "__repr__"}


def test_there_is_a_reply_for_each_send() -> None:
    for name in (name for name in dir(connectly_api.Connectly) if name.startswith("send_")):
        reply = getattr(connectly_api.Connectly, f"reply_{name.removeprefix('send_').removeprefix('reply_')}")

        assert describe(reply)[2:] == describe(getattr(connectly_api.Connectly, name))[2:]
        assert describe(reply)[1][0] == "event"


def test_what_is_generated_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert twins.main(["--check"]) == 0
    assert capsys.readouterr().err == ""


def test_what_is_out_of_date_is_named_with_the_command_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(twins, "generate", lambda: {"replies.py": "x = 1\n"})
    monkeypatch.setattr(twins, "ROOT", tmp_path)
    written = tmp_path / "connectly_api" / "replies.py"
    written.parent.mkdir()

    assert twins.main(["--check"]) == 1
    assert "connectly_api/replies.py; run `python -m tools.twins`" in capsys.readouterr().err
    assert not written.exists()
    assert twins.main([]) == 0
    assert written.read_text("utf-8") == "x = 1\n"
    assert twins.main(["--check"]) == 0


def test_a_decorator_that_the_generator_does_not_know_is_refused() -> None:
    source = twins.read_source(
        "connectly_api.webhooks.stores.memory", "class MemoryStore:\n    @cache\n    def a(self): ..."
    )

    with pytest.raises(ValueError, match="cache"):
        twins.write_twins(twins.OUTPUTS["sync/blocking_stores.py"], {"webhooks.stores.memory": source})


CALLS: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "": ((Text("Hello!"),), {"callback_data": {"a": 1}}),
    "text": (("Hello!",), {}),
    "image": (("https://a.example/a.png",), {"caption": "a"}),
    "video": (("https://a.example/a.mp4",), {"caption": "a"}),
    "audio": (("https://a.example/a.mp3",), {}),
    "document": (("https://a.example/a.pdf",), {"filename": "a.pdf", "caption": "a"}),
    "location": ((1.0, 2.0), {"name": "a", "address": "b"}),
    "list": (("Choose", [Section(None, [Row("a", "A")])]), {"text": "t", "footer": "f"}),
    "reply_buttons": (("?", [Button("a", "A")]), {"footer": "f"}),
    "product": (("cat", "sku"), {"text": "t"}),
    "product_list": (("t", "cat", [ProductSection("s", ["a"])]), {"header": "h"}),
    "template": (("order_update", "en"), {"body": ["a"]}),
}


def read_event() -> Event:
    """Return an event of the customer's, written to the business's second number."""
    customer, business = ({"id": number, "channelType": "whatsapp"} for number in (CUSTOMER, SECOND))
    return read(load_body("text", sender=customer, recipient=business))


@pytest.mark.parametrize("kind", CALLS)
def test_every_kind_of_content_is_sent_and_replied_with(
    connectly: sync.Connectly, served: SandboxThread, kind: str
) -> None:
    arguments, options = CALLS[kind]
    before = len(served.sandbox.messages)
    send: Any = getattr(connectly, f"send_{kind}") if kind else connectly.send
    reply: Any = getattr(connectly, f"reply_{kind.removeprefix('reply_')}") if kind else connectly.reply

    assert send(CUSTOMER, *arguments, **options).id
    assert reply(read_event(), *arguments, **options).id
    sent = served.sandbox.messages[before:]
    assert [one.sender for one in sent] == [NUMBER, SECOND]
    assert sent[0].kind == sent[1].kind


def test_every_send_and_reply_is_among_the_calls() -> None:
    names = {name for name in dir(sync.Connectly) if name.startswith(("send", "reply"))}

    assert len(names) == 2 * len(CALLS)


def test_registrations_are_ensured_listed_changed_and_deleted(connectly: sync.Connectly) -> None:
    address = "https://a.example/hook"
    created = connectly.webhooks.create("report", address, echo=True)

    assert connectly.webhooks.ensure("report", address).action == "unchanged"
    assert [one.id for one in connectly.webhooks.list()] == [created.id]
    assert connectly.webhooks.update(created.id, echo=False).status == 200
    assert connectly.webhooks.delete(created.id, timeout=5).status == 200
    assert connectly.webhooks.list() == ()
    assert connectly.webhooks is connectly.webhooks


def test_a_view_sends_from_its_number_and_does_not_close_the_client(
    connectly: sync.Connectly, served: SandboxThread
) -> None:
    with connectly.with_sender(SECOND) as view:
        view.send_text(CUSTOMER, "Hello!")
    connectly.send_text(CUSTOMER, "Hello!")

    assert [one.sender for one in served.sandbox.messages[-2:]] == [SECOND, NUMBER]
    assert isinstance(view, sync.Connectly)
    with pytest.raises(InvalidInputError):
        connectly.with_sender("nobody")


def test_run_gives_the_async_client_to_a_function(connectly: sync.Connectly) -> None:
    found = connectly.run(lambda client: get_webhooks(client.transport, client.business_id))

    assert found.entity is not None
    assert connectly.business_id == "biz_1"


def test_a_closed_client_says_so_and_closes_once(served: SandboxThread) -> None:
    client = sync.Connectly(api_key="key", business_id="biz_1", base_url=served.base_url)
    client.close()
    client.close()

    with pytest.raises(UsageError, match="closed"):
        client.send_text(CUSTOMER, "Hello!")


def test_settings_are_refused_by_the_constructor_as_by_the_async_one() -> None:
    for settings in ({"api_key": ""}, {"api_kye": "key"}, {"limits": "lax"}, {"sender": "nobody"}):
        given: Any = {"api_key": "key", "business_id": "biz_1"} | settings
        raised = []
        for kind in (connectly_api.Connectly, sync.Connectly):
            with pytest.raises((TypeError, InvalidInputError)) as error:
                kind(**given)
            raised.append((type(error.value), str(error.value)))
        assert raised[0] == raised[1]


def test_a_client_from_the_environment_is_like_the_async_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONNECTLY_API_KEY", "key")
    monkeypatch.setenv("CONNECTLY_BUSINESS_ID", "biz_1")

    client = sync.Connectly.from_env(sender=NUMBER)

    assert isinstance(client, sync.Connectly)
    assert repr(client) == repr(connectly_api.Connectly.from_env(sender=NUMBER))
    monkeypatch.delenv("CONNECTLY_BUSINESS_ID")
    with pytest.raises(InvalidInputError, match="CONNECTLY_BUSINESS_ID"):
        sync.Connectly.from_env()


def test_an_adapter_of_the_users_is_used_and_closed() -> None:
    adapter = MockTransport(lambda _: Response(200, (), b'{"id": "1"}'))
    with sync.Connectly(api_key="key", business_id="biz_1", transport=adapter) as client:
        assert client.send_text(CUSTOMER, "Hello!").id == "1"

    with pytest.raises(UsageError, match="closed"):
        client.send_text(CUSTOMER, "Hello!")


def test_a_client_without_references_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = threading.Event()
    adapter = MockTransport(lambda _: Response(200, (), b'{"id": "1"}'))

    async def close() -> None:
        closed.set()

    monkeypatch.setattr(adapter, "aclose", close)
    sync.Connectly(api_key="key", business_id="biz_1", transport=adapter).send_text(CUSTOMER, "Hello!")
    gc.collect()

    closed.wait()


@pytest.mark.parametrize("kind", [sync.MemoryStore, sync.SQLiteStore])
def test_a_store_claims_completes_and_releases(kind: Any, tmp_path: Path) -> None:
    store = kind(tmp_path / "webhooks.db") if kind is sync.SQLiteStore else kind()
    claim = store.claim("key")

    assert claim.state is ClaimState.GRANTED
    assert store.claim("key").state is ClaimState.IN_PROGRESS
    assert store.release(claim)
    assert store.complete(store.claim("key"))
    assert store.claim("key").state is ClaimState.COMPLETED


def test_a_sqlite_store_is_checked_closed_and_opened_again(tmp_path: Path) -> None:
    with sync.SQLiteStore(tmp_path / "webhooks.db", lease=5) as store:
        store.check()
        assert store.lease == 5
        store.claim("key")
    store.close()

    assert store.claim("key").state is ClaimState.IN_PROGRESS
    store.close()


def test_a_twin_among_the_settings_stands_for_its_async_object() -> None:
    store = sync.MemoryStore()
    given: list[Any] = []

    def create(*args: object, **kwargs: object) -> object:
        given.extend([*args, *kwargs.values()])
        return None

    Twin(create, store, 1, store=store, other="x")

    assert given == [get_async(store), 1, get_async(store), "x"]
    assert isinstance(given[0], webhooks.MemoryStore)


def test_importing_the_package_loads_no_event_loop_and_no_http_library() -> None:
    program = (
        "import sys, connectly_api.sync; print(sorted({'asyncio', 'anyio', 'httpx', 'sqlite3'} & set(sys.modules)))"
    )

    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout.strip() == b"[]"


PARENT = -1


def test_in_a_forked_process_a_twin_has_another_async_object(monkeypatch: pytest.MonkeyPatch) -> None:
    client = sync.Connectly(api_key="key", business_id="biz_1")
    of_parent = get_async(client)
    monkeypatch.setattr(client, "_process", PARENT)

    of_child = get_async(client)

    assert of_child is not of_parent
    assert get_async(client) is of_child


def test_in_a_forked_process_the_first_thread_creates_the_async_object_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    class Taken:
        """A lock that another thread has held, to create the object."""

        def __enter__(self) -> None:
            client._process = process

        def __exit__(self, *_error: object) -> None:
            pass

    client = sync.Connectly(api_key="key", business_id="biz_1")
    process, created = client._process, get_async(client)
    monkeypatch.setattr(client, "_process", PARENT)
    monkeypatch.setattr(twin._RENEWAL, "lock", Taken())

    assert get_async(client) is created


def test_a_forked_process_does_not_wait_for_a_lock_that_its_parent_held() -> None:
    renewal = twin._Renewal()
    held = renewal.lock
    with held:
        renewal._reset()

    assert renewal.lock is not held


def test_in_a_forked_process_an_adapter_of_the_users_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = MockTransport(lambda _: Response(200, (), b'{"id": "1"}'))
    client = sync.Connectly(api_key="key", business_id="biz_1", transport=adapter)
    monkeypatch.setattr(client, "_process", PARENT)

    with pytest.raises(UsageError, match="belongs to the parent"):
        client.send_text(CUSTOMER, "Hello!")


def test_in_a_forked_process_a_client_that_was_closed_before_stays_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    client = sync.Connectly(api_key="key", business_id="biz_1")
    client.close()
    monkeypatch.setattr(client, "_process", PARENT)

    with pytest.raises(UsageError, match="closed"):
        client.send_text(CUSTOMER, "Hello!")


def test_the_async_classes_refuse_a_twin_among_their_settings() -> None:
    with pytest.raises(InvalidInputError, match="store: this MemoryStore is for synchronous code"):
        webhooks.WebhookApp("secret", store=sync.MemoryStore())  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="conversations: this MemoryConversations is for synchronous code"):
        connectly_api.Connectly(
            api_key="key",
            business_id="biz_1",
            conversations=sync.MemoryConversations(),  # type: ignore[arg-type]
        )
