"""Which service is asked, and what: nothing but reads of a real one, unless a recipient is named; never the key."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from connectly_api.sandbox import Sandbox
from tests.contract.cases import CASES
from tests.contract.targets import SettingsError, Target, selected, targets

REAL = {
    "CONNECTLY_CONTRACT_BASE_URL": "https://example.com/mirror",
    "CONNECTLY_API_KEY": "canary-key-5e1f",
    "CONNECTLY_BUSINESS_ID": "business-1",
}
HOME = Path(__file__).resolve().parents[2]


def test_without_an_address_both_sandboxes_are_asked_whatever_key_there_is() -> None:
    keys = {name: value for name, value in REAL.items() if "URL" not in name}

    assert targets({}) == targets(keys) == targets({"CONNECTLY_CONTRACT_BASE_URL": ""})
    assert [target.kind for target in targets({})] == ["in process", "socket"]


def test_an_address_with_key_and_business_is_the_only_target() -> None:
    [target] = targets(REAL)

    assert target == Target("real", "https://example.com/mirror", "canary-key-5e1f", "business-1")
    assert target.prefix == "/mirror"
    assert target.recipient is None
    assert targets({**REAL, "CONNECTLY_CONTRACT_RECIPIENT": "+16044441111"})[0].recipient == "+16044441111"


@pytest.mark.parametrize("name", ["CONNECTLY_API_KEY", "CONNECTLY_BUSINESS_ID"])
def test_an_address_without_the_rest_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match=f"CONNECTLY_CONTRACT_BASE_URL is set, {name} not"):
        targets({**REAL, name: ""})


def test_a_recipient_without_an_address_is_refused() -> None:
    with pytest.raises(SettingsError, match="CONNECTLY_CONTRACT_RECIPIENT is set"):
        targets({"CONNECTLY_CONTRACT_RECIPIENT": "+16044441111"})


def test_a_target_shows_neither_key_nor_recipient() -> None:
    [target] = targets({**REAL, "CONNECTLY_CONTRACT_RECIPIENT": "+16044441111"})

    for text in (repr(target), str(target)):
        assert "canary" not in text
        assert "1111" not in text


def test_everything_is_asked_of_a_sandbox() -> None:
    assert selected(Target("in process"), CASES) == selected(Target("socket"), CASES) == CASES


def test_only_reads_are_asked_of_a_real_service() -> None:
    [target] = targets(REAL)

    assert {case.method for case in selected(target, CASES)} == {"webhooks.list"}


def test_a_named_recipient_gets_one_text() -> None:
    [target] = targets({**REAL, "CONNECTLY_CONTRACT_RECIPIENT": "+16044441111"})

    *reads, send = selected(target, CASES)

    assert {case.method for case in reads} == {"webhooks.list"}
    assert send.method == "send_text"
    assert send.args[0] == "+16044441111"


async def suite(address: str, settings: Mapping[str, str]) -> tuple[int, str]:
    """Run the suite in a process of its own, as `make contract` would with these settings."""
    program = [sys.executable, "-m", "pytest", "-p", "pytest_asyncio.plugin", "-p", "no:cacheprovider", "--showlocals"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CONNECTLY_")}
    clean |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **REAL, "CONNECTLY_CONTRACT_BASE_URL": address, **settings}
    process = await asyncio.create_subprocess_exec(
        *program, "tests/contract/test_service.py",
        cwd=HOME, env=clean, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output = (await process.communicate())[0].decode()
    assert process.returncode is not None
    return process.returncode, output


def service(**options: object) -> Sandbox:
    """Return what stands for a real service here."""
    return Sandbox(api_key="canary-key-5e1f", business_id="business-1", windows="open", **options)  # type: ignore[arg-type]


@pytest.mark.slow
async def test_a_named_recipient_gets_one_message_and_nothing_else_is_changed() -> None:
    real = service()
    async with real.serve() as address:
        status, output = await suite(address, {"CONNECTLY_CONTRACT_RECIPIENT": "+16044441111"})

    assert status == 0, output
    assert [request.method for request in real.requests if request.method != "GET"] == ["POST"]
    assert len(real.messages) == 1


@pytest.mark.slow
async def test_a_service_that_answers_otherwise_fails_is_only_read_and_its_key_is_not_shown() -> None:
    real = service()
    real.fault("wrong_types")
    async with real.serve() as address:
        status, output = await suite(address, {})

    assert status == 1, output
    assert "canary" not in output
    assert {request.method for request in real.requests} == {"GET"}
