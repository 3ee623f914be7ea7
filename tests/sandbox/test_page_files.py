"""The page is served as it is in the package, with types and headers that a browser respects."""

from __future__ import annotations

from importlib.resources import files

import httpx
import pytest

from connectly_api.sandbox.web.page_files import TYPES

PAGE = files("connectly_api.sandbox").joinpath("page")


async def test_the_prefix_leads_to_the_page(http: httpx.AsyncClient) -> None:
    found = await http.get("/__sandbox__", follow_redirects=True)
    assert found.url.path == "/__sandbox__/"
    assert found.headers["content-type"] == "text/html; charset=utf-8"
    policy = found.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "sandbox" not in policy


@pytest.mark.parametrize("name", sorted(file.name for file in PAGE.iterdir()))
async def test_each_file_has_its_type_and_no_permission(http: httpx.AsyncClient, name: str) -> None:
    found = await http.get(f"/__sandbox__/page/{name}")
    assert found.content == PAGE.joinpath(name).read_bytes()
    assert found.headers["content-type"].partition(";")[0] == TYPES[f".{name.rpartition('.')[2]}"]
    assert found.headers["cache-control"] == "no-cache"
    for header, value in {
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }.items():
        assert found.headers[header] == value


@pytest.mark.parametrize("before", ["", '"other", W/'])
async def test_a_file_that_the_browser_has_is_not_sent_again(http: httpx.AsyncClient, before: str) -> None:
    first = await http.get("/__sandbox__/page/main.js")
    again = await http.get("/__sandbox__/page/main.js", headers={"if-none-match": before + first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert (await http.get("/__sandbox__/page/main.js", headers={"if-none-match": '"x"'})).status_code == 200


@pytest.mark.parametrize(
    "name",
    ["nothing.js", "..%2f__init__.py", "..", "%2e%2e", "%2fetc%2fpasswd", "..%5c__init__.py", "main", "main.js/", ""],
)
async def test_no_other_file_is_served(http: httpx.AsyncClient, name: str) -> None:
    found = await http.get(f"/__sandbox__/page/{name}", follow_redirects=True)
    assert b"from __future__" not in found.content
    # The client resolves two dots, to the page.
    assert (found.status_code, found.url.path) == (200, "/__sandbox__/") or found.status_code == 404
