"""What the options of `connectly campaign plan` mean: parameters from columns, durations, hours. Pure.

Each function raises `CommandLineError` for invalid input; the error names the option.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

import attrs

from connectly_api import campaigns
from connectly_api.cli.exit_codes import CommandLineError
from connectly_api.content.template import Parameter, Template
from connectly_api.keywords import find_nearest
from connectly_api.transport.rates import Rate

if TYPE_CHECKING:
    from connectly_api.campaigns import InputRow

Pairs = Sequence[tuple[str, str]]

_BODY: Final = tuple(f"body_{number}" for number in range(1, 16))
_DOCUMENT: Final = "header_document"
_FILE_NAME: Final = "header_filename"
_HEADERS: Final = ("header_text", "header_image", "header_video", _DOCUMENT)
_DOCUMENTED: Final = (*_BODY, *_HEADERS, _FILE_NAME, "button_1_url", "button_2_url")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}


def find_doubts(names: Sequence[str]) -> Iterator[str]:
    """Yield a warning for each parameter that is not documented and resembles one that is.

    Raises:
        CommandLineError: A parameter is given twice, or one cannot be filled without another.
    """
    for name in names:
        if names.count(name) > 1:
            raise CommandLineError(f"--map, --parameter: {name} is given more than once")
        if name not in _DOCUMENTED and (nearest := find_nearest(name, _DOCUMENTED)):
            yield f"--map, --parameter: {name} is not documented; did you mean {nearest[0]}?"
    filled = [index for index, name in enumerate(_BODY) if name in names]
    if filled and len(filled) <= filled[-1]:
        missing = next(name for name in _BODY if name not in names)
        raise CommandLineError(f"--map: {missing} is missing, but {_BODY[filled[-1]]} is given")
    if _FILE_NAME in names and _DOCUMENT not in names:
        raise CommandLineError(f"--map: {_FILE_NAME} needs {_DOCUMENT}")


def create_builder(name: str, language: str, columns: Pairs, constants: Pairs) -> Callable[[InputRow], Template]:
    """Return a function that fills a template from a row.

    Args:
        name: The template's name.
        language: Its translation.
        columns: Parameters, each with the column that it comes from.
        constants: Parameters, each with the value that is the same for every row.
    """
    values: dict[str, Callable[[InputRow], Any]] = {
        **{parameter: itemgetter(column) for parameter, column in columns},
        **{parameter: partial(_return_constant, value) for parameter, value in constants},
    }
    # Template's own arguments, as far as it has them: its errors name them.
    get_file_name = values.pop(_FILE_NAME, None)
    headers = {parameter: values.pop(parameter) for parameter in _HEADERS if parameter in values}
    if get_file_name is not None:
        get_document = headers[_DOCUMENT]
        headers[_DOCUMENT] = lambda row: (get_document(row), get_file_name(row))
    body = [values.pop(parameter) for parameter in _BODY if parameter in values]

    def build(row: InputRow) -> Template:
        others = [Parameter(parameter, get(row)) for parameter, get in values.items()]
        named = {parameter: get(row) for parameter, get in headers.items()}
        return Template(name, language, body=[get(row) for get in body] or None, parameters=others or None, **named)

    return build


def _return_constant(value: str | None, _row: InputRow) -> str | None:
    return value


def parse_duration(option: str, text: str) -> timedelta:
    """Parse a duration, such as `90m`, `36h` or `2d`."""
    match = re.fullmatch(r"([0-9]{1,4})([mhd])", text.strip())
    if match is None or not int(match[1]):
        raise CommandLineError(f"{option}: write a number and m, h or d, such as 90m, 36h or 2d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def parse_hours(times: str | None, zone: str | None, days: str) -> campaigns.Hours | None:
    """Return the hours of the options `--hours`, `--zone` and `--days`, or None."""
    if times is None and zone is None:
        return None
    start, dash, end = (times or "").partition("-")
    if not dash or zone is None:
        raise CommandLineError("--hours: write 09:00-20:00, and name the --zone, such as Europe/Berlin")
    return campaigns.Hours(start.strip(), end.strip(), zone, days)


def parse_rate(number: float | None) -> campaigns.CampaignPace:
    """Return the pace of the option `--rate`, which limits the sending number."""
    usual = campaigns.CampaignPace()
    if number is None or usual.number is None:
        return usual
    return attrs.evolve(usual, number=Rate(number, usual.number.burst))
