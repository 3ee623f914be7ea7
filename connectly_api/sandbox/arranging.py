"""Setting up what a sandbox's next requests and webhooks meet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connectly_api.keywords import check_keywords, keywords_of
from connectly_api.sandbox.model.fault_rules import Rule, What
from connectly_api.sandbox.service.declared_templates import TemplateStatus
from connectly_api.tracebacks import cut_traceback

__all__ = ["Arranging"]


class Arranging:
    """The side of a sandbox that a test sets up."""

    def _arrange(self, verb: str, arguments: Mapping[str, Any]) -> None:
        raise AssertionError(verb, arguments)  # pragma: no cover  (a sandbox has its own)

    @cut_traceback
    def template(
        self,
        name: str,
        language: str = "en",
        *,
        parameters: Iterable[str] = (),
        status: TemplateStatus = "approved",
    ) -> None:
        """Declare a template. From the first one on, templates that are not declared cannot be sent.

        Args:
            name: What `templateName` has to say.
            language: What `language` has to say.
            parameters: The names that a message has to give, no more and no fewer: `body_1`, `header_image` …
            status: `paused` and `deleted` ones cannot be sent.

        Raises:
            InvalidInputError: A value cannot be.
        """
        names = [parameters] if isinstance(parameters, str) else list(parameters)
        self._arrange("template", {"name": name, "language": language, "parameters": names, "status": status})

    @cut_traceback
    def fault(
        self,
        what: What,
        *,
        operation: str | None = None,
        recipient: str | None = None,
        topic: str | None = None,
        next: int | None = None,  # noqa: A002  (it reads as it is meant)
        every: int | None = None,
        probability: float | None = None,
        **options: Any,  # noqa: ANN401  (each kind has its own)
    ) -> None:
        """Let something go wrong, by rule. The oldest rule that strikes decides.

        The answer to a request: `rate_limited` (429, with `retry_after`), `server_error` (`status`, `html`,
        `accepted`), `slow_head` and `slow_body` (`seconds`, real ones), `hang` (`accepted`), `reset` (the connection is
        reset, and nothing accepted; before the body is read, unless the rule has a recipient), `drop` (the message is
        accepted, the answer lost), `cut_off` (accepted, and the answer ends in its middle), `truncated` (accepted, and
        the answer's JSON is half), `wrong_types`, `new_values` and `nulls` (accepted, the answer's JSON is strange).

        What becomes of a message: `fail_delivery` (`code`), `early_webhook` (its first status comes before the answer).

        A webhook: `duplicate_webhook`, `reorder_webhook` (it goes out after the next one), `delay_webhook` (`seconds`
        of the sandbox's clock), `drop_webhook`, `unknown_topic`, `bad_signature`.

        Args:
            what: The fault.
            operation: The operation, `send_message` or the like, for faults of requests; None for all.
            recipient: The customer's phone number or BSUID; None for all.
            topic: The webhook's topic; None for all.
            next: Strikes so many times, beginning with the next.
            every: Strikes each so-manieth time.
            probability: Strikes with this probability, drawn from the sandbox's seed.
            **options: What the kind takes, as said above.

        Raises:
            TypeError: There is no such option; the error names the one that was probably meant.
            InvalidInputError: A value cannot be, or does not go with the others.
        """
        check_keywords(options, keywords_of(Rule))
        selectors = {"operation": operation, "recipient": recipient, "topic": topic}
        times = {"next": next, "every": every, "probability": probability}
        self._arrange("fault", {"what": what, **selectors, **times, **options})

    def clear_faults(self) -> None:
        """Let nothing go wrong any more."""
        self._arrange("clear_faults", {})

    @cut_traceback
    def close_window(self, customer: str, *, sender: str | None = None) -> None:
        """Let the 24 hours since a customer wrote be over: session messages are refused, templates pass.

        Args:
            customer: The customer's phone number (E.164) or BSUID.
            sender: One of the business's numbers; None for all of them.

        Raises:
            InvalidInputError: The customer is neither, or the sender is none of the business's.
        """
        self._arrange("close_window", {"customer": customer, "sender": sender})

    @cut_traceback
    def open_window(self, customer: str, *, sender: str | None = None) -> None:
        """Let a customer have written just now, without an event: session messages pass.

        Args:
            customer: The customer's phone number (E.164) or BSUID.
            sender: One of the business's numbers; None for all of them.

        Raises:
            InvalidInputError: The customer is neither, or the sender is none of the business's.
        """
        self._arrange("open_window", {"customer": customer, "sender": sender})
