"""Template messages: the only ones that reach a customer who has not written within the last 24 hours.

Source: https://docs.connectly.ai (send a WhatsApp templated message): parameters are named `header_text`,
`header_image`, `header_video`, `header_document` (with a file name), `body_1` to `body_15`, `button_1_url` and
`button_2_url`. The names for carousels and quick replies are not documented; any name can be given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, cast

import attrs

from connectly_api.content import limits
from connectly_api.content.basic import given, many, shown
from connectly_api.content.template_rules import body_violations, longest, value_violations
from connectly_api.errors import Violation
from connectly_api.lowlevel import models
from connectly_api.setting_rules import name_problem
from connectly_api.tracebacks import cut_init_traceback
from connectly_api.web_address import file_name
from connectly_api.wire.encoding import UNSET, Unset

__all__ = ["Parameter", "Template"]

_NAME: Final = 512
_BODY: Final = 15
_BUTTONS: Final = 2


@attrs.frozen
class Parameter:
    """A template parameter under the service's own name.

    Attributes:
        name: `body_1`, or whatever the template asks for.
        value: A text or an address.
        filename: For `header_document`: the name under which the customer sees the file, or None.
    """

    name: str
    value: str = attrs.field(repr=shown)
    filename: str | None = attrs.field(default=None, repr=shown)


def _body(values: Iterable[str] | None) -> tuple[str, ...] | None:
    instead = "; parameters= takes values by their names"
    return None if values is None else many(values, "body", instead=instead)


def _addresses(values: Iterable[str | None] | None) -> tuple[str | None, ...] | None:
    instead = "; parameters= takes values by their names"
    return None if values is None else many(values, "button_urls", instead=instead)


def _parameters(values: Mapping[str, str] | Iterable[Parameter] | None) -> tuple[Parameter, ...] | None:
    if values is None:
        return None
    if isinstance(values, Mapping):
        named = cast("Mapping[str, str]", values)
        return tuple(Parameter(name, value) for name, value in named.items())
    return many(values, "parameters")


@cut_init_traceback
@attrs.frozen
class Template:
    """A template message: an approved text with places to fill.

    Attributes:
        name: The template's name.
        language: The code of one of its approved translations, `en`.
        body: The values for the places in the body, in order: `body_1` to `body_15`.
        header_text: The value for the place in a text header.
        header_image: The address of the header's image.
        header_video: The address of the header's video.
        header_document: The address of the header's document, or a pair of address and file name. Without a name, the
            one in the address is sent, as for `Document`.
        button_urls: The values for the addresses of the buttons, in order: `button_1_url`, `button_2_url`; None skips.
            Each is what follows the address that the template has, or a whole address.
        parameters: Any further parameters under their own names: a mapping of names to values, or `Parameter` values.

    Where no parameter is given at all, none is sent; an empty `body` sends an empty list.

    WhatsApp refuses the whole message if a value holds a line break, a tab or more than four spaces in a row, if a
    header's text has more than 60 characters, or the body more than 1024, of which the template's own text is not known
    here. `connectly_api.content.template_rules` has the sources. Under a name that is not documented, you are warned of
    such white space.
    """

    name: str
    language: str
    body: tuple[str, ...] | None = attrs.field(default=None, converter=_body, repr=False)
    header_text: str | None = attrs.field(default=None, repr=shown)
    header_image: str | None = attrs.field(default=None, repr=shown)
    header_video: str | None = attrs.field(default=None, repr=shown)
    header_document: str | tuple[str, str] | None = attrs.field(default=None, repr=shown)
    button_urls: tuple[str | None, ...] | None = attrs.field(default=None, converter=_addresses, repr=False)
    parameters: tuple[Parameter, ...] | None = attrs.field(default=None, converter=_parameters, repr=False)

    def violations(self) -> Iterator[Violation]:
        """Yield each limit that this breaks."""
        yield from _name_violations("name", self.name, _NAME)
        yield from _name_violations("language", self.language)
        yield from limits.count("body", self.body or (), _BODY, what="values", least=0)
        yield from limits.count("button_urls", self.button_urls or (), _BUTTONS, what="addresses", least=0)
        yield from limits.instances("parameters", self.parameters or (), Parameter)
        named = list(self._named())
        for field, parameter in named:
            is_raw = field.startswith("parameters")
            yield from _name_violations(f"{field}.name" if is_raw else field, parameter.name)
            yield from _value_violations(f"{field}.value" if is_raw else field, parameter)
            url = parameter.value if parameter.name == "header_document" else None
            yield from limits.file_name(f"{field}.filename", parameter.filename, url)
        texts = [(parameter.name, parameter.value) for _, parameter in named if _is_text(parameter)]
        yield from body_violations("body", texts)
        headers = [field for field, parameter in named if str(parameter.name).startswith("header_")]
        if len(headers) > 1:
            yield Violation(headers[1], f"a template has one header; {headers[0]} is given already", len(headers), 1)
        yield from limits.distinct("parameters", [parameter.name for _, parameter in named], what="names")

    def to_parameters(self) -> list[models.TemplateParameter] | Unset:
        """Return the parameters under the service's names, headers first, or nothing where none is given."""
        if self == Template(self.name, self.language):
            return UNSET
        return [
            models.TemplateParameter(
                name=parameter.name,
                value=parameter.value,
                filename=given(_file_name(parameter)),
            )
            for _, parameter in self._named()
        ]

    def _named(self) -> Iterator[tuple[str, Parameter]]:
        for field in ("header_text", "header_image", "header_video"):
            if (value := getattr(self, field)) is not None:
                yield field, Parameter(field, value)
        if self.header_document is not None:
            yield "header_document", _document(self.header_document)
        for index, value in enumerate(self.body or ()):
            yield f"body[{index}]", Parameter(f"body_{index + 1}", value)
        for index, address in enumerate(self.button_urls or ()):
            if address is not None:
                yield f"button_urls[{index}]", Parameter(f"button_{index + 1}_url", address)
        for index, parameter in enumerate(self.parameters or ()):
            if isinstance(parameter, Parameter):
                yield f"parameters[{index}]", parameter


def _is_text(parameter: Parameter) -> bool:
    values: tuple[object, ...] = (parameter.name, parameter.value)
    return all(isinstance(value, str) for value in values)


def _name_violations(field: str, name: str, most: int | None = None) -> Iterator[Violation]:
    problems = list(limits.text(field, name, most))
    yield from problems
    if not problems and (problem := name_problem(name)) is not None:
        yield Violation(field, problem, len(name), level="error")


def _value_violations(field: str, parameter: Parameter) -> Iterator[Violation]:
    if not _is_text(parameter):
        yield from limits.text(field, parameter.value)
        return
    problems = list(limits.text(field, parameter.value, longest(parameter.name)))
    yield from problems
    if all(problem.level != "error" for problem in problems):
        yield from value_violations(field, parameter.name, parameter.value)


def _file_name(parameter: Parameter) -> str | None:
    if parameter.filename is None and parameter.name == "header_document":
        return file_name(parameter.value)
    return parameter.filename


def _document(value: Any) -> Parameter:  # noqa: ANN401 (whatever the caller gave; the checks refuse what is no text)
    match value:
        case [address, filename]:
            return Parameter("header_document", address, filename)
        case _:
            return Parameter("header_document", value)
