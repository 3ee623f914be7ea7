"""The plugin, in runs of pytest of their own; tests/docs runs the complete example of the documentation."""

import sys
from pathlib import Path

import pytest

import connectly_api
from tests.left_out import search_path

# schemathesis is installed here as well, and takes a second to load.
PLUGIN = (
    "-p", "connectly_api.pytest_plugin", "-p", "no:cacheprovider", "-p", "no:schemathesis", "-W", "error",
)  # fmt: skip

pytest_plugins = ["pytester"]


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the runs find the package that is under test."""
    monkeypatch.setenv("PYTHONPATH", search_path(Path(connectly_api.__file__).parent.parent))


@pytest.mark.slow
def test_the_fixtures_serve_anyio_on_asyncio_and_on_trio_and_plain_tests(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest

        @pytest.fixture
        def connectly_sandbox_options():
            return {"windows": "open"}

        @pytest.mark.anyio
        @pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
        async def test_anyio(anyio_backend, connectly, connectly_sandbox):
            sent = await connectly.send_text("+16044441111", "Hello!")
            await connectly_sandbox.settle()
            assert connectly_sandbox.assert_sent_once(text="Hello!").id == sent.id
            assert connectly_sandbox.status_of(sent.id) == "read"

        def test_plain(connectly_sandbox):
            assert connectly_sandbox.settings.windows == "open"
    """)
    pytester.runpytest_subprocess(*PLUGIN, "-p", "no:asyncio").assert_outcomes(passed=3)


@pytest.mark.slow
def test_a_run_that_uses_none_of_it_imports_no_sandbox_and_no_http_library(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import sys

        def test_nothing():
            heavy = {"connectly_api.sandbox", "connectly_api.client", "httpx", "starlette", "uvicorn", "jsonschema"}
            assert heavy.isdisjoint(sys.modules)
    """)
    pytester.runpytest_subprocess(*PLUGIN, "-p", "no:anyio", "-p", "no:asyncio").assert_outcomes(passed=1)


def test_the_settings_are_the_defaults_where_nothing_is_overridden(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    # pytest is to be the first who imports its plugin, to rewrite its assertions; another test may have imported it.
    monkeypatch.delitem(sys.modules, "connectly_api.pytest_plugin", raising=False)
    pytester.makepyfile("""
        from connectly_api.sandbox import Settings

        def test_defaults(connectly_sandbox, connectly, connectly_sync, connectly_sandbox_server):
            assert connectly_sandbox_server.url.startswith("http://127.0.0.1:")
            assert connectly_sandbox.settings == Settings(seed=connectly_sandbox.settings.seed)
            assert connectly.business_id == connectly_sync.business_id == connectly_sandbox.settings.business_id
    """)
    scope = "asyncio_default_fixture_loop_scope=function"
    pytester.runpytest_inprocess(*PLUGIN, "-o", scope).assert_outcomes(passed=1)


@pytest.mark.slow
def test_a_receiver_of_the_module_hears_each_test_and_a_seed_is_the_same_in_every_run(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile("""
        import asyncio
        import pytest
        from connectly_api.webhooks import InboundMessage, WebhookApp

        app, heard = WebhookApp("sandbox-secret"), []
        app.on(InboundMessage)(heard.append)

        @pytest.mark.parametrize("expected", [1, 2])
        def test_it_is_heard(connectly_sandbox, connectly, expected):
            async def say():
                connectly_sandbox.attach("https://bot.example/", app)
                await connectly.webhooks.create("messages", "https://bot.example/")
                await connectly_sandbox.customer("+16044441111").says("Hi")

            print("seed", connectly_sandbox.settings.seed)
            asyncio.run(say())
            assert len(heard) == expected

        class TestOverridden:
            @pytest.fixture
            def connectly_sandbox_options(self):
                return {"seed": 7}

            def test_a_seed_can_be_given(self, connectly_sandbox):
                assert connectly_sandbox.settings.seed == 7
    """)
    arguments = (*PLUGIN, "-p", "no:anyio", "-p", "no:asyncio", "-s")
    runs = [pytester.runpytest_subprocess(*arguments) for _ in range(2)]
    for run in runs:
        run.assert_outcomes(passed=3)
    first, second = ([line for line in run.outlines if "seed " in line] for run in runs)
    assert first == second
    assert len(set(first)) == 2


@pytest.mark.slow
def test_a_failure_shows_the_tests_own_lines_and_none_of_the_package(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest
        from connectly_api.sync import run

        pytestmark = pytest.mark.anyio

        async def test_a_verb(connectly_sandbox):
            await connectly_sandbox.customer("+16044441111").taps("Yes")

        async def test_a_send(connectly):
            await connectly.send_text("+16044441111", "Hi")

        def test_a_verb_in_synchronous_code(connectly_sandbox):
            run(connectly_sandbox.customer("+16044441111").picks, "One")

        def test_a_send_in_synchronous_code(connectly_sync):
            connectly_sync.send_text("+16044441111", "Hi")

        def test_sent_once(connectly_sandbox):
            connectly_sandbox.assert_sent_once("+16044441111")

        def test_nothing_sent(connectly_sandbox, connectly_sync):
            run(connectly_sandbox.customer("+16044441111").says, "Hi")
            connectly_sync.send_text("+16044441111", "Hi")
            connectly_sandbox.assert_nothing_sent()
    """)
    arguments = (*PLUGIN, "-p", "no:asyncio", "--tb=short", "-k", "not trio")
    result = pytester.runpytest_subprocess(*arguments)
    result.assert_outcomes(failed=6)
    result.stdout.fnmatch_lines(["E   *InvalidInputError: button: no message to this customer has 'Yes'; *"])
    result.stdout.fnmatch_lines(["E   AssertionError: expected exactly one message with recipient '+16044441111'; *"])
    assert not [line for line in result.outlines if "connectly_api/" in line]


@pytest.mark.slow
def test_the_server_is_one_for_synchronous_tests_and_programs(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import subprocess
        import sys

        PROGRAM = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1]).status)"

        def test_a_program_reaches_it(connectly_sandbox_server, connectly_sandbox):
            url = f"{connectly_sandbox_server.url}/__sandbox__/timeline"
            assert subprocess.check_output([sys.executable, "-c", PROGRAM, url], text=True) == "200\\n"
            connectly_sandbox_server.customer("+16044441111").says("Hi")
            connectly_sandbox_server.assert_nothing_sent()
            assert [entry["what"] for entry in connectly_sandbox.timeline] == ["act", "act"]

        def test_a_failure_shows_only_the_test(connectly_sandbox_server):
            connectly_sandbox_server.assert_sent_once("+16044441111")

        def test_a_verb_that_fails_shows_only_the_test(connectly_sandbox_server):
            connectly_sandbox_server.customer("+16044441111").taps("Yes")
    """)
    result = pytester.runpytest_subprocess(*PLUGIN, "-p", "no:anyio", "-p", "no:asyncio", "--tb=short")
    result.assert_outcomes(passed=1, failed=2)
    assert not [line for line in result.outlines if "connectly_api/" in line]
