from __future__ import annotations

import pytest

from codegen.difference.changes import Change, Difference, Impact, Place, merge_changes


def change(impact: Impact, *places: Place, what: str = "x") -> Change:
    return Change("kind", places, what, impact, "why")


@pytest.mark.parametrize(
    ("place", "text", "subject"),
    [
        (Place("GET /a"), "GET /a", "GET /a"),
        (Place("GET /a", "query limit"), "GET /a · query limit", "query limit"),
        (Place("GET /a", "response 200"), "GET /a · response 200", "response"),
        (Place("GET /a", "response 200 header x"), "GET /a · response 200 header x", "response 200 header x"),
        (Place("GET /a", "request", (".a", "[]", ".b")), "GET /a · request · a[].b", "b"),
        (Place("GET /a", "request", (".a", "[]", "{}")), "GET /a · request · a[]{}", "a[]{}"),
        (Place("GET /a", "request", (".a", "['b.c']")), "GET /a · request · a['b.c']", "['b.c']"),
        (Place("GET /a", "request", ("[]",)), "GET /a · request · []", "request[]"),
    ],
)
def test_a_place_reads_from_the_outside_in(place: Place, text: str, subject: str) -> None:
    assert str(place) == text
    assert place.subject == subject


def test_the_gravest_class_comes_first_and_asks_for_the_bump() -> None:
    found = merge_changes(
        [change("cosmetic", Place("a")), change("breaking", Place("c")), change("additive", Place("b"))]
    )
    assert [one.impact for one in found.changes] == ["breaking", "additive", "cosmetic"]
    assert (found.impact, found.bump) == ("breaking", "major")


def test_no_change_asks_for_no_bump() -> None:
    assert (Difference().impact, Difference().bump) == (None, "none")


def test_what_changed_alike_in_things_of_one_name_is_one_change_with_its_shortest_place_first() -> None:
    deep, flat = Place("GET /a", "request", (".x", ".id")), Place("GET /a", "request", (".id",))
    found = merge_changes([change("breaking", deep), change("breaking", flat), change("breaking", flat)])
    assert [one.places for one in found.changes] == [(flat, deep)]
    assert found.changes[0].places[0] == flat


def test_things_of_other_names_are_other_changes() -> None:
    found = merge_changes([change("breaking", Place("GET /a", "request", (name,))) for name in (".a", ".b")])
    assert len(found.changes) == 2
