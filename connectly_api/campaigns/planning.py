"""Turn the rows of a source into the rows of a campaign: each message is built, checked and frozen as JSON. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import iscoroutinefunction
from typing import Any, Final, cast, get_args

import attrs

from connectly_api.callback_data import check_for_large_integers
from connectly_api.campaigns.campaign_errors import CampaignError
from connectly_api.campaigns.input_rows import InputRow, UnknownColumnError
from connectly_api.campaigns.journal_protocol import PlannedRow, Reject
from connectly_api.campaigns.row_callback import encode_own_data
from connectly_api.content.limits import Limits, raise_or_warn
from connectly_api.content.template import Template, encode_template
from connectly_api.errors import InvalidContentError, InvalidInputError
from connectly_api.json_values import JsonValue
from connectly_api.setting_rules import describe_kind

Build = Callable[[InputRow], Template | None]
"""Returns the template for a row, or None to leave the row out."""
Key = str | Callable[[InputRow], str | int]
"""A column, or a function of a row."""
CallbackData = Mapping[str, JsonValue] | Callable[[InputRow], Mapping[str, JsonValue] | None]
"""An object, or a function of a row."""

_LONGEST_KEY: Final = 512
_MOST_SHOWN: Final = 20
_NUMBER: Final = re.compile(r"\A[0-9]+|(?<=line )[0-9]+")


class NothingToSendError(CampaignError):
    """Every row of a plan was rejected, or there was none.

    Attributes:
        reasons: How many rows were rejected for each reason.
        rejects: The first of them.
    """

    def __init__(self, reasons: Mapping[str, int], rejects: Sequence[Reject]) -> None:
        why = describe_reasons(reasons) or "the source has no rows"
        super().__init__(f"there is nothing to send: {why}")
        self.reasons = dict(reasons)
        self.rejects = tuple(rejects)


@attrs.frozen
class PlanResult:
    """What was planned. `str()` of it is for people.

    Attributes:
        rows: Rows that will be sent.
        rejected: Rows that will not.
        reasons: How many rows were rejected for each reason, the most frequent first.
        is_resumed: Whether the campaign existed before, with the same rows.
        digest: Of everything that will be sent.
        sample: The JSON of the first row's request; None if the campaign was opened by its name.
    """

    rows: int
    rejected: int
    reasons: Mapping[str, int]
    is_resumed: bool
    digest: str
    sample: str | None = attrs.field(default=None, repr=False)

    def __str__(self) -> str:
        """Return how many rows there are, and how many were rejected for which reason."""
        count = f"{self.rows:,} rows{' (planned before)' if self.is_resumed else ''}, {self.rejected:,} rejected"
        return f"{count}: {describe_reasons(self.reasons)}" if self.reasons else count


def name_reason(reject: Reject) -> str:
    """Return a reject's field and reason, the same for all lines and sizes that reasons name."""
    reason = _NUMBER.sub("…", reject.reason)
    return f"{reject.field}: {reason}" if reject.field else reason


def describe_reasons(reasons: Mapping[str, int]) -> str:
    """Return reasons and their numbers as one text."""
    return "; ".join(f"{number:,} × {reason}" for reason, number in reasons.items())


class RowPlanner:
    """Plans the rows of one campaign, batch by batch.

    Attributes:
        first: The first planned row.
        count: How many rows and rejects there were.
    """

    def __init__(
        self,
        build: Build,
        *,
        key: Key | None = None,
        callback_data: CallbackData | None = None,
        limits: Limits = "strict",
        others: Sequence[str | None] = (),
    ) -> None:
        """Check the arguments of a plan.

        Args:
            build: See `Campaigns.plan`.
            key: See `Campaigns.plan`.
            callback_data: See `Campaigns.plan`.
            limits: See `Campaigns.plan`.
            others: What else the digest covers.

        Raises:
            InvalidInputError: An argument is invalid.
        """
        if limits not in get_args(Limits):
            raise InvalidInputError(f"limits: must be one of {', '.join(get_args(Limits))}", field="limits")
        _check_function("build", build, "a function of a row that returns a Template")
        if key is not None and not isinstance(key, str):
            _check_function("key", key, "a column, or a function of a row")
        self._own: str | None = None
        self._make_own: Callable[[InputRow], Mapping[str, JsonValue] | None] | None = None
        if isinstance(callback_data, Mapping):
            self._own = _encode_own(cast("Mapping[str, Any]", callback_data), limits)
        elif callback_data is not None:
            _check_function("callback_data", callback_data, "an object, or a function of a row that returns one")
            self._make_own = callback_data
        self._build = build
        self._key = key
        self._limits: Limits = limits
        self._hash = hashlib.sha256(json.dumps([1, *others]).encode())
        self._reasons: Counter[str] = Counter()
        self._rejects: list[Reject] = []
        self._further: dict[str, int] = {}
        self.first: PlannedRow | None = None
        self.count = 0

    def plan(self, batch: Iterable[InputRow | Reject]) -> list[PlannedRow | Reject]:
        """Return the planned rows of a batch, and its rejects.

        Raises:
            CampaignError: A function of the user's failed, or returned something else than it should.
        """
        planned = [row if isinstance(row, Reject) else self._plan_row(row) for row in batch]
        self.count += len(planned)
        rows = [row for row in planned if isinstance(row, PlannedRow)]
        if len(rows) < len(planned):
            rejects = [row for row in planned if isinstance(row, Reject)]
            self._reasons.update(map(name_reason, rejects))
            self._rejects += rejects[: _MOST_SHOWN - len(self._rejects)]
        if self.first is None and rows:
            self.first = rows[0]
        # Each text stands behind its length, or cannot contain what follows it.
        texts = [f"{len(row.key)} {row.key}{row.recipient}\n{row.body}\n{row.callback or ''}\n" for row in rows]
        self._hash.update("".join(texts).encode())
        return planned

    def get_digest(self) -> str:
        """Return the digest of all that was planned.

        Raises:
            NothingToSendError: No row was.
        """
        if self.first is None:
            raise NothingToSendError(dict(self._reasons.most_common()), self._rejects)
        return self._hash.hexdigest()

    def _plan_row(self, row: InputRow) -> PlannedRow | Reject:
        function = "build"
        try:
            template = self._build(row)
            if template is None:
                return Reject(row.line, None, "left out by build")
            _check_template(template, row.line)
            raise_or_warn(template.violations(), self._limits)
            body = encode_template(template)
            function = "key"
            key = row.key if self._key is None else self._make_key(row, self._key)
            function = "callback_data"
            own = self._own if self._make_own is None else self._call_for_own(row, self._make_own)
        except (UnknownColumnError, CampaignError) as error:
            if isinstance(error, CampaignError):
                raise
            raise CampaignError(f"line {row.line}: {function} failed: {error}") from error
        except InvalidInputError as error:
            return to_reject(row.line, error)
        except Exception as error:
            raise CampaignError(f"line {row.line}: {function} failed with {type(error).__qualname__}") from error
        if self._key is None and row.further_key:
            # The journal compares keys, which are numbers where there are any.
            first = self._further.setdefault(row.further_key, row.line)
            if first != row.line:
                return Reject(row.line, None, f"duplicate of line {first}")
        return PlannedRow(row.line, key, row.number, body, own)

    def _make_key(self, row: InputRow, key: Key) -> str:
        value: object = row[key] if isinstance(key, str) else key(row)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if not isinstance(value, str):
            raise InvalidInputError(f"key: must be a text or an integer, not {type(value).__name__}", field="key")
        if not value.strip():
            raise InvalidInputError("key: is empty", field="key")
        if not value.isprintable():
            raise InvalidInputError("key: holds characters that cannot be printed", field="key")
        if len(value) > _LONGEST_KEY:
            raise InvalidInputError(f"key: {len(value)} characters; the limit is {_LONGEST_KEY}", field="key")
        return value

    def _call_for_own(self, row: InputRow, make: Callable[[InputRow], Mapping[str, JsonValue] | None]) -> str | None:
        value: object = make(row)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise CampaignError(f"line {row.line}: callback_data must be an object, not {describe_kind(value)}")
        return _encode_own(cast("Mapping[str, Any]", value), self._limits)


def _encode_own(value: Mapping[str, Any], limits: Limits) -> str:
    text = encode_own_data(value)
    raise_or_warn(check_for_large_integers(dict(value)), limits)
    return text


def to_reject(line: int, error: InvalidInputError) -> Reject:
    """Return the reject of a line that an error refuses: its first problem, without the value."""
    field, reason = error.field, str(error).removeprefix(f"{error.field}:").strip()
    if isinstance(error, InvalidContentError):
        field, reason = error.violations[0].field, error.violations[0].problem
    return Reject(line, _to_printable(field), _to_printable(reason))


def _to_printable(text: str) -> str:
    # A user's own error may have any text, and not every database stores every character.
    return text if text.isprintable() else "".join(one if one.isprintable() else "\ufffd" for one in text)


def _check_template(content: object, line: int) -> None:
    if isinstance(content, Template):
        return
    raise CampaignError(
        f"line {line}: build must return a Template, not {describe_kind(content)}: only templates reach customers who"
        " have not written within the last 24 hours"
    )


def _check_function(field: str, value: object, what: str) -> None:
    if not callable(value) or iscoroutinefunction(value):
        raise InvalidInputError(f"{field}: must be {what}, not {_describe(value)}", field=field)


def _describe(value: object) -> str:
    return "an async function" if iscoroutinefunction(value) else describe_kind(value)
