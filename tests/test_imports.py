"""Imports point one way: a table of who may import whom, read from the source, type checkers' imports included."""

from __future__ import annotations

import ast
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tools.import_graph import ALWAYS, read_package

PACKAGE = read_package(Path(__file__).parent.parent / "connectly_api")
MODULES = PACKAGE.modules

# Module (`x.*` is a package and all that lies below) | modules of this package that it may import | libraries.
TABLE = """
    _version              |                                                                           |
    json_values           |                                                                           |
    number_checks         | errors                                                                    | attrs
    lazy                  |                                                                           |
    keywords              |                                                                           |
    number_text           |                                                                           |
    web_address           | setting_rules                                                             |
    error_codes           |                                                                           |
    exit_steps            |                                                                           |
    errors                | error_codes                                                               | attrs
    tracebacks            | errors                                                                    |
    error_response        | error_codes errors json_values number_checks                              |
    setting_rules         | errors                                                                    |
    postgres_connection   |                                                                           | psycopg
    redis_client          |                                                                           | redis
    wire.*                | errors json_values number_checks setting_rules wire.*                     | attrs

    unknown_outcomes       | errors                                                                    |
    transport.*           | _version unknown_outcomes error_response errors json_values lazy           | attrs anyio
                          | number_checks setting_rules tracebacks transport.* web_address            |
    transport.redis_pace  | errors redis_client setting_rules tracebacks transport.rates              | redis
                          | transport.shared_pace                                                     |
    transport.postgres_pace | errors postgres_connection setting_rules tracebacks transport.rates     | psycopg
                          | transport.shared_pace                                                     |
    transport.adapters.httpx | errors setting_rules tracebacks transport.adapters.httpx_connections   | certifi
                          | transport.adapters.httpx_stream transport.adapters.network                | httpcore
                          | transport.endpoint transport.protocol transport.tls                       | httpx
    transport.adapters.httpx_connections | transport.adapters.httpx_stream transport.decompression    | anyio
                          | transport.protocol                                                        | httpcore
    transport.adapters.httpx_stream | transport.protocol                                              | anyio
                          |                                                                           | httpcore
    transport.adapters.pyreqwest_exchange | errors transport.adapters.network                         | pyreqwest
                          | transport.adapters.pyreqwest_exit transport.decompression                 |
                          | transport.protocol                                                        |
    transport.adapters.pyreqwest_exit | exit_steps                                                    | pyreqwest
    telemetry             | _version drift errors lowlevel._source transport.protocol                 | attrs
                          |                                                                           | opentelemetry
    lowlevel.*            | errors lowlevel.* tracebacks transport.* wire.*                           | attrs

    drift                 | error_response errors number_checks setting_rules tracebacks              | attrs
                          | transport.attempt_outcome transport.protocol webhooks.event_shape         |
                          | webhooks.events wire.model_shapes wire.shapes                             |

    recipients            | errors national_numbers number_text tracebacks                            | attrs
    national_numbers      | errors                                                                    | phonenumbers
    callback_data         | errors json_values wire.*                                                 |
    content.*             | content.* errors lowlevel.* setting_rules tracebacks web_address wire.*   | attrs
    send_request          | callback_data content.* errors json_values keywords lowlevel.* recipients | attrs
                          | setting_rules transport.protocol wire.*                                   |
    results               | recipients transport.protocol                                             | attrs
    registration_match    | errors lowlevel.models results wire.*                                     |
    registrations         | content.* errors keywords lowlevel.* registration_match results           | attrs
                          | send_request setting_rules tracebacks transport.attempt_outcome           |
                          | transport.endpoint transport.pipeline transport.protocol                  |
                          | transport.time_budget web_address wire.*                                  |
    reply_options         | errors recipients send_request setting_rules webhooks.events wire.writing |
    window_advice         | conversations recipients                                                  | anyio
    replies               | content.* results send_request tracebacks webhooks.events                 |
    client                | unknown_outcomes content.* conversations drift errors keywords             |
                          | lowlevel.models recipients registrations replies reply_options results    |
                          | send_request setting_rules telemetry tracebacks transport.*               |
                          | webhooks.events window_advice wire.*                                      |

    sync                  | lazy sync.*                                                               |
    sync.portal           | errors exit_steps transport.attempt_outcome transport.deadline            | sniffio
    sync.*                | unknown_outcomes client content.* conversations.* drift errors keywords    | attrs anyio
                          | lowlevel.models recipients registrations results send_request             |
                          | setting_rules sync.* telemetry tracebacks transport.* webhooks.*          |

    loop_local            |                                                                           | anyio
    webhooks              | errors lazy webhooks.*                                                    |
    webhooks.app          | errors setting_rules tracebacks webhooks.*                                |
    webhooks.dispatch     | unknown_outcomes errors webhooks.backlog webhooks.deferred_cancellation    | attrs anyio
                          | webhooks.event_counts webhooks.events webhooks.failure_policy             |
                          | webhooks.failure_watch webhooks.held_claims webhooks.plain_functions      |
                          | webhooks.stores.store                                                     |
    webhooks.held_claims  | errors number_checks webhooks.deferred_cancellation                       | attrs anyio
                          | webhooks.stores.deferring_store webhooks.stores.store                     |
    webhooks.failure_policy | errors                                                                  |
    webhooks.failure_watch |                                                                          |
    webhooks.event_counts |                                                                           | attrs
    webhooks.plain_functions | webhooks.deferred_cancellation                                         | anyio
    webhooks.http_response | webhooks.signature                                                       |
    webhooks.backlog      | errors webhooks.deferred_cancellation                                     | attrs anyio
                          |                                                                           | trio
    webhooks.body_reader  |                                                                           | anyio
    webhooks.deferred_cancellation |                                                                  | anyio sniffio
    webhooks.stores.postgres | errors postgres_connection tracebacks webhooks.stores.*                | psycopg
    webhooks.stores.redis | errors redis_client tracebacks webhooks.stores.*                          | redis
    webhooks.stores.*     | errors loop_local number_checks webhooks.deferred_cancellation            | attrs anyio
                          | webhooks.stores.*                                                         |
    webhooks.parsing      | error_response json_values tracebacks webhooks.decoding webhooks.events   |
                          | webhooks.event_parts webhooks.event_values webhooks.extract               |
                          | webhooks.lenient_fields webhooks.reply_forms webhooks.signature           |
    webhooks.*            | error_codes errors json_values number_checks recipients tracebacks        | attrs
                          | webhooks.decoding webhooks.event_parts webhooks.event_shape               |
                          | webhooks.event_values webhooks.events webhooks.lenient_fields wire.reading |
    webhooks.event_shape  | error_codes webhooks.event_values wire.shapes                             |
    conversations         | conversations.* lazy                                                      |
    conversations.*       | conversations.* errors number_checks recipients tracebacks                | attrs
                          | webhooks.deferred_cancellation webhooks.events webhooks.extract           |
                          | webhooks.lenient_fields webhooks.stores.*                                 |
    campaigns             | campaigns.* lazy                                                          |
    campaigns.row_states  |                                                                           | attrs
    campaigns.campaign_errors | errors                                                                |
    campaigns.journal_protocol | campaigns.row_states transport.rates                                 | attrs
    campaigns.pace_booking | transport.rates                                                          | attrs
    campaigns.row_callback | callback_data campaigns.journal_protocol error_codes errors wire.encoding        |
                          | webhooks.event_values webhooks.events                                     |
    campaigns.retry_evidence | campaigns.journal_protocol                                             |
    campaigns.campaign_settings | campaigns.journal_protocol campaigns.row_callback errors            | attrs
                          | campaigns.sending_hours campaigns.stop_rules setting_rules tracebacks     |
                          | transport.rates wire.encoding                                             |
    campaigns.planning    | callback_data campaigns.campaign_errors campaigns.input_rows errors       | attrs
                          | campaigns.journal_protocol campaigns.row_callback content.* json_values   |
                          | setting_rules                                                             |
    campaigns.journal_thread | campaigns.journal_protocol loop_local                                  | anyio
    campaigns.sending_hours | errors tracebacks                                                       | attrs
    campaigns.stop_rules  | errors number_checks tracebacks                                           | attrs
    campaigns.send_outcome | campaigns.journal_protocol campaigns.row_states errors                   |
    campaigns.campaign_status | campaigns.journal_protocol campaigns.row_states                       | attrs
    campaigns.campaign_metrics | _version campaigns.campaign_status                                   | opentelemetry
    campaigns.runner      | campaigns.* client errors lowlevel.*                                       | anyio attrs
                          | number_checks transport.pipeline transport.protocol transport.rates       |
                          | transport.retry                                                           |
    campaigns.campaigns   | campaigns.* client content.limits errors loop_local recipients            | anyio attrs
                          | setting_rules                                                             |
                          | tracebacks webhooks.events webhooks.handler_registry                      |
                          | webhooks.stores.file_access wire.encoding                                 |
    campaigns.sqlite_journal | campaigns.* transport.rates webhooks.status_tracker                    | attrs
                          | webhooks.stores.database_file                                             |
    campaigns.postgres_schema | campaigns.journal_protocol campaigns.row_states                        |
                          | transport.postgres_pace transport.rates                                   |
                          | webhooks.status_tracker                                                   |
    campaigns.postgres_journal | campaigns.* postgres_connection transport.rates                      | attrs psycopg
                          | webhooks.status_tracker                                                   |
    campaigns.procrastinate | campaigns.campaigns client                                              | procrastinate
    campaigns.input_rows  | conversations.lookup_keys errors keywords recipients                  |
    campaigns.phone_cells | campaigns.input_rows errors national_numbers number_text recipients   |
                          | setting_rules                                                         |
    campaigns.table_header | campaigns.input_rows errors recipients                               |
    campaigns.text_lines  | errors                                                                |
    campaigns.delimited_text | campaigns.table_header campaigns.text_lines errors                 |
    campaigns.json_lines  | campaigns.table_header campaigns.text_lines errors json_values        |
    campaigns.spreadsheet | campaigns.input_rows campaigns.table_header errors                     | python_calamine
    campaigns.row_sources | campaigns.* errors keywords setting_rules                             | narwhals
    campaigns.customer_rows | campaigns.* errors setting_rules tracebacks                         | anyio
    sandbox.spec.*        | errors json_values lowlevel._source sandbox.spec.*                        | attrs
                          |                                                                           | jsonschema
    sandbox.model.*       | error_codes errors json_values number_checks sandbox.model.*              | attrs
                          | sandbox.spec.*                                                            |
                          | setting_rules tracebacks web_address webhooks.signature                   |
    sandbox.delivery.*    | errors json_values sandbox.delivery.* sandbox.model.* sandbox.spec.*      | attrs anyio
                          | transport.adapters.asgi transport.adapters.httpx transport.protocol       |
                          | webhooks.failure_watch webhooks.plain_functions webhooks.signature        |
    sandbox.service.*     | content.template_rules error_codes errors json_values number_checks       | attrs
                          | sandbox.delivery.* sandbox.model.* sandbox.service.* sandbox.spec.*       |
                          | setting_rules web_address                                                 |
    sandbox.verbs.*       | errors json_values keywords number_checks sandbox.delivery.*              | attrs
                          | sandbox.model.* sandbox.service.registration_rules                        |
                          | sandbox.spec.* sandbox.verbs.* web_address                                |
    sandbox.recording     | errors json_values sandbox.delivery.* sandbox.model.*                     | attrs
    sandbox.replaced_file | errors                                                                    |
    sandbox.background_task |                                                                         | anyio sniffio
                          |                                                                           | trio
    sandbox.engine        | errors sandbox.background_task sandbox.delivery.* sandbox.model.*         | anyio
                          | sandbox.recording sandbox.service.* sandbox.spec.* sandbox.verbs.*        |
    sandbox.web.expect    | json_values sandbox.engine sandbox.expectation sandbox.model.*            | anyio starlette
                          | sandbox.sent_report sandbox.verbs.* sandbox.web.connection                |
    sandbox.web.*         | errors json_values sandbox.engine sandbox.model.* sandbox.recording       | anyio attrs
                          | sandbox.spec.* sandbox.verbs.* sandbox.web.*                              | sniffio
                          |                                                                           | starlette
                          |                                                                           | uvicorn
    sandbox.value_difference | sandbox.model.*                                                        |
    sandbox.expectation   | json_values sandbox.model.* sandbox.value_difference                      | attrs
    sandbox.sent_report   | json_values sandbox.expectation sandbox.model.* sandbox.value_difference  |
    sandbox.customer      | sandbox.engine sandbox.model.* tracebacks                                 | attrs
    sandbox.sandbox       | keywords sandbox.customer sandbox.delivery.wsgi_bridge sandbox.engine     | attrs starlette
                          | sandbox.expectation sandbox.sent_report                                   |
                          | sandbox.replaced_file                                                     |
                          | sandbox.model.* sandbox.spec.* sandbox.web.* tracebacks                   |
                          | transport.adapters.asgi                                                   |
    sandbox.sync_server   | errors sandbox.customer sandbox.model.* sandbox.sandbox                   |
                          | sync.waiting_thread tracebacks                                            |
    sandbox.replayer      | errors keywords sandbox.delivery.* sandbox.engine sandbox.model.*         |
                          | sandbox.recording sandbox.replaced_file sandbox.sandbox tracebacks        |
    sandbox.flags         | errors json_values sandbox.model.*                                        | attrs
    sandbox.sample_events | sandbox.delivery.statuses sandbox.model.* sandbox.verbs.*                 | attrs
    sandbox.terminal      | json_values lowlevel._source sandbox.model.* sandbox.verbs.* sandbox.web.* | attrs
    sandbox.__main__      | errors sandbox.flags sandbox.model.* sandbox.replaced_file                | attrs
                          | sandbox.replayer sandbox.sandbox sandbox.terminal                         |
    sandbox               | sandbox.customer sandbox.model.* sandbox.replayer sandbox.sandbox         |
                          | sandbox.sync_server sandbox.web.*                                         |
    pytest_plugin         | client sandbox sync transport.adapters.asgi                               | pytest
    cli.*                 | _version campaigns campaigns.planning campaigns.postgres_journal          | attrs anyio
                          | campaigns.postgres_schema cli.* client content.* errors                   |
                          | json_values keywords lowlevel lowlevel.models recipients registrations    | dotenv rich
                          | results sandbox.__main__ send_request setting_rules                       | typer
                          | transport.adapters.mock transport.endpoint transport.failure_text         |
                          | transport.protocol transport.rates webhooks.events webhooks.parsing       |
                          | webhooks.signature sandbox.sample_events transport.adapters.auto          |
                          | web_address                                                               |
"""

# The package itself: its public names, imported for type checkers at once and for everyone else when first used.
LAZY = {"lazy", "lowlevel", "lowlevel.models"}


def rows() -> dict[str, tuple[set[str], set[str]]]:
    """Read the table; a line without a module continues the one above it."""
    found: dict[str, tuple[set[str], set[str]]] = {"": (set(), set())}
    name = ""
    for line in filter(str.strip, TABLE.splitlines()):
        first, modules, libraries = (part.split() for part in line.split("|"))
        name = first[0] if first else name
        row = found.setdefault(name, (set(), set()))
        row[0].update(modules)
        row[1].update(libraries)
    found[""] = ({"*"}, set())
    return found


ROWS = rows()


def matches(module: str, pattern: str) -> bool:
    return pattern in {"*", module} or (pattern.endswith(".*") and f"{module}.".startswith(pattern[:-1]))


def row_of(module: str) -> tuple[set[str], set[str]] | None:
    """Return a module's row: its own, or else that of the package around it."""
    return ROWS.get(module) or next((row for name, row in ROWS.items() if name and matches(module, name)), None)


def test_every_module_has_a_row_of_the_table() -> None:
    assert [module for module in MODULES if row_of(module) is None] == []


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_what_its_row_allows_and_nothing_else(module: str) -> None:
    row = row_of(module)
    assert row is not None
    allowed_modules, allowed_libraries = row
    names = {found.name for found in MODULES[module].imports}
    foreign = {name.split(".")[0] for name in names if PACKAGE.find_module(name) is None}
    modules = {found for name in names if (found := PACKAGE.find_module(name)) is not None}

    assert {found for found in modules if not any(matches(found, pattern) for pattern in allowed_modules)} == set()
    assert foreign - sys.stdlib_module_names - allowed_libraries == set()


@pytest.mark.parametrize("module", MODULES)
def test_only_lazy_packages_import_by_a_computed_name(module: str) -> None:
    calls = (node for node in ast.walk(MODULES[module].tree) if isinstance(node, ast.Call))
    called = {ast.unparse(call.func).split(".")[-1] for call in calls}

    assert module in LAZY or not called & {"import_module", "__import__", "exec", "eval"}


def test_no_module_is_imported_in_a_circle() -> None:
    graph = PACKAGE.build_graph(["load"])

    assert set(TopologicalSorter(graph).static_order()) == set(MODULES)


@pytest.mark.parametrize(
    ("library", "rooms"),
    [
        ("httpx", ["transport.adapters.httpx"]),
        ("jsonschema", ["sandbox.spec.*"]),
        ("starlette", ["sandbox.web.expect", "sandbox.web.*", "sandbox.sandbox"]),
        ("uvicorn", ["sandbox.web.*"]),
    ],
)
def test_the_table_itself_keeps_a_library_in_its_room(library: str, rooms: list[str]) -> None:
    assert [name for name, (_, libraries) in ROWS.items() if library in libraries] == rooms


def test_the_table_itself_lets_only_the_package_and_its_programs_import_the_client() -> None:
    may = [name for name, (modules, _) in ROWS.items() if any(matches("client", pattern) for pattern in modules)]

    assert may == [
        "",
        "sync.*",
        "campaigns.runner",
        "campaigns.campaigns",
        "campaigns.procrastinate",
        "pytest_plugin",
        "cli.*",
    ]


def test_nothing_imports_the_command_line() -> None:
    graph = PACKAGE.build_graph(ALWAYS)
    importing = {module for module, found in graph.items() if any(matches(one, "cli.*") for one in found)}

    assert {module for module in importing if not matches(module, "cli.*")} == set()
    assert [name for name, (modules, _) in ROWS.items() if name and "cli.*" in modules] == ["cli.*"]


@pytest.mark.parametrize("forbidden", ["client", "transport", "transport.pipeline", "sandbox", "lowlevel"])
def test_the_table_itself_keeps_webhooks_apart(forbidden: str) -> None:
    rows_of_webhooks = [row for name, row in ROWS.items() if f"{name}.".startswith("webhooks.")]

    assert rows_of_webhooks
    for modules, libraries in rows_of_webhooks:
        assert not any(matches(forbidden, pattern) for pattern in modules)
        assert "httpx" not in libraries
