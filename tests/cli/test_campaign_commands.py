"""`connectly campaign`: from a file to a report, by its commands, on the sandbox."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from asyncio.subprocess import Process
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

import connectly_api
from connectly_api import Connectly, Response
from connectly_api.campaigns import journal
from connectly_api.sandbox import Sandbox
from connectly_api.transport import WireRequest
from tests.cli.conftest import Ended, Input, Shell
from tests.left_out import search_path
from tests.patience import wait_patiently

HOME = Path(connectly_api.__file__).parents[1]
HEADER = "name,phone,code\n"
ANN, BOB = "Ann,+1 604 444 1111,A1\n", "Bob,(604) 444-2222,B2\n"
FILE = f"{HEADER}{ANN}{BOB},+16044443333,C3\nEve,12,D4\nAnn,+16044441111,A1\nZoë,12,E5\n"
NUMBERS = ("16044441111", "16044442222", "16044443333")
PLAN = (
    *("campaign", "plan", "customers.csv", "--name", "spring", "--template", "offer", "--language", "en"),
    *("--to", "phone", "--region", "CA", "--map", "body_1=name", "--map", "body_2=code"),
)
URL = "https://shop.example/webhooks"
UNREGISTERED = (
    "connectly: warning: delivery_status has no webhook registration, so nothing will tell what was delivered, or"
    " settle unknown rows; see 'connectly webhooks ensure --help'\n"
)

Plan = Callable[..., Ended]


@pytest.fixture
def plan(shell: Shell) -> Plan:
    """A function that writes a file of customers, and plans a campaign from it."""

    def plan(*options: str, text: str = FILE) -> Ended:
        Path("customers.csv").write_text(text, "utf-8")
        return shell(*PLAN, *options)

    return plan


def without(command: tuple[str, ...], option: str) -> tuple[str, ...]:
    index = command.index(option)
    return (*command[:index], *command[index + 2 :])


def customers(count: int) -> str:
    return HEADER + "".join(f"Ann,+1604444{number:04},A{number}\n" for number in range(count))


def read_state(shell: Shell, name: str = "spring") -> dict[str, object]:
    status: dict[str, object] = shell("campaign", "status", name, "--json").json()
    return status


def test_a_plan_counts_the_rows_and_names_the_first_lines_of_each_reject(shell: Shell, plan: Plan) -> None:
    ended = plan()

    lines = ended.out.splitlines()
    assert ended.code == 0
    assert lines[0] == "spring: 2 rows to send, 4 rejected"
    assert sorted(line.rpartition(" (")[2] for line in lines[1:4]) == ["line 4)", "line 6)", "lines 5, 7)"]
    assert '"number": "+1…11"' in lines[4]
    assert '"value": "Ann"' in lines[4]
    assert lines[5:] == ["takes at least 0:00:01"]
    assert ended.err == UNREGISTERED
    assert [number for number in NUMBERS if number in ended.out] == []
    assert shell.sandbox.accepted == 0


def test_a_plan_as_json_has_the_same(plan: Plan) -> None:
    planned = plan("--json").json()

    assert [planned[name] for name in ("name", "rows", "rejected", "isResumed", "seconds")] == [
        "spring",
        2,
        4,
        False,
        1,
    ]
    assert sum(reason["rows"] for reason in planned["reasons"]) == 4
    assert sorted(reason["lines"] for reason in planned["reasons"]) == [[4], [5, 7], [6]]
    assert planned["sample"]["number"] == "+1…11"


def test_only_the_first_lines_of_many_rejects_are_named(plan: Plan) -> None:
    assert "(lines 3, 4, 5, …)" in plan(text=f"{HEADER}{ANN}" + "Eve,12,D4\n" * 5).out


def test_all_rejects_are_written_to_a_file_of_the_owner(plan: Plan) -> None:
    Path("rejects.csv").write_text("old", "utf-8")

    plan("--rejects", "rejects.csv")

    rows = list(csv.DictReader(io.StringIO(Path("rejects.csv").read_text("utf-8"))))
    assert [(row["line"], row["field"]) for row in rows] == [("4", "name"), ("5", "phone"), ("6", ""), ("7", "phone")]
    assert rows[2]["reason"] == "duplicate of line 2"
    assert Path("rejects.csv").stat().st_mode & 0o777 == 0o600


def test_the_sample_is_shown_whole_if_asked_for(plan: Plan) -> None:
    text = f"{HEADER}Ann,+16044441111,call 16044441111\n"

    assert plan(text=text).out.count("6044441111") == 0
    assert plan("--show-personal-data", text=text).out.count("6044441111") == 2


def test_the_sample_hides_a_bsuid_and_the_sender(plan: Plan) -> None:
    ended = plan("--sender", "+16501113333", text=f"{HEADER}Ann,US.13491208655302741918,A1\n")

    assert '"sender": "+1…33", "number": "bsuid:US.…18"' in ended.out


def test_a_registration_for_statuses_needs_no_warning(shell: Shell, plan: Plan) -> None:
    shell("webhooks", "create", "messages", URL)
    assert plan().err == UNREGISTERED

    shell("webhooks", "create", "delivery_status", URL)
    assert plan().err == ""


def test_a_plan_needs_no_key(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONNECTLY_API_KEY")

    ended = plan()

    assert (ended.code, ended.err.count("\n")) == (0, 1)
    assert ended.err.startswith("connectly: the webhook registrations were not checked: no API key: ")


def test_a_service_that_fails_does_not_fail_the_plan(shell: Shell) -> None:
    Path("customers.csv").write_text(FILE, "utf-8")

    ended = shell.against(lambda _: Response(500, (), b""))(*PLAN)

    assert (ended.code, ended.err.count("\n")) == (0, 1)
    assert ended.err.startswith("connectly: the webhook registrations were not checked: ")


def test_the_same_file_planned_again_changes_nothing_and_another_is_refused(plan: Plan) -> None:
    plan()

    again = plan("--rate", "1")
    assert again.out.startswith("spring: planned before, nothing is changed: ready: 0 of 2 accepted, 2 pending,")
    assert "takes at least" not in again.out
    assert plan(text=f"{HEADER}{ANN}").code == 13


def test_a_file_without_a_row_to_send_is_refused_with_the_reasons(shell: Shell, plan: Plan) -> None:
    ended = plan(text=f"{HEADER}Eve,12,D4\n,12,E5\n" + "Eve,12\n" * 30)

    assert (ended.code, ended.out) == (3, "")
    notes = ended.err.splitlines()
    assert [note.partition(" × ")[0] for note in notes[:2]] == ["connectly: 30", "connectly: 2"]
    assert [note.rpartition(" (")[2] for note in notes[:2]] == ["lines 4, 5, 6, …)", "lines 2, 3)"]
    assert notes[2:] == ["connectly: there is nothing to send: every row was rejected; correct the file or the options"]
    problem = "there is nothing to send: the source has no rows; correct the file or the options"
    assert plan(text=HEADER).err == f"connectly: {problem}\n"
    ended = plan("--map", "header_image=name", text=HEADER + ANN)
    assert ended.err.startswith("connectly: 1 × header_image: must be an absolute address")
    # The error has the first rejects only.
    ended = plan(text=f"{HEADER}Eve,12,D4\n" + "Eve,12\n" * 30 + "Eve,12,D4\n")
    assert ended.err.splitlines()[1].endswith(" (line 2, …)")
    assert plan("--json", text=f"{HEADER}Eve,12,D4\n").error()["kind"] == "NothingToSendError"
    assert shell("campaign", "status").err == "connectly: there are no campaigns\n"


@pytest.mark.parametrize(
    ("options", "code", "problem"),
    [
        (("--map", "body_3=nme"), 2, "--map body_3: nme: there is no such column among 3; did you mean 'name'?"),
        (("--key", "cod"), 2, "--key: cod: there is no such column among 3; did you mean 'code'?"),
        (("--bsuid", "bsuid"), 2, "--bsuid: bsuid: there is no such column among 3"),
        (("--map", "body_3"), 2, "--map: write PARAMETER=COLUMN"),
        (("--map", "body_1=code"), 2, "--map, --parameter: body_1 is given more than once"),
        (("--map", "body_4=code"), 2, "--map: body_3 is missing, but body_4 is given"),
        (("--parameter", "header_filename=a.pdf"), 2, "--map: header_filename needs header_document"),
        (("--parameter", "kestrel"), 2, "--parameter: write NAME=VALUE"),
        (("--deadline", "kestrel"), 2, "--deadline: write a number and m, h or d, such as 90m, 36h or 2d"),
        (("--deadline", "0h"), 2, "--deadline: write a number"),
        (("--hours", "09:00-20:00"), 2, "--hours: write 09:00-20:00, and name the --zone"),
        (("--zone", "Europe/Berlin"), 2, "--hours: write 09:00-20:00"),
        (("--hours", "9-20", "--zone", "Europe/Berlin"), 3, "--hours: must be a time"),
        (("--hours", "09:00-20:00", "--zone", "kestrel"), 3, "--zone: must be"),
        (("--hours", "09:00-20:00", "--zone", "Europe/Berlin", "--days", "kestrel"), 3, "--days: must be days such as"),
        (("--rate", "0"), 3, "--rate: must be a finite number above 0"),
        (("--region", "kestrel"), 3, "--region: must be"),
        (("--delimiter", "kestrel"), 3, "--delimiter: must be one character"),
        (("--sheet", "kestrel"), 3, "--sheet: does not apply"),
        (("--sender", "kestrel"), 3, "--sender: must be"),
        (("--callback-data", "kestrel"), 2, "--callback-data: is not JSON"),
        (("--callback-data", "[1]"), 2, "--callback-data: must be a JSON object"),
        (("--name", " "), 3, "--name: begins or ends with white space"),
        (("--rejects", "."), 2, "--rejects: cannot be written: Is a directory"),
        (("--rejects", "a\0b"), 2, "--rejects: cannot be written: not a valid file name"),
        (("--journal", "none/campaigns.db"), 1, "none/campaigns.db"),
    ],
)
def test_an_option_that_is_wrong_is_named(plan: Plan, options: tuple[str, ...], code: int, problem: str) -> None:
    ended = plan(*options)

    assert (ended.code, ended.err.count("\n")) == (code, 1), ended.err
    assert problem in ended.err
    assert "kestrel" not in ended.err


def test_a_file_that_cannot_be_read_is_named_without_a_traceback(shell: Shell) -> None:
    ended = shell(*PLAN)

    assert (ended.code, ended.err) == (2, "connectly: FILE: cannot be read: No such file or directory\n")


def test_a_plan_says_how_many_lines_are_empty_and_that_the_deadline_comes_first(plan: Plan) -> None:
    ended = plan("--rate", "0.01", "--deadline", "1m", text=f"{HEADER}\n{ANN},,\n")

    assert ended.out.startswith("spring: 1 row to send, 0 rejected, 2 empty\n")
    assert ended.out.endswith("takes at least 0:01:40; the deadline comes first, so not all will be sent\n")


def test_an_unknown_recipient_column_is_named_with_the_closest(shell: Shell) -> None:
    Path("customers.csv").write_text(FILE, "utf-8")
    ended = shell(*without(PLAN, "--to"), "--to", "phon")

    assert (ended.code, ended.err) == (
        2,
        "connectly: --to: phon: there is no such column among 3; did you mean 'phone'?\n",
    )


def test_a_file_that_cannot_be_read_is_named(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    for name, reason in (("missing.csv", "No such file or directory"), ("folder.csv", "Is a directory")):
        ended = shell(*(str(tmp_path / name) if word == PLAN[2] else word for word in PLAN))

        assert (ended.code, ended.err) == (2, f"connectly: FILE: cannot be read: {reason}\n")


def test_a_required_option_that_is_missing_is_named(shell: Shell) -> None:
    ended = shell(*without(PLAN, "--template"))

    assert (ended.code, ended.err) == (
        2,
        "connectly: Missing option '--template'; see 'connectly campaign plan --help'\n",
    )


def test_a_parameter_that_resembles_a_documented_one_is_doubted(plan: Plan) -> None:
    doubt = "connectly: warning: --map, --parameter: button1_url is not documented; did you mean button_1_url?\n"

    assert plan("--parameter", "button1_url=x", "--parameter", "copy_code=X").err == doubt + UNREGISTERED


def test_the_parameters_of_a_template_come_from_columns_and_options(shell: Shell, plan: Plan) -> None:
    plan(
        *("--map", "header_document=link", "--map", "header_filename=file", "--parameter", "button_1_url=spring"),
        *("--sender", "+16501113333", "--campaign-name", "spring-tag", "--callback-data", '{"shop": 7}'),
        *("--key", "code", "--deadline", "2d", "--hours", "00:00-23:59", "--zone", "Europe/Berlin"),
        text="name,phone,code,link,file\nAnn,+16044441111,A1,https://example.com/1,a.pdf\n",
    )
    assert shell("campaign", "run", "spring").code == 0

    (message,) = shell.sandbox.messages
    body = message.body
    assert {name: body[name] for name in ("sender", "number", "templateName", "language", "campaignName")} == {
        "sender": "+16501113333",
        "number": "+16044441111",
        "templateName": "offer",
        "language": "en",
        "campaignName": "spring-tag",
    }
    assert sorted(body["parameters"], key=lambda one: str(one["name"])) == [
        {"name": "body_1", "value": "Ann"},
        {"name": "body_2", "value": "A1"},
        {"name": "button_1_url", "value": "spring"},
        {"name": "header_document", "value": "https://example.com/1", "filename": "a.pdf"},
    ]
    assert body["callbackData"]["shop"] == 7


def test_a_template_without_parameters_is_sent_without(shell: Shell) -> None:
    Path("customers.csv").write_text(f"{HEADER}{ANN}", "utf-8")
    shell(*without(without(PLAN, "--map"), "--map"))
    shell("campaign", "run", "spring")

    assert "parameters" not in shell.sandbox.messages[0].body


def test_a_doubt_about_contents_is_shown_once(plan: Plan) -> None:
    text = f"{HEADER}Ann,+16044441111,{'x' * 1030}\nBob,+16044442222,{'x' * 1030}\n"
    ended = plan("--limits", "warn", text=text)

    assert (ended.code, ended.err.count("connectly: warning: body")) == (0, 1)


def test_a_run_sends_every_row_once_and_says_how_it_ended(shell: Shell, plan: Plan) -> None:
    plan("--rate", "1000")

    ended = shell("campaign", "run", "spring")
    again = shell("campaign", "run", "spring")

    assert (ended.code, ended.out) == (0, "spring: finished: 2 of 2 accepted, 4 rejected\n")
    assert ended.err.splitlines()[-1] == "connectly: spring: finished: 2 of 2 accepted, 4 rejected"
    assert sorted(message.body["number"] for message in shell.sandbox.messages) == ["+16044441111", "+16044442222"]
    assert (again.code, again.out) == (0, ended.out)


def test_a_run_as_json_prints_the_last_status(shell: Shell, plan: Plan) -> None:
    plan()

    status = shell("campaign", "run", "spring", "--json").json()

    assert status["state"] == "finished"
    assert (status["accepted"], status["rejected"], status["remainingSeconds"]) == (2, 4, None)


def test_a_run_with_refused_rows_ends_with_a_status_of_its_own(shell: Shell, plan: Plan) -> None:
    shell.sandbox.customer("+16044442222")
    plan()
    ended = shell.against(refuse_one)("campaign", "run", "spring")

    assert ended.code == 40
    assert "1 of 2 accepted, 1 refused" in ended.out
    assert ended.err.endswith("connectly: 'connectly campaign report spring' says which rows were not accepted\n")
    assert shell("campaign", "retry", "spring", "--refused").out == "1 row is pending again\n"
    assert shell("campaign", "run", "spring").code == 0
    assert [message.body["number"] for message in shell.sandbox.messages] == ["+16044442222"]


def refuse_one(request: WireRequest) -> Response:
    if b"2222" in (request.content or b""):
        return Response(400, (), b'{"code": "ERROR_CODE_INVALID_RECIPIENT_ID", "message": "no"}')
    return Response(200, (), b'{"id": "m-1"}')


def test_a_run_that_stops_says_why(shell: Shell, plan: Plan) -> None:
    plan()
    ended = shell.against(lambda _: Response(401, (), b"{}"))("campaign", "run", "spring")

    assert (ended.code, ended.out.startswith("spring: stopped (")) == (41, True)
    assert ended.err.endswith(
        "connectly: mend the cause; then 'connectly campaign resume spring' lets it be run again\n"
    )
    # The reason is kept.
    assert shell("campaign", "pause", "spring").out == ended.out
    assert read_state(shell)["pending"] == 2
    assert shell("campaign", "resume", "spring").out.startswith("spring: ready: ")
    assert shell("campaign", "run", "spring").code == 0


def test_a_paused_campaign_sends_nothing_until_it_is_resumed(shell: Shell, plan: Plan) -> None:
    plan()

    assert shell("campaign", "pause", "spring").out == "spring: paused: 0 of 2 accepted, 2 pending, 4 rejected\n"
    ended = shell("campaign", "run", "spring")
    assert ended.code == 42
    assert ended.err.endswith("connectly: 'connectly campaign resume spring' lets it be run again\n")
    assert shell.sandbox.accepted == 0
    assert shell("campaign", "resume", "spring", "--deadline", "1h", "--json").json()["state"] == "ready"
    assert shell("campaign", "run", "spring").code == 0


def test_on_a_terminal_a_bar_shows_the_progress(shell: Shell, plan: Plan) -> None:
    plan()
    ended = shell.on_terminal()("campaign", "run", "spring")

    assert (ended.code, ended.err) == (0, "")
    assert "2 of 2" in ended.out
    assert "accepted 2" in ended.out


class Interrupting:
    """Responds, and interrupts the process during each of the first requests."""

    def __init__(self, number: int, count: int = 1) -> None:
        self.number, self.count, self.requests = number, count, 0

    def __call__(self, _request: WireRequest) -> Response:
        self.requests += 1
        for _ in range(self.count if self.requests == 1 else 0):
            signal.raise_signal(self.number)
        return Response(200, (), json.dumps({"id": f"m-{self.requests}"}).encode())


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_a_name_with_spaces_is_quoted_in_a_command_to_copy(shell: Shell, plan: Plan, verb: str) -> None:
    plan()
    name = "Ann's spring sale"
    shell(*without(PLAN, "--name"), "--name", name)
    shell("campaign", verb, name)
    (suggested,) = re.findall("`(.*)`", shell.against(refuse_one)("campaign", "run", name).err)

    program, *arguments = shlex.split(suggested)
    ended = shell(*arguments)
    assert (program, ended.code, name in ended.out or "+16044442222" in ended.out) == ("connectly", 0, True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_finishes_what_is_in_flight_and_the_next_run_continues(
    shell: Shell, plan: Plan, number: int
) -> None:
    plan(text=customers(30))
    service = Interrupting(number)

    ended = shell.against(service)("campaign", "run", "spring", "--max-in-flight", "2")

    assert ended.code == 130
    assert "connectly: finishing what is in flight; Ctrl-C again stops at once\n" in ended.err
    assert ended.err.endswith("connectly: interrupted; 'connectly campaign run spring' continues\n")
    assert f"connectly: spring: ready: {service.requests} of 30 accepted, " in ended.err
    status = read_state(shell)
    assert (status["sending"], status["unknown"], status["accepted"]) == (0, 0, service.requests)
    assert service.requests < 30
    assert shell("campaign", "run", "spring").code == 0
    assert shell.sandbox.accepted == 30 - service.requests


def test_a_second_interruption_stops_at_once_and_settles_what_is_known(shell: Shell, plan: Plan) -> None:
    plan(text=customers(30))

    ended = shell.against(Interrupting(signal.SIGINT, 2))("campaign", "run", "spring")

    assert ended.code == 130
    assert "connectly: stopping; rows in flight become unknown\n" in ended.err
    assert read_state(shell)["sending"] == 0


def test_a_third_interruption_ends_the_process_whatever_happens(shell: Shell, plan: Plan) -> None:
    plan()

    ended = shell.against(Interrupting(signal.SIGINT, 3))("campaign", "run", "spring", "--max-in-flight", "1")

    assert ended.code == 130
    assert ended.err.endswith("connectly: interrupted; 'connectly campaign run spring' continues\n")


def test_the_handlers_of_signals_are_put_back(shell: Shell, plan: Plan) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    plan()
    shell("campaign", "run", "spring")

    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_the_status_of_all_campaigns_is_a_table(shell: Shell, plan: Plan) -> None:
    plan()
    shell(*without(PLAN, "--name"), "--name", "summer")

    assert shell("campaign", "status").out.splitlines() == [
        f"{name}\tready\t2\t2\t0\t0\t0\t0" for name in ("summer", "spring")
    ]
    assert [one["name"] for one in shell("campaign", "status", "--json").json()["campaigns"]] == ["summer", "spring"]


def test_a_status_can_be_watched_until_the_campaign_ends(
    shell: Shell, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan()
    settings, transport = shell.sandbox.settings, shell.transport
    assert transport is not None

    async def run_meanwhile(_seconds: float) -> None:
        async with (
            Connectly(api_key=settings.api_key, business_id=settings.business_id, transport=transport) as client,
            journal("campaigns.db") as campaigns,
        ):
            await (await campaigns.open("spring")).run(client)

    monkeypatch.setattr("connectly_api.cli.campaign_commands._pause_watching", run_meanwhile)
    ended = shell("campaign", "status", "spring", "--watch")

    assert (ended.code, ended.out) == (0, "spring: finished: 2 of 2 accepted, 4 rejected\n")
    assert ended.err == "connectly: spring: ready: 0 of 2 accepted, 2 pending, 4 rejected\n"
    assert shell("campaign", "status", "--watch").code == 2


@pytest.mark.parametrize("verb", ["run", "status", "pause", "resume", "report", "forget"])
def test_an_unknown_campaign_or_journal_is_named(shell: Shell, plan: Plan, verb: str) -> None:
    missing = shell("campaign", verb, "kestrel")
    plan()
    unknown = shell("campaign", verb, "kestrel")

    assert (missing.code, unknown.code) == (2, 12)
    assert "--journal: there is no such file; plan a campaign first, or set CONNECTLY_JOURNAL" in missing.err
    assert unknown.err.endswith("; see 'connectly campaign status'\n")


def test_the_journal_comes_from_an_option_the_environment_or_a_file(
    shell: Shell, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(".env").write_text("CONNECTLY_JOURNAL=file.db\n", "utf-8")
    plan()
    monkeypatch.setenv("CONNECTLY_JOURNAL", "environment.db")
    plan()
    plan("--journal", "option.db")

    assert sorted(path.name for path in Path().glob("*.db")) == ["environment.db", "file.db", "option.db"]
    assert shell("campaign", "status", "spring", "--journal", "option.db").code == 0


def test_a_report_accounts_for_every_line_of_the_file(shell: Shell, plan: Plan) -> None:
    plan()
    shell("campaign", "run", "spring")

    ended = shell("campaign", "report", "spring")

    rows = list(csv.DictReader(io.StringIO(ended.out)))
    assert [row["line"] for row in rows] == ["2", "3", "4", "5", "6", "7"]
    assert [row["state"] for row in rows] == ["accepted", "accepted", *["rejected"] * 4]
    assert rows[0]["recipient"] == "+16044441111"
    assert {row["message_id"] for row in rows[:2]} == {message.id for message in shell.sandbox.messages}
    assert rows[2]["problem"] == "name: is empty"
    assert shell("campaign", "report", "spring", "--csv") == ended


def test_a_report_has_the_lines_in_their_order(shell: Shell, plan: Plan) -> None:
    plan(text=f"{HEADER},1,2\n,1,2\n{ANN},1,2\n{BOB}")

    lines = [json.loads(line) for line in shell("campaign", "report", "spring", "--json").out.splitlines()]

    assert [(line["line"], line["state"] == "rejected") for line in lines] == [
        *((2, True), (3, True), (4, False), (5, True), (6, False)),
    ]


def test_a_report_as_json_has_an_object_for_each_line(shell: Shell, plan: Plan) -> None:
    plan()

    lines = [json.loads(line) for line in shell("campaign", "report", "spring", "--json").out.splitlines()]

    assert [line["state"] for line in lines] == ["pending", "pending", *["rejected"] * 4]
    assert lines[0]["messageId"] is None
    assert lines[4] == {
        **dict.fromkeys(("recipient", "key", "status", "messageId", "at")),
        "line": 6,
        "state": "rejected",
        "attempts": 0,
        "problem": "duplicate of line 2",
    }


def test_a_report_in_a_file_is_its_owners(shell: Shell, plan: Plan) -> None:
    plan()

    assert shell("campaign", "report", "spring", "-o", "report.csv") == Ended(0, "", "")
    assert Path("report.csv").read_text("utf-8").count("\n") == 7
    assert Path("report.csv").stat().st_mode & 0o777 == 0o600
    assert shell("campaign", "report", "spring", "--csv", "--json").code == 2


def test_a_report_on_a_terminal_escapes_what_would_drive_it(shell: Shell, plan: Plan) -> None:
    plan()
    shell.against(lambda _: Response(200, (), '{"id": "m-\u202e"}'.encode()))("campaign", "run", "spring")

    assert ",m-\u202e," in shell("campaign", "report", "spring").out
    assert ",m-\\u202e," in shell.on_terminal(200)("campaign", "report", "spring").out


def test_a_retry_names_what_and_says_what_stays_unknown(shell: Shell, plan: Plan) -> None:
    plan()
    lost = shell.against(lambda _: Response(500, (), b""))("campaign", "run", "spring")
    ended = shell("campaign", "retry", "spring", "--unknown")

    assert lost.code == 40
    assert ended.out == "0 rows are pending again\n"
    assert ended.err.startswith("connectly: 2 rows stay unknown: ")
    assert shell("campaign", "retry", "spring", "--unknown", "--json").json() == {
        "name": "spring",
        "rows": 0,
        "unknown": 2,
    }
    assert shell("campaign", "retry", "spring").code == 2


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("Yes\n", 0), ("n\n", 2), ("", 2)])
def test_rows_are_forgotten_only_after_a_yes(
    shell: Shell, plan: Plan, standard_input: Input, answer: str, code: int
) -> None:
    plan()
    shell("campaign", "run", "spring")
    standard_input(answer)
    ended = shell("campaign", "forget", "spring")

    assert ended.code == code
    assert ended.err.startswith("connectly: delete 2 rows of spring? [y/N] ")
    assert (shell("campaign", "report", "spring").out.count("\n") == 1) is (code == 0)


def test_rows_are_forgotten_without_a_question_where_an_option_says_so(shell: Shell, plan: Plan) -> None:
    plan()
    shell("campaign", "run", "spring")

    assert shell("campaign", "forget", "spring", "--yes") == Ended(0, "forgotten\n", "")
    assert shell("campaign", "forget", "spring", "--yes", "--json").json() == {"name": "spring", "forgotten": True}


def test_only_a_report_shows_a_whole_number(shell: Shell, plan: Plan) -> None:
    ended = [plan("--rejects", "rejects.csv"), plan("--json"), plan(text=FILE + ANN)]
    ended += [shell("campaign", *words.split()) for words in ("run spring", "status", "status spring", "pause spring")]
    ended += [shell("campaign", *words.split()) for words in ("resume spring", "retry spring --refused")]
    shown = "".join(one.out + one.err for one in ended) + Path("rejects.csv").read_text("utf-8")

    assert [number for number in NUMBERS if number[1:] in shown] == []


@pytest.mark.slow
async def test_as_a_process_it_drains_after_ctrl_c_and_two_that_follow_send_the_rest_once(empty: Path) -> None:
    (empty / "customers.csv").write_text(customers(120), "utf-8")
    enough = asyncio.Event()
    sandbox = Sandbox(on_request=lambda _: enough.set() if sandbox.accepted >= 20 else None)
    settings = sandbox.settings
    async with sandbox.serve() as address:
        environment = {
            **os.environ,
            "CONNECTLY_API_KEY": settings.api_key,
            "CONNECTLY_BUSINESS_ID": settings.business_id,
            "CONNECTLY_BASE_URL": address,
            "PYTHONPATH": search_path(HOME),
        }

        def start(*words: str) -> Coroutine[Any, Any, Process]:
            command = (sys.executable, "-W", "error", "-m", "connectly_api.cli", "campaign")
            return asyncio.create_subprocess_exec(
                *command, *words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )

        planned = await start(*PLAN[1:], "--rate", "60")
        await wait_patiently(planned.communicate())
        running = await start("run", "spring")
        await wait_patiently(enough.wait())
        running.send_signal(signal.SIGINT)
        out, err = await wait_patiently(running.communicate())
        sent = sandbox.accepted
        async with journal("campaigns.db") as campaigns:
            status = await (await campaigns.open("spring")).status()
        both = [await start("run", "spring"), await start("run", "spring")]
        for one in both:
            await wait_patiently(one.communicate())

    assert (running.returncode, out) == (130, b"")
    assert b"finishing what is in flight; Ctrl-C again stops at once\n" in err
    assert 20 <= sent < 120
    assert (status.accepted, status.sending, status.unknown) == (sent, 0, 0)
    assert [one.returncode for one in both] == [0, 0]
    numbers = [message.body["number"] for message in sandbox.messages]
    assert len(numbers) == len(set(numbers)) == 120
