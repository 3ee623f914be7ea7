"""`Sandbox`, the public interface. The engine does the work."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, Unpack

import attrs
from starlette.types import ASGIApp

from connectly_api.keywords import check_keywords, list_keywords
from connectly_api.sandbox.customer import Customer
from connectly_api.sandbox.delivery.wsgi_bridge import bridge_wsgi
from connectly_api.sandbox.engine import Engine
from connectly_api.sandbox.expectation import Expectation, build_expectation
from connectly_api.sandbox.model.documents import serialize_numbered
from connectly_api.sandbox.model.fault_rules import FaultKind, FaultRule
from connectly_api.sandbox.model.records import (
    AcceptedMessage,
    Delivery,
    ReceivedRequest,
    Registration,
    TemplateStatus,
    TimelineEntry,
)
from connectly_api.sandbox.model.settings import Options, Settings
from connectly_api.sandbox.replaced_file import read_file, replace_file
from connectly_api.sandbox.sent_report import describe_mismatch, describe_unwanted
from connectly_api.sandbox.spec.api_operations import load_service
from connectly_api.sandbox.spec.json_schemas import build_swagger_error
from connectly_api.sandbox.web.api import build_app
from connectly_api.sandbox.web.control import PREFIX
from connectly_api.sandbox.web.server import serve_app
from connectly_api.tracebacks import cut_init_traceback, cut_traceback
from connectly_api.transport.adapters.asgi import Application

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

_ANYTHING: Final = object()

# The seeds of sandboxes that are given none. Each has its own: a receiver that outlives a sandbox would take the events
# of the next one for events that it has handled.
_SEEDS: Final = count()


@cut_init_traceback
class Sandbox:
    """Connectly's Message API on your machine: the same routes, refusals and webhooks, without a network.

    ```python
    async with Sandbox().serve() as address:
        ...  # address is "http://127.0.0.1:…"
    ```

    In process, pass `sandbox.app` to any ASGI client. The clock stands still until you call `advance` or
    `settle`; then everything that is due happens: statuses, webhooks and their retries. The same settings, with the
    same `seed`, and the same requests in the same order give the same ids. Use a sandbox in one event loop at a time.

    Attributes:
        app: The ASGI application.
        settings: The sandbox's settings.
    """

    def __init__(
        self,
        *,
        swagger: str | Path | bytes | Mapping[str, Any] | None = None,
        on_request: Callable[[ReceivedRequest], None] | None = None,
        on_delivery: Callable[[Delivery], None] | None = None,
        on_entry: Callable[[TimelineEntry], None] | None = None,
        **options: Unpack[Options],
    ) -> None:
        """Create a sandbox in which nothing has happened yet.

        Args:
            swagger: A Swagger 2.0 file other than the package's: its path, its bytes, or the decoded file. What the
                client calls is found by path, behind any prefix, or else by id; other operations return an example.
            on_request: Called with each request once its response is decided.
            on_delivery: Called with each attempt to deliver a webhook once its outcome is known.
            on_entry: Called with each entry of the timeline, these two included, verbs and statuses.
            **options: The keywords of `connectly_api.sandbox.Settings`: `api_key`, `business_id`, `senders`, `seed`,
                and one for each point on which the documentation contradicts itself or is silent.

        Raises:
            TypeError: There is no such setting; the error suggests the closest name.
            InvalidInputError: A setting has an invalid value, or the Swagger file cannot be read or served, or has a
                path below `/__sandbox__`.
        """
        check_keywords(options, list_keywords(Settings))
        settings = Settings(**options)
        self.settings = settings if "seed" in options else attrs.evolve(settings, seed=next(_SEEDS))
        service = load_service(swagger)
        if any(f"{operation.template}/".startswith(f"{PREFIX}/") for operation in service.operations):
            raise build_swagger_error(f"has a path below {PREFIX}, where the sandbox answers for itself")
        self._engine = Engine(self.settings, service, on_request=on_request, on_delivery=on_delivery, on_entry=on_entry)
        self.app: ASGIApp = build_app(self._engine)

    def __repr__(self) -> str:
        """Show the counts, but neither the key nor received content."""
        return f"Sandbox(received={self.received}, accepted={self.accepted})"

    async def __aenter__(self) -> Self:
        """Let the clock run until the block ends, unless it stands still; `advance` and `settle` need no block."""
        self._engine.start_background()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the clock."""
        await self._engine.stop_background()

    @asynccontextmanager
    async def serve(self, *, host: str = "127.0.0.1", port: int = 0) -> AsyncGenerator[str]:
        """Serve on a socket, in the running asyncio loop, until the block ends.

        Args:
            host: The interface to listen on. Whoever can reach it can read what the sandbox keeps.
            port: 0 picks a free one.

        Yields:
            The URL, `http://127.0.0.1:…`.

        Raises:
            ServeError: The port is in use or not permitted, or the host is not one of this machine's.
            UsageError: The running loop is not asyncio's.
        """
        async with serve_app(self.app, host, port) as address:
            if self._engine.has_background:
                yield address
                return
            async with self:
                yield address

    @property
    def now(self) -> float:
        """The sandbox's clock, in Unix seconds."""
        return self._engine.now

    @property
    def messages(self) -> tuple[AcceptedMessage, ...]:
        """The kept accepted messages, oldest first."""
        return tuple(self._engine.state.messages.values())

    @property
    def requests(self) -> tuple[ReceivedRequest, ...]:
        """The kept requests, refused ones included, oldest first."""
        return tuple(self._engine.state.requests)

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """The kept delivery attempts of webhook events, oldest first."""
        return tuple(self._engine.state.deliveries)

    @property
    def registrations(self) -> tuple[Registration, ...]:
        """The webhook registrations, in the order of their creation."""
        return tuple(self._engine.state.registrations.values())

    @property
    def entries(self) -> tuple[TimelineEntry, ...]:
        """The kept requests, deliveries, statuses and verbs, in the order in which they happened."""
        return tuple(entry.record for entry in self._engine.state.timeline)

    @property
    def timeline(self) -> list[dict[str, Any]]:
        """The entries as JSON, with their numbers and those of their customers."""
        state = self._engine.state
        return [serialize_numbered(entry, state.customers) for entry in state.timeline]

    @property
    def accepted(self) -> int:
        """How many messages were accepted since the start or the last reset, kept or not."""
        return self._engine.state.message_count

    @property
    def received(self) -> int:
        """How many requests were received since the start or the last reset, kept or not."""
        return self._engine.state.request_count

    def status_of(self, message_id: str) -> str | None:
        """Return `sent`, `delivered`, `read` or `delivery_failed` for a kept message; None before its first status."""
        return self._engine.state.statuses.get(message_id)

    def assert_sent_once(
        self,
        recipient: str | None = None,
        *,
        kind: str | None = None,
        text: str | None = None,
        template: str | None = None,
        parameters: Mapping[str, str] | Sequence[str] | None = None,
        callback_data: object = _ANYTHING,
        campaign_name: str | None = None,
        sender: str | None = None,
    ) -> AcceptedMessage:
        """Check that exactly one kept message has all the given values, and return it.

        Args:
            recipient: A phone number (E.164) or BSUID of the customer, now or in the past; messages to the customer's
                other ids count, too.
            kind: `text`, `image`, `template` and so on.
            text: The whole text of the message.
            template: The name of the template.
            parameters: The values of all parameters of the template by name, or the list of those of its body.
            callback_data: The callback data; None for a message without any.
            campaign_name: The campaign name.
            sender: The business's number.

        Raises:
            AssertionError: No message matches, or several do. The text shows the closest messages, with their
                content, the refused requests, and what became of the webhooks.
        """
        __tracebackhide__ = True  # pytest then shows the line of the test.
        expectation = self._build_expectation(
            callback_data, recipient=recipient, kind=kind, text=text, template=template, parameters=parameters,
            campaign_name=campaign_name, sender=sender,
        )  # fmt: skip
        found = expectation.find_matches(self.messages)
        if len(found) != 1:
            raise AssertionError(describe_mismatch(expectation, self._engine.state, found))
        return found[0]

    def assert_nothing_sent(
        self,
        recipient: str | None = None,
        *,
        kind: str | None = None,
        text: str | None = None,
        template: str | None = None,
        parameters: Mapping[str, str] | Sequence[str] | None = None,
        callback_data: object = _ANYTHING,
        campaign_name: str | None = None,
        sender: str | None = None,
    ) -> None:
        """Check that no kept message has all the given values; without any, that there is no message.

        The arguments are those of `assert_sent_once`.

        Raises:
            AssertionError: A message matches. The text shows which.
        """
        __tracebackhide__ = True
        expectation = self._build_expectation(
            callback_data, recipient=recipient, kind=kind, text=text, template=template, parameters=parameters,
            campaign_name=campaign_name, sender=sender,
        )  # fmt: skip
        if found := expectation.find_matches(self.messages):
            raise AssertionError(describe_unwanted(expectation, self._engine.state, found))

    def _build_expectation(self, callback_data: object, **wanted: object) -> Expectation:
        given = {name: value for name, value in wanted.items() if value is not None}
        if callback_data is not _ANYTHING:
            given["callback_data"] = callback_data
        return build_expectation(self._engine.state, given)

    @cut_traceback
    def customer(self, phone: str | None = None, *, bsuid: str | None = None, name: str | None = None) -> Customer:
        """Return a customer to play, whom the business knows from now on by these ids.

        Args:
            phone: The phone number (E.164).
            bsuid: The business-scoped user id.
            name: The name that events show.

        Raises:
            InvalidInputError: Both are absent, or one is malformed.
        """
        self._engine.apply_verb("customer", {"phone": phone, "bsuid": bsuid, "name": name})
        return Customer(phone, bsuid, self._engine)

    @cut_traceback
    def template(
        self,
        name: str,
        language: str = "en",
        *,
        parameters: Iterable[str] | None = None,
        status: TemplateStatus = "approved",
        header: str | None = None,
        text: str | None = None,
        footer: str | None = None,
        buttons: Iterable[str] = (),
    ) -> None:
        """Declare a template. From the first one on, templates that are not declared cannot be sent.

        Args:
            name: The `templateName` of requests.
            language: The `language` of requests.
            parameters: The names of exactly the parameters that a message must have: `body_1`, `header_image` …; None
                takes those of the placeholders in `header` and `text`.
            status: `paused` and `deleted` templates cannot be sent.
            header: The text above the text. Its placeholder, `{{1}}` or `{{name}}`, is the parameter `header_text`.
            text: The text. Its placeholders `{{1}}` and `{{name}}` are the parameters `body_1` and `body_name`.
            footer: The text below the text, without placeholders.
            buttons: The texts of the buttons, the only ones that customers can tap. Without any, they can tap
                whatever they like.

        Raises:
            InvalidInputError: A value is invalid.
        """
        arguments = {
            "name": name,
            "language": language,
            "parameters": None if parameters is None else _to_list(parameters),
            "status": status,
            "header": header,
            "text": text,
            "footer": footer,
            "buttons": _to_list(buttons),
        }
        self._engine.apply_verb("template", arguments)

    @cut_traceback
    def fault(
        self,
        /,
        what: FaultKind,
        *,
        operation: str | None = None,
        recipient: str | None = None,
        topic: str | None = None,
        next: int | None = None,  # noqa: A002  (it reads as it is meant)
        every: int | None = None,
        probability: float | None = None,
        **options: Any,  # noqa: ANN401  (each kind has its own)
    ) -> int:
        """Inject a fault by a rule. If several rules match, the oldest one applies.

        Faults of the response: `rate_limited` (429, with `retry_after`), `refuse` (a 4xx `status`, 400 by default, with
        any error `code`; nothing is accepted), `server_error` (`status`, `html`, `accepted`), `slow_head` and
        `slow_body` (real `seconds`), `hang` (`accepted`), `reset` (the connection is reset, and nothing is accepted;
        before the body is read, unless the rule has a recipient), `drop` (the message is accepted, and the response
        lost), `cut_off` (accepted, and the response ends in the middle), `truncated` (accepted, and half of the
        response's JSON is missing), `wrong_types`, `new_values` and `nulls` (accepted, and the response's JSON has
        unexpected values).

        Faults of the message: `fail_delivery` (`code`), `early_webhook` (its first status is delivered before the
        response).

        Faults of a webhook: `duplicate_webhook`, `reorder_webhook` (it is delivered after the next one),
        `delay_webhook` (`seconds` of the sandbox's clock), `drop_webhook`, `unknown_topic`, `bad_signature`.

        Args:
            what: The fault.
            operation: The operation, such as `send_message`, for faults of responses; None for all.
            recipient: The customer's phone number or BSUID; None for all.
            topic: The webhook's topic; None for all.
            next: Applies to the next n matches.
            every: Applies to every n-th match.
            probability: Applies with this probability, drawn from the sandbox's seed.
            **options: The options of the fault, named above in parentheses.

        Returns:
            The number of the rule, for `remove_fault`.

        Raises:
            TypeError: There is no such option; the error suggests the closest name.
            InvalidInputError: A value is invalid, or cannot be combined with the others.
        """
        check_keywords(options, list_keywords(FaultRule))
        selectors = {"operation": operation, "recipient": recipient, "topic": topic}
        times = {"next": next, "every": every, "probability": probability}
        self._engine.apply_verb("fault", {"what": what, **selectors, **times, **options})
        return self._engine.state.rule_count

    @cut_traceback
    def remove_fault(self, number: int) -> None:
        """Remove one fault.

        Args:
            number: What `fault` returned.

        Raises:
            InvalidInputError: There is no such fault, or not any more.
        """
        self._engine.apply_verb("remove_fault", {"number": number})

    def clear_faults(self) -> None:
        """Remove all faults."""
        self._engine.apply_verb("clear_faults", {})

    @cut_traceback
    def close_window(self, customer: str, *, sender: str | None = None) -> None:
        """Close the 24-hour window of a customer: session messages are refused, templates are accepted.

        Args:
            customer: The customer's phone number (E.164) or BSUID.
            sender: One of the business's numbers; None for all of them.

        Raises:
            InvalidInputError: The customer is neither, or the sender is not one of the business's numbers.
        """
        self._engine.apply_verb("close_window", {"customer": customer, "sender": sender})

    @cut_traceback
    def open_window(self, customer: str, *, sender: str | None = None) -> None:
        """Open the 24-hour window, as if the customer had just written, but without an event.

        Args:
            customer: The customer's phone number (E.164) or BSUID.
            sender: One of the business's numbers; None for all of them.

        Raises:
            InvalidInputError: The customer is neither, or the sender is not one of the business's numbers.
        """
        self._engine.apply_verb("open_window", {"customer": customer, "sender": sender})

    @cut_traceback
    def attach(self, address: str, app: Application) -> None:
        """Deliver webhooks in process: an ASGI application receives those for URLs that begin with `address`.

        Args:
            address: A URL such as `https://bot.example/webhooks`; nothing has to listen there.
            app: An ASGI 3 application.
        """
        self._engine.webhook_sender.attach(address, app)

    @cut_traceback
    def attach_wsgi(self, address: str, app: WSGIApplication) -> None:
        """Deliver webhooks in process to a WSGI application: Flask's, Django's, or `connectly_api.sync.WebhookApp`.

        If the test is synchronous and calls `connectly_api.sync.run`, the application runs in the test's thread;
        otherwise in another.

        Args:
            address: A URL such as `https://bot.example/webhooks`; nothing has to listen there.
            app: A WSGI application.

        Raises:
            InvalidInputError: It cannot be called.
        """
        self._engine.webhook_sender.attach(address, bridge_wsgi(app))

    @cut_traceback
    async def advance(self, seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Move the clock: everything that is due until then happens, in order, webhooks included.

        Raises:
            InvalidInputError: The time is negative, or not a number.
        """
        await self.run_verb("advance", seconds=seconds, minutes=minutes, hours=hours, days=days)

    @cut_traceback
    async def set_clock(self, *, running: bool | None = None, speed: float | None = None) -> None:
        """Let the clock run by itself, pause it, or change its speed; `advance` and `settle` work all the same.

        It runs within `async with sandbox` or `sandbox.serve()`, and does not notice when the machine's date changes.

        Args:
            running: Whether it runs; None leaves it as it is.
            speed: Its seconds in a real one, up to 86,400; None leaves it as it is.

        Raises:
            InvalidInputError: The speed is out of bounds, or the sandbox is in neither block.
        """
        await self.run_verb("clock", running=running, speed=speed)

    async def settle(self) -> None:
        """Move the clock until nothing is due: every message has its last status, every webhook its response."""
        await self.run_verb("settle")

    @cut_traceback
    async def report_ready(self, *, name: str | None = None, url: str | None = None) -> None:
        """Finish a report, and send the event to registrations of the topic `report`.

        Args:
            name: The name of the report.
            url: Where it can be downloaded.
        """
        await self.run_verb("report_ready", name=name, url=url)

    @cut_traceback
    async def redeliver(self, delivery: Delivery) -> None:
        """Deliver a webhook again, as a further attempt; it takes the place of a retry that is still due.

        Args:
            delivery: One of its attempts, from `deliveries`.

        Raises:
            InvalidInputError: The attempt is not kept any more, or its registration was deleted.
        """
        await self.run_verb("redeliver", entry=self._engine.state.get_entry_number(delivery))

    @cut_traceback
    async def send_event(self, topic: str, body: Mapping[str, Any]) -> None:
        """Send any event, signed, to all registrations of a topic: what the service may send one day.

        Args:
            topic: The topic.
            body: The event, as JSON.

        Raises:
            InvalidInputError: No webhook is registered for the topic.
        """
        await self.run_verb("event", topic=topic, body=dict(body))

    @cut_traceback
    async def run_verb(self, verb: str, /, **arguments: Any) -> str | None:  # noqa: ANN401  (JSON)
        """Run a verb by its name, as over HTTP, and deliver the webhooks that it causes.

        Args:
            verb: `advance`, `settle`, or one of the verbs of customers and tests.
            **arguments: JSON values; None counts as absent.

        Returns:
            The id of the customer's message that the verb created, or None.

        Raises:
            InvalidInputError: There is no such verb, or an argument is invalid.
        """
        return await self._engine.run_verb(verb, arguments)

    def reset(self) -> None:
        """Forget everything that happened: messages, requests, registrations, windows, customers, faults, counters.

        The ids begin anew, so a receiver needs a new store as well: it would know the events.
        """
        self._engine.reset()

    def recording(self) -> str:
        """Return the run as text, which `replay` can repeat. It contains what was written, but no key.

        Raises:
            InvalidInputError: The beginning of the run is no longer kept.
        """
        return self._engine.build_recording()

    @cut_traceback
    def save(self, path: str | Path) -> None:
        """Write the recording of the run to a file.

        Raises:
            InvalidInputError: The beginning of the run is no longer kept.
        """
        replace_file(path, self.recording())

    @cut_traceback
    def save_state(self, path: str | Path) -> None:
        """Write what the sandbox knows to a file that only its owner can read, for `load_state`.

        It contains what was written, but neither the settings nor a key.
        """
        replace_file(path, self._engine.build_snapshot())

    @cut_traceback
    def load_state(self, path: str | Path) -> None:
        """Go on where the sandbox that saved its state left off: customers, messages, webhooks that are due and so on.

        Ids and numbers go on as well, so a receiver takes no new event for one that it has handled. A clock that ran
        goes on with the machine's date if the setting `clock` is `real`.

        Raises:
            InvalidInputError: The file cannot be read, is damaged, or is of another version.
        """
        self._engine.load_snapshot(read_file("state", path))


def _to_list(texts: Iterable[str]) -> list[str]:
    return [texts] if isinstance(texts, str) else list(texts)


def get_engine(sandbox: Sandbox) -> Engine:
    """Return the engine of a sandbox, for replays and the sandbox's own tests."""
    return sandbox._engine  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  (its own module)
