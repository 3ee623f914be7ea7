"""Exit statuses: one for each class of errors, with what to do about it. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any, Final

import attrs

from connectly_api.campaigns import CampaignExistsError, CampaignNotFoundError, CampaignStatus, NothingToSendError
from connectly_api.errors import (
    ApiError,
    AuthenticationError,
    ConflictError,
    ConnectlyError,
    InvalidInputError,
    NotFoundError,
    NotSentError,
    OptedOutError,
    OutcomeUnknownError,
    OutsideWindowError,
    PermissionDeniedError,
    RateLimitError,
    RecipientRejectedError,
    RequestRejectedError,
    SenderRestrictedError,
    ServerError,
    TemplateRejectedError,
    UnexpectedResponseError,
    WebhookPayloadError,
    WebhookSignatureError,
    build_error_text,
)
from connectly_api.transport.failure_text import explain_failure

OTHER: Final = 1
USAGE: Final = 2
NOT_HANDLED: Final = 32
CAMPAIGN_INCOMPLETE: Final = 40
CAMPAIGN_STOPPED: Final = 41
CAMPAIGN_PAUSED: Final = 42
INTERRUPTED: Final = 130
READER_GONE: Final = 141


class CommandLineError(Exception):
    """The command line, one of its files, or a setting is invalid; nothing was sent."""


@attrs.frozen
class ExitStatus:
    """How a command ends.

    Attributes:
        code: The number.
        meaning: A few words, for `--help`.
        advice: What to do, or None if the error's text says it.
    """

    code: int
    meaning: str
    advice: str | None = None


_NO_SUCH: Final = "no such business, registration or campaign"
_WAIT: Final = "do not resend it blindly: wait for its delivery status"

_STATUSES: Final[Mapping[type[ConnectlyError], ExitStatus]] = {
    ConnectlyError: ExitStatus(OTHER, "any other failure"),
    InvalidInputError: ExitStatus(3, "invalid input: nothing was sent", "correct the command; nothing was sent"),
    NotSentError: ExitStatus(4, "not sent: safe to retry", "check the network and the URL, then retry"),
    OutcomeUnknownError: ExitStatus(5, "outcome unknown: it may have been delivered", _WAIT),
    ServerError: ExitStatus(6, "server error: it may have been delivered", f"if it was a message, {_WAIT}"),
    UnexpectedResponseError: ExitStatus(
        7, "accepted, but the response cannot be read", f"if it was a message, {_WAIT}"
    ),
    ApiError: ExitStatus(8, "unexpected response", "check the URL (--base-url)"),
    AuthenticationError: ExitStatus(
        10, "authentication failed", "check the API key (CONNECTLY_API_KEY or --api-key-file)"
    ),
    PermissionDeniedError: ExitStatus(11, "permission denied", "use an API key with this permission"),
    NotFoundError: ExitStatus(12, _NO_SUCH, "check the id of the business or registration"),
    CampaignNotFoundError: ExitStatus(12, _NO_SUCH, "see 'connectly campaign status'"),
    ConflictError: ExitStatus(13, "already exists", "see 'connectly webhooks list', then update or delete it"),
    NothingToSendError: ExitStatus(3, "invalid input: nothing was sent", "correct the file or the options"),
    CampaignExistsError: ExitStatus(13, "already exists"),
    RateLimitError: ExitStatus(14, "rate limit: safe to retry later", "retry later"),
    RequestRejectedError: ExitStatus(20, "request rejected", "correct the request"),
    OutsideWindowError: ExitStatus(21, "the 24-hour window is closed", "see 'connectly send template --help'"),
    OptedOutError: ExitStatus(22, "the customer opted out", "stop sending templates to this customer"),
    RecipientRejectedError: ExitStatus(23, "the recipient's number is invalid", "correct or remove the number"),
    TemplateRejectedError: ExitStatus(24, "template rejected", "check the template's name, language and parameters"),
    SenderRestrictedError: ExitStatus(25, "the sender is restricted", "stop sending from this number"),
    WebhookSignatureError: ExitStatus(
        30, "invalid webhook signature", "check the secret, and that the body is unchanged"
    ),
    WebhookPayloadError: ExitStatus(31, "valid signature, but no readable event", "respond with 400"),
}

_HOPELESS: Final = ExitStatus(9, "not sent: a retry will not help", "correct the settings: certificate, proxy or URL")

MEANINGS: Final[Mapping[int, str]] = {
    0: "done",
    OTHER: _STATUSES[ConnectlyError].meaning,
    USAGE: "invalid command line or configuration",
    **{one.code: one.meaning for one in sorted((*_STATUSES.values(), _HOPELESS), key=lambda one: one.code)},
    NOT_HANDLED: "the receiver did not respond with 200",
    CAMPAIGN_INCOMPLETE: "campaign finished; rows were refused or are unknown",
    CAMPAIGN_STOPPED: "campaign stopped: its status says why",
    CAMPAIGN_PAUSED: "campaign paused",
    INTERRUPTED: "interrupted by Ctrl-C",
    READER_GONE: "done, but nothing read the output",
}


def find_exit_status(error: ConnectlyError) -> ExitStatus:
    """Return the exit status of an error's nearest class."""
    if isinstance(error, NotSentError) and not error.retry_safe:
        return _HOPELESS
    status = next(_STATUSES[kind] for kind in type(error).__mro__ if kind in _STATUSES)
    wait = getattr(error, "retry_after", None)
    return status if wait is None else attrs.evolve(status, advice=f"retry in {wait:g} s")


def find_campaign_code(status: CampaignStatus) -> int:
    """Return the exit status of a campaign's run."""
    match status.state:
        case "stopped":
            return CAMPAIGN_STOPPED
        case "paused":
            return CAMPAIGN_PAUSED
        case _:
            return CAMPAIGN_INCOMPLETE if status.refused or status.unknown else 0


def find_campaign_advice(status: CampaignStatus) -> str | None:
    """Return what to do after a campaign's run, if there is anything to do."""
    code = find_campaign_code(status)
    if code == CAMPAIGN_INCOMPLETE:
        return f"{quote_command('report', status.name)} says which rows were not accepted"
    if code and status.pending:
        first = "mend the cause; then " if code == CAMPAIGN_STOPPED else ""
        return f"{first}{quote_command('resume', status.name)} lets it be run again"
    return None


def quote_command(verb: str, name: str) -> str:
    """Return a command about a campaign, to copy."""
    command = shlex.join(("connectly", "campaign", verb, name))
    return f"`{command}`" if "'" in command else f"'{command}'"


def describe_error(error: ConnectlyError) -> dict[str, Any]:
    """Return an error as JSON, without the service's own words, which may repeat the request."""
    status = find_exit_status(error)
    document: dict[str, Any] = {
        "kind": type(error).__name__,
        "message": _format_error(error),
        "advice": status.advice,
        "exitCode": status.code,
        "retrySafe": error.retry_safe,
        "mayHaveTakenEffect": error.may_have_taken_effect,
    }
    if isinstance(error, InvalidInputError):
        document |= {"field": error.field, "size": error.size, "limit": error.limit}
    if isinstance(error, ApiError):
        document |= {"status": error.status, "code": error.shown_code, "traceId": error.shown_trace_id}
    if isinstance(error, RateLimitError):
        document |= {"retryAfter": error.retry_after}
    return document


_EXCERPT: Final = 500
"""Characters of a response that is not one of the service's errors: often an HTML page."""
_WIDEST: Final = 4
"""The maximum bytes of a character in UTF-8."""
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def read_service_words(error: ConnectlyError) -> dict[str, str]:
    """Return the service's own words for `--show-message`: its message, and its code if the error's text has none.

    Without a message, return the beginning of the response, on one line.
    """
    message, body = getattr(error, "message", None), getattr(error, "body", b"")
    if message is None:
        excerpt = body[: _EXCERPT * _WIDEST].decode(errors="replace")
        message = " ".join(_CONTROLS.sub(" ", excerpt).split())[:_EXCERPT] or None
    code = error.code if isinstance(error, ApiError) and error.shown_code is None else None
    words = {"serviceCode": code, "serviceMessage": message}
    return {name: str(value) for name, value in words.items() if value is not None}


def _format_error(error: ConnectlyError) -> str:
    if isinstance(error, ApiError):
        return build_error_text(error, "see --show-message" if read_service_words(error) else "")
    if isinstance(error, (NotSentError, OutcomeUnknownError)) and (reason := explain_failure(error.__context__)):
        what = "not sent" if isinstance(error, NotSentError) else "outcome unknown"
        # The system's texts begin with a capital letter and end with a name: Connection refused (ECONNREFUSED).
        words = reason[:1].lower() + reason[1:].partition(" (E")[0]
        return ", ".join((f"{what}: {words}", *getattr(error, "__notes__", ())))
    return str(error)
