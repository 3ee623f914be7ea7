"""`connectly webhooks`: registrations are created, listed, updated and deleted on the sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectly_api import Response
from tests.cli.conftest import Shell

ADDRESS = "https://example.com/webhook"


def test_a_registration_is_created_listed_updated_and_deleted(shell: Shell) -> None:
    made = shell("webhooks", "create", "messages", ADDRESS)
    identifier = made.out.strip()
    changed = shell("webhooks", "update", identifier, "--address", f"{ADDRESS}/2", "--echo", "--campaign", "a-*")
    listed = shell("webhooks", "list")
    as_json = shell("webhooks", "list", "--json")
    opened = shell("webhooks", "update", identifier, "--no-filters", "--all-channels", "--json")
    deleted = shell("webhooks", "delete", identifier)
    again = shell("webhooks", "delete", identifier)
    none = shell("webhooks", "list")

    assert [one.code for one in (made, changed, listed, as_json, opened, deleted)] == [0] * 6
    assert (changed.out, deleted.out) == ("updated\n", "deleted\n")
    assert (none.code, none.out, none.err) == (0, "", "connectly: there are no registrations\n")
    assert listed.out == f"{identifier}\tmessages\t{ADDRESS}/2\tcustom\techo, campaign_name=a-*\n"
    assert as_json.json() == {
        "webhooks": [
            {
                "id": identifier,
                "topic": "messages",
                "address": f"{ADDRESS}/2",
                "type": "custom",
                "echo": True,
                "channelTypes": [],
                "filters": [{"field": "campaign_name", "expression": "a-*"}],
            }
        ]
    }
    assert opened.json() == {"id": identifier, "updated": True}
    last = next(one for one in shell.sandbox.requests[::-1] if one.method == "PUT")
    assert last.body == b'{"configuration":{"channelTypes":[],"filters":[]}}'
    assert again.code == 12
    assert again.err.endswith("; check the id of the business or registration\n")


def test_a_registration_is_ensured_again_and_again(shell: Shell) -> None:
    ensure = ("webhooks", "ensure", "messages")
    made = shell(*ensure, ADDRESS, "--campaign", "a-*")
    again = shell(*ensure, ADDRESS, "--json")
    moved = shell(*ensure, f"{ADDRESS}/2", "--no-filters", "--all-channels", "--json")
    on_terminal = shell.on_terminal()(*ensure, f"{ADDRESS}/2", "--type", "custom")
    other_type = shell(*ensure, ADDRESS, "--type", "zapier")

    identifier = shell.sandbox.registrations[0].id
    assert (made.code, made.out) == (0, f"{identifier}\n")
    assert again.json() == {"id": identifier, "action": "unchanged"}
    assert moved.json() == {"id": identifier, "action": "updated"}
    assert on_terminal.out == f"Unchanged: {identifier}\n"
    assert shell.sandbox.registrations[0].configuration == {"filters": [], "channelTypes": []}
    assert (other_type.code, other_type.out) == (3, "")
    assert "delete it, then call again" in other_type.err


def test_a_dry_run_shows_how_a_registration_would_be_created(shell: Shell) -> None:
    shown = shell("webhooks", "ensure", "messages", ADDRESS, "--echo", "--dry-run", "--json").json()["request"]

    assert (shown["method"], shown["body"]["configuration"]) == ("POST", {"echo": True})


def test_a_deletion_says_so_in_json(shell: Shell) -> None:
    identifier = shell("webhooks", "create", "report", ADDRESS, "--json").json()["id"]

    assert shell("webhooks", "delete", identifier, "--json").json() == {"id": identifier, "deleted": True}


def test_a_topic_that_is_registered_already_is_a_conflict(shell: Shell) -> None:
    shell("webhooks", "create", "messages", ADDRESS)

    ended = shell("webhooks", "create", "messages", ADDRESS)

    assert ended.code == 13
    assert "see 'connectly webhooks list'" in ended.err


def test_webengages_token_comes_from_a_file_and_is_shown_to_nobody(shell: Shell) -> None:
    Path("token").write_text('kes"trel\n', "utf-8")
    arguments = ("webhooks", "create", "messages", ADDRESS, "--type", "webengage", "--webengage-token-file", "token")

    shown = shell(*arguments, "--webengage-url", "https://example.com/w", "--dry-run")
    as_json = shell(*arguments, "--webengage-url", "https://example.com/w", "--dry-run", "--json")
    alone = shell(*arguments)

    assert "trel" not in shown.out + as_json.out + alone.err
    assert as_json.json()["request"]["body"]["configuration"]["webengageConfiguration"] == {
        "webengageToken": "[hidden]",
        "webengageWebhookUrl": "https://example.com/w",
    }
    assert (shown.code, as_json.code) == (0, 0)
    assert (alone.code, alone.err) == (2, "connectly: --webengage-url, --webengage-token-file: use both, or neither\n")


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        (("update", "wh_1"), 3, "address: there is nothing to change"),
        (("update", "wh_1", "--no-filters", "--campaign", "x"), 2, "--no-filters: contradicts another option"),
        (("update", "wh_1", "--all-channels", "--channel", "sms"), 2, "--all-channels: contradicts another option"),
        (("ensure", "messages", ADDRESS, "--no-filters", "--campaign", "x"), 2, "--no-filters: contradicts"),
        (("ensure", "messages", "kestrel"), 3, "address: must be https://"),
        (("update", "wh_1", "--filter", "x"), 2, "--filter: write FIELD=PATTERN"),
        (("update", "wh_1", "--channel", "kestrel"), 3, "channel_types: must be one of"),
        (("create", "messages", "kestrel"), 3, "address: must be https://"),
        (("create", "kestrel", ADDRESS), 2, "Invalid value for 'TOPIC'"),
        (("delete", ".."), 3, "webhook_id: "),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_sent(
    shell: Shell, arguments: tuple[str, ...], code: int, problem: str
) -> None:
    ended = shell("webhooks", *arguments)

    assert (ended.code, ended.out) == (code, "")
    assert problem in ended.err
    assert "kestrel" not in ended.err
    assert shell.sandbox.requests == ()


@pytest.mark.parametrize("arguments", [("list",), ("delete", "wh_1")])
def test_a_dry_run_shows_requests_without_a_body(shell: Shell, arguments: tuple[str, ...]) -> None:
    shown = shell("webhooks", *arguments, "--dry-run")
    as_json = shell("webhooks", *arguments, "--dry-run", "--json")

    assert shown.out.splitlines()[0].startswith(("GET https://api.connectly.ai/", "DELETE https://api.connectly.ai/"))
    assert shown.out.splitlines()[-1] == "X-API-Key: [hidden]"
    assert as_json.json()["request"]["body"] is None


def test_what_the_service_leaves_out_is_left_empty(shell: Shell) -> None:
    body = b'{"entity": {"webhooks": [{"id": "wh_1\\u001b[2J"}]}}'
    strange = shell.against(lambda _: Response(200, (), body))

    assert strange("webhooks", "list").out == "wh_1\\x1b[2J\t\t\t\t\n"
    assert strange("webhooks", "list", "--json").json()["webhooks"][0]["topic"] is None


def test_on_a_terminal_a_line_says_what_was_done(shell: Shell) -> None:
    terminal = shell.on_terminal()
    created = terminal("webhooks", "create", "messages", ADDRESS).out
    identifier = created.removeprefix("Created: ").strip()

    assert identifier == shell.sandbox.registrations[0].id
    assert terminal("webhooks", "update", identifier, "--echo").out == f"Updated: {identifier}\n"
    assert terminal("webhooks", "delete", identifier).out == f"Deleted: {identifier}\n"


def test_on_a_terminal_registrations_are_a_table_in_which_brackets_are_text(shell: Shell) -> None:
    shell("webhooks", "create", "messages", f"{ADDRESS}?a=[red]b")

    shown = shell.on_terminal(200)("webhooks", "list").out

    assert "[red]b" in shown
    assert "\u2503 id " in shown
    assert "\x1b[3" not in shown
