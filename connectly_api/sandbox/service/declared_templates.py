"""Templates that were declared, and whether a message fits one. Pure.

Source for the codes and the parameters' names: the service's documentation, https://docs.connectly.ai
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectly_api.content.template_rules import check_body, check_value, find_max_length
from connectly_api.errors import Violation
from connectly_api.json_values import get_objects, get_text
from connectly_api.sandbox.model.records import DeclaredTemplate
from connectly_api.sandbox.model.refusals import UNSPECIFIED, Finding
from connectly_api.sandbox.model.settings import Settings
from connectly_api.sandbox.service.content_limits import check_length

_NOT_FOUND = "ERROR_CODE_MESSAGE_TEMPLATE_NOT_FOUND"
_INPUT = "ERROR_CODE_MESSAGE_TEMPLATE_INPUT_INVALID"
_DELETED = "ERROR_CODE_MESSAGE_TEMPLATE_DELETED"


def find_template(
    templates: Mapping[tuple[str, str], DeclaredTemplate], body: Mapping[str, Any]
) -> DeclaredTemplate | None:
    """Return the template that a message names; without a language, the first of that name."""
    name, language = get_text(body, "templateName"), get_text(body, "language")
    if language:
        return templates.get((name, language))
    return next((template for template in templates.values() if template.name == name), None)


def check_declared_template(template: DeclaredTemplate | None, body: Mapping[str, Any]) -> Iterator[Finding]:
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


def check_parameter_values(body: Mapping[str, Any], settings: Settings) -> Iterator[Finding]:
    """Yield what keeps WhatsApp from taking the values, whatever templates there are; limits where they are kept."""
    parameters = get_objects(body, "parameters")
    for index, parameter in enumerate(parameters):
        name, field, value = get_text(parameter, "name"), f"parameters[{index}].value", get_text(parameter, "value")
        if not value.strip():
            yield _INPUT, Violation(field=field, problem="is empty")
            continue
        found = [*check_length(field, value, find_max_length(name)), *check_value(field, name, value)]
        refused = {"error", "limit"} if settings.content_limits == "refuse" else {"error"}
        yield from ((_INPUT, violation) for violation in found if violation.level in refused)
    if settings.content_limits == "refuse":
        values = [(get_text(parameter, "name"), get_text(parameter, "value")) for parameter in parameters]
        for violation in check_body("parameters", values):
            yield _INPUT, violation
