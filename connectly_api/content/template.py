"""Template messages, the only ones that reach a customer who has not written within the last 24 hours.

Source: https://docs.connectly.ai (send a WhatsApp templated message). It documents the parameters `header_text`,
`header_image`, `header_video`, `header_document` (with a file name), `body_1` to `body_15`, `button_1_url` and
`button_2_url`, but not those of carousels and quick replies, so `parameters` accepts any name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, cast

import attrs

from connectly_api.content import limits
from connectly_api.content.fields import show_length, to_optional, to_tuple
from connectly_api.content.template_rules import are_plain, check_body, check_value, find_max_length
from connectly_api.errors import Violation
from connectly_api.lowlevel import models
from connectly_api.setting_rules import find_name_problem
from connectly_api.tracebacks import cut_init_traceback
from connectly_api.web_address import find_file_name
from connectly_api.wire.encoding import encode_json, quote_string
from connectly_api.wire.unset import UNSET, Unset

_NAME: Final = 512
_BODY: Final = 15
_BUTTONS: Final = 2


@attrs.frozen
class Parameter:
    """A template parameter under the service's own name.

    Attributes:
        name: `body_1`, or any other name that the template uses.
        value: A text or a URL.
        filename: For `header_document`, the file name that the customer sees, or None.
    """

    name: str
    value: str = attrs.field(repr=show_length)
    filename: str | None = attrs.field(default=None, repr=show_length)


def _to_body(values: Iterable[str] | None) -> tuple[str, ...] | None:
    instead = "; use parameters= to pass values by name"
    return None if values is None else to_tuple(values, "body", instead=instead)


def _to_button_urls(values: Iterable[str | None] | None) -> tuple[str | None, ...] | None:
    instead = "; use parameters= to pass values by name"
    return None if values is None else to_tuple(values, "button_urls", instead=instead)


def _to_parameters(values: Mapping[str, str] | Iterable[Parameter] | None) -> tuple[Parameter, ...] | None:
    if values is None:
        return None
    if isinstance(values, Mapping):
        named = cast("Mapping[str, str]", values)
        return tuple(Parameter(name, value) for name, value in named.items())
    return to_tuple(values, "parameters")


@cut_init_traceback
@attrs.frozen
class Template:
    """A template message: an approved text with placeholders.

    Attributes:
        name: The template's name.
        language: The code of one of its approved translations, such as `en`.
        body: The values of the body's placeholders, in order: `body_1` to `body_15`.
        header_text: The value of a text header's placeholder.
        header_image: The URL of the header's image.
        header_video: The URL of the header's video.
        header_document: The URL of the header's document, or a pair of URL and file name. Without a name, the one in
            the URL is sent, as for `Document`.
        button_urls: The values for the URLs of the buttons, in order: `button_1_url`, `button_2_url`; None skips one.
            Each is the end of the URL that the template has, or a whole URL.
        parameters: Further parameters by name: a mapping of names to values, or `Parameter` values.

    If you give no parameters, the request has none; with an empty `body` it has an empty list.

    WhatsApp refuses the whole message if a value holds a line break, a tab or more than four spaces in a row, if a text
    header has more than 60 characters, or if the body has more than 1024 (the client cannot count the template's own
    text). For parameters that are not documented, such white space only causes a warning. Sources:
    `connectly_api.content.template_rules`.
    """

    name: str
    language: str
    body: tuple[str, ...] | None = attrs.field(default=None, converter=_to_body, repr=False)
    header_text: str | None = attrs.field(default=None, repr=show_length)
    header_image: str | None = attrs.field(default=None, repr=show_length)
    header_video: str | None = attrs.field(default=None, repr=show_length)
    header_document: str | tuple[str, str] | None = attrs.field(default=None, repr=show_length)
    button_urls: tuple[str | None, ...] | None = attrs.field(default=None, converter=_to_button_urls, repr=False)
    parameters: tuple[Parameter, ...] | None = attrs.field(default=None, converter=_to_parameters, repr=False)

    def violations(self) -> Iterator[Violation]:
        """Yield each limit that this content breaks."""
        if not self._is_plain():
            yield from self._find_violations()

    def _find_violations(self) -> Iterator[Violation]:
        yield from _check_name("name", self.name, _NAME)
        yield from _check_name("language", self.language)
        yield from limits.check_count("body", self.body or (), _BODY, what="values", least=0)
        yield from limits.check_count("button_urls", self.button_urls or (), _BUTTONS, what="addresses", least=0)
        yield from limits.check_instances("parameters", self.parameters or (), Parameter)
        named = list(self._iterate_parameters())
        for field, parameter in named:
            is_raw = field.startswith("parameters")
            yield from _check_name(f"{field}.name" if is_raw else field, parameter.name)
            yield from _check_parameter_value(f"{field}.value" if is_raw else field, parameter)
            url = parameter.value if parameter.name == "header_document" else None
            yield from limits.check_file_name(f"{field}.filename", parameter.filename, url)
        texts = [(parameter.name, parameter.value) for _, parameter in named if _is_text(parameter)]
        yield from check_body("body", texts)
        headers = [field for field, parameter in named if str(parameter.name).startswith("header_")]
        if len(headers) > 1:
            yield Violation(headers[1], f"a template can have only one header; {headers[0]} is set", len(headers), 1)
        yield from limits.check_distinct("parameters", [parameter.name for _, parameter in named], what="names")

    def to_parameters(self) -> list[models.TemplateParameter] | Unset:
        """Return the low-level parameters, headers first, or `UNSET` if there are none."""
        if self.body is None and self._has_only_body():
            return UNSET
        return [
            models.TemplateParameter(
                name=parameter.name,
                value=parameter.value,
                filename=to_optional(_find_parameter_file_name(parameter)),
            )
            for _, parameter in self._iterate_parameters()
        ]

    def _is_plain(self) -> bool:
        """Return whether nothing can be wrong: decides the common case in a fraction of the time of all checks."""
        return (
            self._has_only_body()
            and (self.body is None or (len(self.body) <= _BODY and are_plain(self.body)))
            and type(self.name) is type(self.language) is str
            and _is_name(self.name, _NAME)
            and _is_name(self.language)
        )

    def _has_only_body(self) -> bool:
        return (
            self.header_text is self.header_image is self.header_video is self.header_document is None
            and self.button_urls is None
            and self.parameters is None
        )

    def _iterate_parameters(self) -> Iterator[tuple[str, Parameter]]:
        for field in ("header_text", "header_image", "header_video"):
            if (value := getattr(self, field)) is not None:
                yield field, Parameter(field, value)
        if self.header_document is not None:
            yield "header_document", _to_header_document(self.header_document)
        for index, value in enumerate(self.body or ()):
            yield f"body[{index}]", Parameter(f"body_{index + 1}", value)
        for index, address in enumerate(self.button_urls or ()):
            if address is not None:
                yield f"button_urls[{index}]", Parameter(f"button_{index + 1}_url", address)
        for index, parameter in enumerate(self.parameters or ()):
            if isinstance(parameter, Parameter):
                yield f"parameters[{index}]", parameter


def encode_template(template: Template) -> str:
    """Return a template without violations as JSON: the `templateName`, `language` and `parameters` of a request."""
    if template.body is None or not template._has_only_body():  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  (this module's)
        body = models.SendWhatsappTemplatedMessageRequest(
            template_name=template.name, language=template.language, parameters=template.to_parameters()
        )
        return encode_json(body.to_dict(), field="template").decode()
    # A campaign encodes a million of these: the way through the models takes five times as long.
    values = [f'{{"name":"body_{n}","value":{quote_string(value)}}}' for n, value in enumerate(template.body, 1)]
    name, language = quote_string(template.name), quote_string(template.language)
    return f'{{"templateName":{name},"language":{language},"parameters":[{",".join(values)}]}}'


def _is_text(parameter: Parameter) -> bool:
    values: tuple[object, ...] = (parameter.name, parameter.value)
    return all(isinstance(value, str) for value in values)


def _check_name(field: str, name: str, most: int | None = None) -> Iterator[Violation]:
    problems = list(limits.check_text(field, name, most))
    yield from problems
    if not problems and (problem := find_name_problem(name)) is not None:
        yield Violation(field, problem, len(name), level="error")


@lru_cache(maxsize=64)
def _is_name(name: str, most: int | None = None) -> bool:
    return not any(True for _ in _check_name("", name, most))


def _check_parameter_value(field: str, parameter: Parameter) -> Iterator[Violation]:
    if not _is_text(parameter):
        yield from limits.check_text(field, parameter.value)
        return
    problems = list(limits.check_text(field, parameter.value, find_max_length(parameter.name)))
    yield from problems
    if all(problem.level != "error" for problem in problems):
        yield from check_value(field, parameter.name, parameter.value)


def _find_parameter_file_name(parameter: Parameter) -> str | None:
    if parameter.filename is None and parameter.name == "header_document":
        return find_file_name(parameter.value)
    return parameter.filename


def _to_header_document(value: Any) -> Parameter:  # noqa: ANN401 (the checks refuse other types)
    match value:
        case [address, filename]:
            return Parameter("header_document", address, filename)
        case _:
            return Parameter("header_document", value)
