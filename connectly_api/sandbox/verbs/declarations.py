"""What each verb does, and its arguments with their types. Pure.

Arguments are checked against this table, and the description of the control interface is built from it, so neither can
say what the other does not do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, get_args, get_type_hints

import attrs

from connectly_api.errors import InvalidInputError
from connectly_api.json_values import is_array, is_object
from connectly_api.keywords import find_nearest
from connectly_api.number_checks import is_integer, is_number
from connectly_api.sandbox.model.fault_rules import FaultRule
from connectly_api.sandbox.model.identity import BSUID_PATTERN, PHONE_PATTERN, parse_bsuid, parse_phone
from connectly_api.sandbox.model.records import ATTACHMENT_TYPES, TemplateStatus
from connectly_api.sandbox.service.registration_rules import TOPICS

_LARGEST: Final = 1e15


@attrs.frozen
class ArgumentType:
    """A type of arguments, twice: as a JSON Schema, and as a function.

    The schema may say more, which the verb then checks itself, and explains better.

    Attributes:
        schema: The schema.
        is_valid: Whether a JSON value is of the type.
        problem: What is wrong with a value that is not.
    """

    schema: Mapping[str, Any]
    is_valid: Callable[[Any], bool]
    problem: str


@attrs.frozen
class Declaration:
    """A verb: what it does, and the arguments that it needs and that it may have."""

    summary: str
    required: Mapping[str, ArgumentType] = attrs.field(factory=dict[str, ArgumentType])
    optional: Mapping[str, ArgumentType] = attrs.field(factory=dict[str, ArgumentType])

    @property
    def types(self) -> Mapping[str, ArgumentType]:
        """The types of all arguments."""
        return {**self.required, **self.optional}


def check_arguments(declaration: Declaration, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return all arguments of a verb; those that are absent, or null, are None.

    Raises:
        InvalidInputError: One is missing, unknown, or of another type.
    """
    types = declaration.types
    for name in sorted(set(given) - set(types)):
        hint = "".join(f"; did you mean {found}?" for found in find_nearest(name, sorted(types))[:1])
        raise InvalidInputError(f"{name}: is not an argument of this verb{hint}", field=name)
    values = {name: _to_whole(given.get(name), kind) for name, kind in types.items()}
    for name, kind in types.items():
        if values[name] is None and name in declaration.required:
            raise InvalidInputError(f"{name}: is missing or empty", field=name)
        if values[name] is not None and not kind.is_valid(values[name]):
            raise InvalidInputError(f"{name}: {kind.problem}", field=name)
    return values


def _to_whole(value: object, kind: ArgumentType) -> object:
    """Return 1 for 1.0 where a whole number is meant, as in JSON Schema."""
    return int(value) if isinstance(value, float) and kind.schema.get("type") == "integer" and value % 1 == 0 else value


def _is_text(value: object) -> bool:
    """Return whether it is a string that UTF-8 can encode."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _build_choice(choices: Iterable[str]) -> ArgumentType:
    values = tuple(choices)
    return ArgumentType(
        {"type": "string", "enum": list(values)}, values.__contains__, f"must be one of {', '.join(values)}"
    )


def build_number_type(least: float, most: float, problem: str) -> ArgumentType:
    """Return the type of numbers between two."""
    schema = {"type": "number", "minimum": least, "maximum": most}
    return ArgumentType(schema, lambda value: is_number(value, least, most), problem)


ANY_TEXT: Final = ArgumentType({"type": "string"}, _is_text, "must be a string of UTF-8 text")
TEXT: Final = attrs.evolve(ANY_TEXT, schema={"type": "string", "minLength": 1})
TEXTS: Final = ArgumentType(
    {"type": "array", "items": {"type": "string"}},
    lambda value: is_array(value) and all(map(_is_text, value)),
    "must be a list of strings of UTF-8 text",
)
NUMBER: Final = build_number_type(-_LARGEST, _LARGEST, "must be a number")
ANYTHING: Final = ArgumentType({}, lambda _value: True, "must be JSON")
INTEGER: Final = ArgumentType({"type": "integer"}, is_integer, "must be a whole number")
COUNT: Final = ArgumentType(
    {"type": "integer", "minimum": 1}, lambda value: is_integer(value, 1), "must be a whole number above 0"
)
URL: Final = attrs.evolve(TEXT, schema={**TEXT.schema, "format": "uri"})
BOOLEAN: Final = ArgumentType({"type": "boolean"}, lambda value: isinstance(value, bool), "must be true or false")
OBJECT: Final = ArgumentType({"type": "object"}, is_object, "must be an object")
PHONE: Final = ArgumentType(
    {"type": "string", "pattern": f"^{PHONE_PATTERN}$"},
    lambda value: isinstance(value, str) and parse_phone(value) is not None,
    "must be a phone number, + and 7 to 15 digits",
)
BSUID: Final = ArgumentType(
    {"type": "string", "pattern": f"^{BSUID_PATTERN}$"},
    lambda value: isinstance(value, str) and parse_bsuid(value) is not None,
    "must be a BSUID, a country, a dot and alphanumerics",
)
CUSTOMER: Final = ArgumentType(
    {"type": "string", "pattern": f"^({PHONE_PATTERN}|{BSUID_PATTERN})$"},
    lambda value: PHONE.is_valid(value) or BSUID.is_valid(value),
    "must be a phone number (E.164) or a BSUID",
)

_SCHEMAS: Final = {str: TEXT.schema, int: INTEGER.schema, float: NUMBER.schema, bool: BOOLEAN.schema}


def _build_fault_types() -> dict[str, ArgumentType]:
    """Return the types of a rule's fields. The rule checks them itself, and knows more of them."""
    hints = {name: get_args(hint) or (hint,) for name, hint in get_type_hints(FaultRule).items()}
    schemas = {name: _SCHEMAS.get(hint[0], {"type": "string", "enum": list(hint)}) for name, hint in hints.items()}
    schemas["retry_after"] = {"type": ["string", "number"]}
    return {
        name: ArgumentType(schema, lambda _value: True, "must be one of the faults") for name, schema in schemas.items()
    }


def _build_degrees(limit: int) -> ArgumentType:
    return attrs.evolve(NUMBER, schema={**NUMBER.schema, "minimum": -limit, "maximum": limit})


def _declare_customer_verb(
    summary: str, *required: Mapping[str, ArgumentType], **optional: ArgumentType
) -> Declaration:
    return Declaration(summary, {"customer": CUSTOMER, **dict(*required)}, optional)


_FAULT: Final = _build_fault_types()

DECLARATIONS: Final[Mapping[str, Declaration]] = {
    "says": _declare_customer_verb(
        "The customer sends a text.", {"text": TEXT}, reply_to=ANY_TEXT, referral=OBJECT, sender=TEXT
    ),
    "edits": _declare_customer_verb("The customer edits a text.", {"text": TEXT}, message=ANY_TEXT),
    "sends": _declare_customer_verb(
        "The customer sends a file.",
        {"type": _build_choice(ATTACHMENT_TYPES), "url": URL},
        caption=ANY_TEXT,
        filename=ANY_TEXT,
        sender=TEXT,
    ),
    "shares_location": _declare_customer_verb(
        "The customer shares a location, in degrees.",
        {"latitude": _build_degrees(90), "longitude": _build_degrees(180)},
        name=ANY_TEXT,
        address=ANY_TEXT,
        sender=TEXT,
    ),
    "taps": _declare_customer_verb(
        "The customer taps a button, by its id or text.", {"button": TEXT}, message=ANY_TEXT, sender=TEXT
    ),
    "picks": _declare_customer_verb(
        "The customer picks the row of a list, by its id or text.", {"row": TEXT}, message=ANY_TEXT, sender=TEXT
    ),
    "reacts": _declare_customer_verb(
        "The customer reacts to a message, or takes a reaction back.", emoji=ANY_TEXT, message=ANY_TEXT, sender=TEXT
    ),
    "reads": _declare_customer_verb("The customer reads one message, or all.", message=ANY_TEXT),
    "opts_out": _declare_customer_verb("The customer opts out of templates."),
    "opts_in": _declare_customer_verb("The customer opts in to templates again."),
    "changes_phone": _declare_customer_verb(
        "The customer changes the phone number.", phone=PHONE, bsuid=BSUID, keeps_opt_out=BOOLEAN
    ),
    "customer": Declaration("Adds a customer.", {}, {"phone": PHONE, "bsuid": BSUID, "name": ANY_TEXT}),
    "template": Declaration(
        "Declares a template.",
        {"name": TEXT},
        {
            **dict.fromkeys(("language", "header", "text", "footer"), ANY_TEXT),
            **dict.fromkeys(("parameters", "buttons"), TEXTS),
            "status": _build_choice(get_args(TemplateStatus)),
        },
    ),
    "fault": Declaration(
        "Adds a fault rule.",
        {"what": _FAULT["what"]},
        {name: kind for name, kind in _FAULT.items() if name != "what"},
    ),
    "remove_fault": Declaration("Removes a fault rule.", {"number": COUNT}),
    "clear_faults": Declaration("Removes all fault rules."),
    "report_ready": Declaration("Finishes a report.", {}, {"name": ANY_TEXT, "url": URL}),
    "open_window": _declare_customer_verb("Opens the customer's 24-hour window.", sender=TEXT),
    "close_window": _declare_customer_verb("Closes the customer's 24-hour window.", sender=TEXT),
    "register": Declaration(
        "Registers an address for a topic, in the place of an earlier one.",
        {"topic": _build_choice(TOPICS), "address": URL},
    ),
    "redeliver": Declaration("Delivers a webhook again.", {"entry": COUNT}),
    "event": Declaration("Sends an event to the registrations of a topic.", {"topic": TEXT, "body": OBJECT}),
    "advance": Declaration("Moves the clock.", {}, dict.fromkeys(("seconds", "minutes", "hours", "days"), NUMBER)),
    "clock": Declaration("Lets the clock run or stand still, at a speed.", {}, {"running": BOOLEAN, "speed": NUMBER}),
    "settle": Declaration("Moves the clock until nothing is due."),
}
