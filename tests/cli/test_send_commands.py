"""`connectly send`: what all its commands have in common, and what each has of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from connectly_api import Response
from tests.cli.conftest import Input, Shell
from tests.contract.service_file import find_place

TO, BSUID = "+16044441111", "US.13491208655302741918"
HIDDEN = ("+16044441111", "16044441111", "kestrel", "US.13491208655302741918")


def test_a_text_is_sent_and_its_id_is_all_that_is_printed(shell: Shell) -> None:
    ended = shell("send", "text", TO, "Hello!")

    (message,) = shell.sandbox.messages
    assert (ended.code, ended.out, ended.err) == (0, f"{message.id}\n", "")
    assert message.body["message"] == {"text": "Hello!"}


def test_on_a_terminal_one_line_says_that_it_was_sent(shell: Shell) -> None:
    assert shell.on_terminal()("send", "text", TO, "Hello!").out == f"Sent: {shell.sandbox.messages[0].id}\n"


@pytest.mark.parametrize(
    ("number", "options"),
    [
        ("+1 (604) 444-1111", ()),
        ("\u202a+1.604.444.1111\u202c", ()),
        ("(604) 444-1111", ("--region", "ca")),
        ("+1 604 444 1111", ("--region", "CO")),
    ],
)
def test_a_number_may_be_written_as_people_write_it(shell: Shell, number: str, options: tuple[str, ...]) -> None:
    ended = shell("send", "text", number, "Hello!", "--sender", "+1 (415) 111-1234", *options)

    assert ended.code == 0, ended.err
    body = json.loads(shell.sandbox.requests[0].body)
    assert (body["recipient"]["id"], body["sender"]["id"]) == (TO, "+14151111234")


def test_json_says_the_id_and_the_status(shell: Shell) -> None:
    ended = shell("send", "text", TO, "Hello!", "--json")

    assert ended.json() == {"id": shell.sandbox.messages[0].id, "status": 200}


def test_a_text_comes_from_standard_input_without_its_last_line_end(shell: Shell, standard_input: Input) -> None:
    standard_input("Grüße\nund mehr\r\n")

    assert shell("send", "text", TO, "-").code == 0
    assert shell.sandbox.messages[0].body["message"] == {"text": "Grüße\nund mehr"}


def test_a_text_that_begins_with_a_dash_follows_two(shell: Shell) -> None:
    assert shell("send", "text", "--", TO, "--json").out == f"{shell.sandbox.messages[0].id}\n"
    assert shell.sandbox.messages[0].body["message"] == {"text": "--json"}


def test_every_option_goes_along(shell: Shell) -> None:
    ended = shell(
        *("send", "text", TO, "Hello!", "--sender", "+16501113333", "--bsuid", BSUID, "--recipient-name", "Ann"),
        *("--callback-data", "[1]", "--campaign", "spring", "--channel", "whatsapp", "--timeout", "20"),
        *("--limits", "off"),
    )

    assert ended.code == 0
    assert json.loads(shell.sandbox.requests[0].body) == {
        "sender": {"id": "+16501113333", "channelType": "whatsapp"},
        "recipient": {"id": TO, "userId": BSUID, "name": "Ann", "channelType": "whatsapp"},
        "message": {"text": "Hello!"},
        "campaignName": "spring",
        "callbackData": [1],
    }


def test_the_sender_comes_from_the_environment_where_no_option_names_one(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONNECTLY_SENDER", "+16501113333")

    assert shell("send", "text", TO, "Hello!").code == 0
    assert shell("send", "text", TO, "Hello!", "--sender", "+14151111234").code == 0
    assert [message.sender for message in shell.sandbox.messages] == ["+16501113333", "+14151111234"]


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        (
            ("text", "604-444-1111", "kestrel"),
            3,
            "recipient: must be + and 7 to 15 digits (E.164): a + and the country",
        ),
        (("text", "kestrel", "kestrel"), 3, "recipient: must be a phone number (+ and 7 to 15 digits) or a BSUID"),
        (("text", "", "kestrel"), 3, "recipient: must be + and 7 to 15 digits (E.164): it is empty"),
        (("text", "+44 (0)20 7946 0958", "kestrel"), 3, "recipient: must be + and 7 to 15 digits (E.164): a zero in"),
        (("text", "310 123 4567", "kestrel", "--region", "kestrel"), 3, "--region: must be an ISO 3166 country code"),
        (("text", "310 123", "kestrel", "--region", "CO"), 3, "recipient: not a valid number in CO"),
        (("text", TO, "kestrel " * 600), 3, "text: 4800 characters; the limit is 4096"),
        (("text", TO, "kestrel", "--sender", "kestrel"), 3, "--sender: must be a phone number"),
        (("text", TO, "kestrel", "--bsuid", "kestrel"), 3, "bsuid: must be"),
        (("text", BSUID, "kestrel", "--bsuid", BSUID), 2, "--bsuid: TO is already a BSUID"),
        (("text", TO, "kestrel", "--callback-data", "kestrel"), 2, "--callback-data: is not JSON: Expecting value"),
        (("text", TO, "kestrel", "--callback-data", "1" * 5000), 2, "--callback-data: is JSON with too long a number"),
        (("text", TO, "kestrel", "--callback-data", f'"{"kestrel" * 150}"'), 3, "callback_data: 1052 bytes"),
        (("text", TO, "kestrel", "--callback-data", "NaN"), 3, "callback_data"),
        (("text", TO, "kestrel", "--timeout", "0"), 3, "timeout: must be"),
        (("image", TO, "kestrel"), 3, "url: must be an absolute address"),
        (("location", TO, "--at", "kestrel"), 2, "--at: write LATITUDE,LONGITUDE"),
        (("location", TO, "--at", "1,2,3"), 2, "--at: write LATITUDE,LONGITUDE"),
        (("location", TO, "--at", "91,0"), 3, "latitude: must be between"),
        (("buttons", TO, "kestrel", "--button", "kestrel"), 2, "--button: write ID=TITLE"),
        (("buttons", TO, "kestrel", "--button", "=kestrel"), 2, "--button: write ID=TITLE"),
        (("list", TO, "--button", "kestrel"), 3, "sections: 0 sections; at least 1 is needed"),
        (("list", TO, "--button", "kestrel", "--row", "kestrel"), 2, "--row: write ID=TITLE"),
        (("list", TO, "--button", "kestrel", "--section", "kestrel"), 2, "--section: write 'TITLE: ITEM; ITEM'"),
        (("list", TO, "--button", "kestrel", "--section", "kestrel: ;"), 2, "--section: write 'TITLE: ITEM; ITEM'"),
        (("list", TO, "--button", "kestrel", "--section", ": a=kestrel"), 2, "--section: write 'TITLE: ITEM; ITEM'"),
        (
            ("list", TO, "--button", "x", "--row", "a=kestrel", "--sections", "-"),
            2,
            "--sections: contains all sections",
        ),
        (("list", TO, "--button", "x", "--sections", "kestrel.json"), 2, "--sections: cannot be read: No such file"),
        (
            ("list", TO, "--button", "x", "--sections", "kestrel\0"),
            2,
            "--sections: cannot be read: not a valid file",
        ),
        (("products", TO, "x", "--catalog", "c", "--section", "kestrel"), 2, "--section: write"),
        (("template", TO, "x", "en", "--parameter", "kestrel"), 2, "--parameter: write NAME=VALUE"),
        (("template", TO, "x", "en", "--header-text", "x", "--header-image", "x"), 2, "--header-...: use only one of"),
        (("template", TO, "x", "en", "--header-filename", "kestrel"), 2, "--header-filename: needs --header-document"),
    ],
)
def test_a_refusal_is_one_line_that_repeats_nothing_and_nothing_is_sent(
    shell: Shell, arguments: tuple[str, ...], code: int, problem: str
) -> None:
    ended = shell("send", *arguments)

    assert (ended.code, ended.out) == (code, "")
    assert ended.err.startswith(f"connectly: {problem}")
    assert ended.err.count("\n") == 1
    assert [secret for secret in HIDDEN if secret in ended.err] == []
    assert shell.sandbox.requests == ()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "standard input, which can be read only once, is empty"),
        ("\n", "standard input, which can be read only once, is empty"),
        (b"\xff", "is not text in UTF-8"),
    ],
)
def test_standard_input_that_holds_no_text_is_refused(
    shell: Shell, standard_input: Input, content: str | bytes, problem: str
) -> None:
    standard_input(content)

    ended = shell("send", "text", TO, "-")

    assert (ended.code, ended.err) == (2, f"connectly: TEXT: {problem}\n")


def test_the_window_being_closed_says_what_to_do(shell: Shell) -> None:
    shell.sandbox.close_window(TO)

    ended = shell("send", "text", TO, "kestrel")

    assert ended.code == 21
    assert "use a template message" in ended.err
    assert "; see 'connectly send template --help'" in ended.err
    assert ended.err.count("\n") == 1
    assert "kestrel" not in ended.err


def test_an_error_in_json_goes_to_standard_error_and_repeats_nothing(shell: Shell) -> None:
    shell.sandbox.close_window(TO)

    ended = shell("send", "text", TO, "kestrel", "--json")

    error = ended.error()
    assert (ended.code, ended.out) == (21, "")
    assert (error["kind"], error["exitCode"], error["retrySafe"], error["status"]) == (
        "OutsideWindowError",
        21,
        False,
        400,
    )
    assert error["code"].startswith("ERROR_CODE_")
    assert error["traceId"]
    assert [secret for secret in HIDDEN if secret in ended.err] == []


def test_a_dry_run_is_the_request_without_the_key_and_needs_none(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    keyed = shell("send", "text", TO, "Hello!", "--dry-run")
    monkeypatch.delenv("CONNECTLY_API_KEY")
    keyless = shell("send", "text", TO, "Hello!", "--dry-run")

    assert keyed == keyless
    head, body = keyed.out.split("\n\n")
    path = find_place("send_message").fill("sandbox-business")
    assert head.splitlines()[0] == f"POST https://api.connectly.ai{path}"
    assert "X-API-Key: [hidden]" in head
    assert "sandbox-key" not in keyed.out
    assert json.loads(body) == {
        "recipient": {"id": TO, "channelType": "whatsapp"},
        "message": {"text": "Hello!"},
    }
    assert shell.sandbox.requests == ()


def test_a_dry_run_escapes_what_could_drive_a_terminal(shell: Shell) -> None:
    ended = shell("send", "text", TO, "a\u202eb", "--dry-run")

    assert "\\u202e" in ended.out
    assert "\u202e" not in ended.out


def test_a_broken_limit_warns_on_standard_error_and_the_message_is_sent(shell: Shell) -> None:
    ended = shell(
        *("send", "list", TO, "--button", "Choose", "--row", "a=A", "--limits", "warn"),
        *("--header-image", "https://example.com/a.jpg"),
    )

    assert ended.err == "connectly: warning: header: WhatsApp documents a text header only on lists\n"
    assert (ended.code, len(shell.sandbox.messages)) == (0, 1)


def test_rows_and_their_section_come_as_typed_or_from_a_file(shell: Shell) -> None:
    sections = [
        {"title": "Sizes", "rows": [{"id": "s", "title": "Small"}, {"id": "l", "title": "Large", "description": "x"}]}
    ]
    Path("sections.json").write_text(json.dumps(sections), "utf-8")

    typed = shell("send", "list", TO, "--button", "b", "--section", "Sizes: s = Small; l=Large | x", "--text", "t")
    filed = shell("send", "list", TO, "--button", "b", "--sections", "sections.json", "--text", "t")

    assert (typed.code, filed.code) == (0, 0)
    first, second = shell.sandbox.messages
    assert first.body == second.body


def test_rows_need_no_section(shell: Shell) -> None:
    assert shell("send", "list", TO, "--button", "b", "--row", "s=Small", "--row", "l=Large=XL|x").code == 0
    assert shell.sandbox.messages[0].body["message"]["listMessage"]["sections"] == [
        {"rows": [{"id": "s", "text": "Small"}, {"id": "l", "text": "Large=XL", "description": "x"}]}
    ]


@pytest.mark.parametrize(
    ("content", "code", "problem"),
    [
        ("kestrel", 2, "--sections: is not JSON: Expecting value at line 1, column 1; put strings in double quotes"),
        ('"kestrel"', 2, "--sections: must be an array"),
        ('["kestrel"]', 2, "--sections[0]: must be an object"),
        ('[{"kestrel": 1}]', 2, "--sections[0]: has a name other than rows, title"),
        ('[{"rows": 5}]', 2, "--sections[0].rows: must be an array"),
        ('[{"title": "kestrel"}]', 2, "--sections[0].rows: must be an array"),
        (
            '[{"rows": [{"id": "a", "titel": "kestrel"}]}]',
            2,
            "--sections[0].rows[0]: has a name other than description",
        ),
        ('[{"rows": [{"id": "a"}]}]', 3, "sections[0].rows[0].title: is required"),
        ('[{"rows": [{"id": 5, "title": "kestrel"}]}]', 3, "sections[0].rows[0].id: must be a string, not int"),
        ("[" * 100_000, 2, "--sections: is JSON with too long a number or too many levels"),
    ],
)
def test_a_file_of_another_shape_is_refused_with_the_place(
    shell: Shell, standard_input: Input, content: str, code: int, problem: str
) -> None:
    standard_input(content)

    ended = shell("send", "list", TO, "--button", "b", "--sections", "-")

    assert ended.code == code
    assert ended.err.startswith(f"connectly: {problem}")
    assert "kestrel" not in ended.err


def test_one_product_and_several(shell: Shell) -> None:
    Path("sections.json").write_text('[{"title": "Shirts", "products": ["s-1", "s-2"]}]', "utf-8")
    one = shell("send", "product", TO, "catalog", "s-1", "--text", "Look", "--footer", "f")
    bare = shell("send", "product", TO, "catalog", "s-1")
    plain = shell("send", "products", TO, "Look", "--catalog", "c", "--product", "s-1", "--product", "s-2")
    typed = shell("send", "products", TO, "Look", "--catalog", "c", "--section", "Shirts: s-1; s-2")
    filed = shell("send", "products", TO, "Look", "--catalog", "c", "--sections", "sections.json")

    assert [ended.code for ended in (one, bare, plain, typed, filed)] == [0] * 5
    messages = [message.body["message"] for message in shell.sandbox.messages]
    assert messages[0]["singleProductMessage"] == {
        "catalogId": "catalog",
        "productItem": {"productRetailerId": "s-1"},
        "footer": {"text": "f"},
    }
    items = [{"productRetailerId": "s-1"}, {"productRetailerId": "s-2"}]
    assert messages[2]["multiProductMessage"]["sections"] == [{"productItems": items}]
    assert messages[3] == messages[4]
    assert messages[4]["multiProductMessage"]["sections"] == [{"title": "Shirts", "productItems": items}]


def test_products_in_a_file_must_be_an_array(shell: Shell, standard_input: Input) -> None:
    standard_input('[{"title": "kestrel", "products": "s-1"}]')

    ended = shell("send", "products", TO, "Look", "--catalog", "c", "--sections", "-")

    assert (ended.code, ended.err) == (2, "connectly: --sections[0].products: must be an array\n")


def test_a_template_takes_its_parameters_by_meaning_by_name_and_from_a_file(
    shell: Shell, standard_input: Input
) -> None:
    ended = shell(
        *("send", "template", TO, "offer", "en", "--body", "Ann", "--button-url", "a/1", "--button-url", "b/2"),
        *("--header-video", "https://example.com/a.mp4", "--parameter", "copy_code= 15=OFF"),
    )
    standard_input('{"body_1": "Ann"}')
    named = shell("send", "template", TO, "offer", "en", "--parameters", "-", "--parameter", "body_2=B")
    standard_input('[{"name": "header_document", "value": "https://example.com/a", "filename": "a.pdf"}]')
    listed = shell("send", "template", TO, "offer", "en", "--parameters", "-")
    document = shell("send", "template", TO, "offer", "en", "--header-document", "https://example.com/a")

    assert [one.code for one in (ended, named, listed, document)] == [0] * 4
    parameters = [json.loads(request.body)["parameters"] for request in shell.sandbox.requests]
    assert parameters[0] == [
        {"name": "header_video", "value": "https://example.com/a.mp4"},
        {"name": "body_1", "value": "Ann"},
        {"name": "button_1_url", "value": "a/1"},
        {"name": "button_2_url", "value": "b/2"},
        {"name": "copy_code", "value": " 15=OFF"},
    ]
    assert parameters[1] == [{"name": "body_2", "value": "B"}, {"name": "body_1", "value": "Ann"}]
    assert parameters[2] == [{"name": "header_document", "value": "https://example.com/a", "filename": "a.pdf"}]
    assert parameters[3] == [{"name": "header_document", "value": "https://example.com/a"}]


@pytest.mark.parametrize("medium", ["image", "video", "document", "text"])
def test_reply_buttons_take_each_kind_of_header(shell: Shell, medium: str) -> None:
    value = "https://example.com/a"

    assert shell("send", "buttons", TO, "Hi", "--button", "a=A", f"--header-{medium}", value).code == 0
    header = shell.sandbox.messages[0].body["message"]["replyButtonMessage"]["header"]
    assert header == ({"text": value} if medium == "text" else {"attachment": {"type": medium, "url": value}})


def test_an_id_that_could_drive_a_terminal_is_escaped(shell: Shell) -> None:
    strange = shell.against(lambda _: Response(200, (), b'{"id": "a\\u001b[31m\\nb"}'))

    assert strange("send", "text", TO, "Hi").out == "a\\x1b[31m\\nb\n"


@pytest.mark.parametrize("form", ["plain", "json"])
def test_the_services_own_words_are_shown_where_asked_for(shell: Shell, form: str) -> None:
    refused = Response(400, (), b'{"code":"ERROR_CODE_UNSPECIFIED","message":"no place for kestrel\\u001b[2J"}')
    commands = shell.against(lambda _: refused)
    command = ("send", "text", TO, "kestrel", *(("--json",) if form == "json" else ()))

    silent, open_ = commands(*command), commands(*command, "--show-message")

    assert "kestrel" not in silent.err
    assert (silent.code, open_.code) == (20, 20)
    if form == "json":
        assert open_.error() == silent.error() | {"serviceMessage": "no place for kestrel\x1b[2J"}
    else:
        assert open_.err == f"{silent.err}connectly: the service says: no place for kestrel\\x1b[2J\n"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html>\n<b>kestrel\x1b[2J is \xff</b>", "<html> <b>kestrel [2J is \ufffd</b>"),
        ("é".encode() * 9000, "é" * 500),
        (b'{"code": "KESTREL"}', 'KESTREL: {"code": "KESTREL"}'),
        (b'{"code": "KESTREL", "message": "kestrel"}', "KESTREL: kestrel"),
    ],
)
def test_of_an_answer_without_a_message_the_beginning_is_shown_where_asked_for(
    shell: Shell, body: bytes, words: str
) -> None:
    commands = shell.against(lambda _: Response(502, (), body))

    silent, open_ = commands("send", "text", TO, "x"), commands("send", "text", TO, "x", "--show-message")

    assert "502 Bad Gateway: the service failed; see --show-message; if it was" in silent.err
    assert open_.err == f"{silent.err}connectly: the service says: {words}\n"


def test_where_the_service_said_nothing_there_is_nothing_to_show(
    shell: Shell,
) -> None:
    commands = shell.against(lambda _: Response(400))

    assert commands("send", "text", TO, "x") == commands("send", "text", TO, "x", "--show-message")
