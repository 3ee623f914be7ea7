"""Templates that were declared, and whether a message fits one. Pure.

Source for the codes and the parameters' names: the service's documentation, https://docs.connectly.ai
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args

import attrs

from connectly_api.content.template_rules import body_violations, longest, value_violations
from connectly_api.errors import InvalidInputError, Violation
from connectly_api.json_values import get_objects, get_text
from connectly_api.sandbox.model.refusals import UNSPECIFIED, Finding
from connectly_api.sandbox.model.settings import Settings
from connectly_api.sandbox.service.content_limits import too_long
from connectly_api.setting_rules import name_problem

__all__ = ["DeclaredTemplate", "TemplateStatus", "misfits", "unfit_values", "wanted_template"]

TemplateStatus = Literal["approved", "paused", "deleted"]

_NOT_FOUND = "ERROR_CODE_MESSAGE_TEMPLATE_NOT_FOUND"
_INPUT = "ERROR_CODE_MESSAGE_TEMPLATE_INPUT_INVALID"
_DELETED = "ERROR_CODE_MESSAGE_TEMPLATE_DELETED"


@attrs.frozen
class DeclaredTemplate:
    """A template as the business registered it.

    Attributes:
        name: What `templateName` says.
        language: What `language` says.
        parameters: The names that a message has to give, no more and no fewer.
        status: `paused` and `deleted` ones cannot be sent.
    """

    name: str
    language: str
    parameters: tuple[str, ...] = ()
    status: TemplateStatus = "approved"

    def __attrs_post_init__(self) -> None:
        """Check the values.

        Raises:
            InvalidInputError: One of them cannot be.
        """
        for field in ("name", "language"):
            if not isinstance(getattr(self, field), str) or not getattr(self, field).strip():
                raise InvalidInputError(f"{field}: must be a string that is not empty", field=field)
            if (problem := name_problem(getattr(self, field))) is not None:
                raise InvalidInputError(f"{field}: {problem}", field=field)
        names: tuple[object, ...] = self.parameters
        if not all(isinstance(name, str) and name for name in names) or len(set(names)) < len(names):
            raise InvalidInputError("parameters: must be strings, not empty, none twice", field="parameters")
        if problem := next(filter(None, map(name_problem, self.parameters)), None):
            raise InvalidInputError(f"parameters: one {problem}", field="parameters")
        if self.status not in get_args(TemplateStatus):
            raise InvalidInputError(f"status: must be one of {', '.join(get_args(TemplateStatus))}", field="status")


def wanted_template(
    templates: Mapping[tuple[str, str], DeclaredTemplate], body: Mapping[str, Any]
) -> DeclaredTemplate | None:
    """Return the template that a message names; without a language, the first of that name."""
    name, language = get_text(body, "templateName"), get_text(body, "language")
    if language:
        return templates.get((name, language))
    return next((template for template in templates.values() if template.name == name), None)


def misfits(template: DeclaredTemplate | None, body: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what keeps a message from being made of a template."""
    if template is None:
        yield _NOT_FOUND, Violation(field="templateName", problem="there is no template of that name and language")
        return
    if template.status == "deleted":
        problem = "that translation is being deleted; use another name, or wait four weeks"
        yield _DELETED, Violation(field="templateName", problem=problem)
    elif template.status == "paused":
        yield UNSPECIFIED, Violation(field="templateName", problem="the template is paused")
    given = [get_text(parameter, "name") for parameter in get_objects(body, "parameters")]
    for name in template.parameters:
        if name not in given:
            yield _INPUT, Violation(field="parameters", problem=f"{name} is missing")
    for index, name in enumerate(given):
        if name not in template.parameters:
            yield _INPUT, Violation(field=f"parameters[{index}].name", problem="is not a parameter of the template")


def unfit_values(body: Mapping[str, Any], settings: Settings) -> Iterator[Finding]:
    """Yield what keeps WhatsApp from taking the values, whatever templates there are; limits where they are kept."""
    parameters = get_objects(body, "parameters")
    for index, parameter in enumerate(parameters):
        name, field, value = get_text(parameter, "name"), f"parameters[{index}].value", get_text(parameter, "value")
        if not value.strip():
            yield _INPUT, Violation(field=field, problem="is empty")
            continue
        found = [*too_long(field, value, longest(name)), *value_violations(field, name, value)]
        refused = {"error", "limit"} if settings.content_limits == "refuse" else {"error"}
        yield from ((_INPUT, violation) for violation in found if violation.level in refused)
    if settings.content_limits == "refuse":
        values = [(get_text(parameter, "name"), get_text(parameter, "value")) for parameter in parameters]
        for violation in body_violations("parameters", values):
            yield _INPUT, violation
