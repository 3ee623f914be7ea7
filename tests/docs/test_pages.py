"""The finder of blocks finds each of them, whatever stands around it."""

from __future__ import annotations

from textwrap import dedent

import pytest

from tests.docs.pages import ROOT, Block, blocks, blocks_of, pages


def read_blocks(text: str) -> list[tuple[str, str | None, str, str | None]]:
    return [(block.language, block.title, block.text, block.reason) for block in blocks(dedent(text), "page.md")]


def test_a_block_has_its_language_its_title_and_its_text() -> None:
    page = """
        ```python title="bot.py" hl_lines="1"
        print(1)

        ```
        ~~~ {.toml title='a b.toml'}
        x = 1
        ~~~
    """
    assert read_blocks(page) == [("python", "bot.py", "print(1)\n\n", None), ("toml", "a b.toml", "x = 1\n", None)]


def test_a_block_without_a_language_has_none() -> None:
    assert read_blocks("```\nx\n```\n") == [("", None, "x\n", None)]


def test_a_block_within_a_list_or_a_quotation_loses_their_indentation() -> None:
    page = "- item\n\n    ```sh\n    make demo\n      more\n    ```\n\n> ```sh\n> make\n> ```\n"
    assert read_blocks(page) == [("sh", None, "make demo\n  more\n", None), ("sh", None, "make\n", None)]


def test_a_longer_fence_holds_a_shorter_one() -> None:
    page = "````markdown\n```python\n1\n```\n````\n"
    assert read_blocks(page) == [("markdown", None, "```python\n1\n```\n", None)]


def test_a_reason_stands_right_above_its_block_and_holds_for_that_block_alone() -> None:
    page = "<!-- not run: it is drawn -->\n\n```text\na\n```\n\n```text\nb\n```\n<!-- not run:  -->\n```text\nc\n```\n"
    assert [reason for *_, reason in read_blocks(page)] == ["it is drawn", None, None]


def test_text_between_takes_a_reason_away() -> None:
    assert [reason for *_, reason in read_blocks("<!-- not run: because -->\nwords\n```text\na\n```\n")] == [None]


def test_inline_code_of_three_backticks_is_no_fence() -> None:
    assert read_blocks("```python``` is how it begins\n") == []


def test_a_block_that_is_never_closed_is_an_error_with_its_place() -> None:
    with pytest.raises(ValueError, match=r"page\.md:2: the block is never closed"):
        list(blocks("words\n```python\n1\n", "page.md"))


def test_the_readme_and_every_page_are_looked_at() -> None:
    names = {page.relative_to(ROOT).as_posix() for page in pages()}
    assert {"README.md", "docs/index.md", "docs/webhooks.md", "docs/questions/did-it-send.md"} <= names
    first = blocks_of(ROOT / "README.md")[0]
    assert (str(first), first.language) == ("README.md:11", "sh")
    assert isinstance(first, Block)
