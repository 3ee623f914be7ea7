"""Error responses, in the service's documented shape.

Source for the shape, the codes and the types: the documentation, https://docs.connectly.ai. The status of each
code on the send endpoints is not documented; all of them are 400 here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Final

import attrs

from connectly_api.error_codes import MEANINGS
from connectly_api.errors import Headers, Violation

UNSPECIFIED: Final = "ERROR_CODE_UNSPECIFIED"
RECIPIENT_INVALID: Final = "ERROR_CODE_MESSAGE_PHONE_NUMBER_INVALID"
Finding = tuple[str, Violation]
"""An error code, and the violation that causes it."""

INVALID_REQUEST: Final = "ERROR_TYPE_INVALID_REQUEST"

_USER_MESSAGE: Final = "Pass along the connectly trace id 'cnct_trace_id' to the team for more information."
"""From the documented example, placeholder included."""

_WINDOW_CODE: Final = "ERROR_CODE_MESSAGE_OUTSIDE_OF_ELIGIBILITY_WINDOW"
_WINDOW: Final = "Failed to send a message because more than 24 hours have passed since the customer last replied"
"""From the documented example."""


@attrs.frozen
class Refusal:
    """An error response.

    The message is for developers, and does not repeat the request's values. The violations are listed in `details`.
    """

    status: int
    message: str
    code: str = UNSPECIFIED
    type: str = INVALID_REQUEST
    violations: tuple[Violation, ...] = ()
    headers: Headers = ()

    def to_body(self, trace_id: str) -> dict[str, object]:
        """Return the body of the response, with the fields in the documented order."""
        listed = [{"field": one.field, "problem": one.problem} for one in self.violations]
        return {
            "message": self.message,
            "type": self.type,
            "code": self.code,
            "userTitle": self.message,
            "userMessage": _USER_MESSAGE,
            "cntTraceId": trace_id,
            "details": {"violations": listed} if listed else {},
        }


def refuse_violations(violations: Sequence[Violation], *, code: str = UNSPECIFIED) -> Refusal:
    """Return a 400 that lists the violations, at least one; its message has the first."""
    more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
    message = f"Invalid request: {violations[0]}{more}"
    return Refusal(status=400, message=message, code=code, violations=tuple(violations))


def refuse_findings(findings: Iterable[Finding]) -> Refusal | None:
    """Return a 400 that lists the findings, with the code of the first; None if there are none."""
    found = tuple(findings)
    return refuse_violations([violation for _, violation in found], code=found[0][0]) if found else None


def refuse_closed_window(kind: str) -> Refusal:
    """Refuse a session message outside the 24-hour window, with the error type of the settings."""
    return Refusal(status=400, message=_WINDOW, code=_WINDOW_CODE, type=kind)


def refuse_no_conversation() -> Refusal:
    """Refuse a session message to a customer who has never written."""
    message = "The customer has never written to this number; start the conversation with a template"
    return Refusal(status=400, message=message, code="ERROR_CODE_MESSAGE_CUSTOMER_NO_CONVERSATION_INITIATION")


def refuse_rate(limit: int | None, retry_after: str | None = None, *, whose: str = "") -> Refusal:
    """Return a 429, which has no documented code.

    Args:
        limit: Requests per second; None for a fault.
        retry_after: The value of the header, which is not documented.
        whose: What has the limit, if it is not the endpoint.
    """
    message = "Too many requests" if limit is None else f"More than {limit} requests {whose}within a second"
    headers = () if retry_after is None else (("retry-after", retry_after),)
    return Refusal(status=429, message=message, type="ERROR_TYPE_UNSPECIFIED", headers=headers)


def refuse_code(status: int, code: str, window_type: str) -> Refusal:
    """Refuse a request with any status and code; `window_type` is the error type of a closed window."""
    if code == _WINDOW_CODE:
        return attrs.evolve(refuse_closed_window(window_type), status=status)
    meaning = MEANINGS.get(code) or "the request is refused"
    kind = "ERROR_TYPE_AUTHENTICATION" if status == HTTPStatus.UNAUTHORIZED else INVALID_REQUEST
    return Refusal(status=status, message=f"{meaning[0].upper()}{meaning[1:]}", code=code, type=kind)
