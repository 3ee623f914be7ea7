from __future__ import annotations

from codegen.handwritten import Part, find_public_callers, parts

SOURCE = '''
"""Text with
lines."""
from connectly_api.lowlevel import models

KINDS = {"a", "b"}

class Thing(Base):
    """It."""
    size: int = 1

    def to_part(self):
        return models.Part(name=self.name, **more, **{"mime": 1})

def _build(thing):
    return _make(Thing(1))

def _make(x): return x

async def build(thing):
    return _build(thing)
'''
CLIENT = """
class Client:
    def __init__(self): build(1)
    async def send(self): return await build(1)
    async def send_thing(self): return await self.send(Thing(2))
    def other(self): return 1
"""
EVERYTHING = [*parts("thing.py", SOURCE), *parts("client.py", CLIENT)]
BY_NAME = {part.name: part for part in EVERYTHING if part.path == "thing.py"}


def test_a_module_is_read_into_its_parts() -> None:
    assert [str(part) for part in EVERYTHING if part.path == "thing.py"] == [
        "thing.py:12 Thing.to_part",
        "thing.py:8 Thing",
        "thing.py:15 _build",
        "thing.py:18 _make",
        "thing.py:20 build",
        "thing.py:2",
    ]
    part = BY_NAME["Thing.to_part"]
    assert part.calls["Part"] == {"name"}
    assert {"models", "Part", "name"} <= part.names
    assert part.texts == {"mime"}
    assert BY_NAME[""].texts == {"a", "b"}
    assert all(part.lowlevel for part in BY_NAME.values())
    assert not any(part.lowlevel for part in EVERYTHING if part.path == "client.py")


def test_a_field_that_is_set_later_is_one_that_is_passed() -> None:
    source = """
def build(given, part):
    first = models.Part(name="a")
    second: models.Other = Other()
    first.mime = given.size
    second.size = 1
    part.length = 2
    given.inner.colour = 3
    fourth = given()[0]()
    fourth.shape = 4
    first = models.Third()
    first.weight = 5
"""
    (part,) = parts("thing.py", source)
    both = {"mime", "weight"}  # Which of the two a variable is, is not followed.
    assert part.calls == {"Part": {"name", *both}, "Other": {"size"}, "Third": both, "given": frozenset()}
    assert {"length", "inner", "colour"} <= part.names


def names(*touched: Part) -> list[str]:
    return [part.name for part in find_public_callers(touched, EVERYTHING, {"client.py": "Client"})]


def test_public_methods_are_reached_through_functions_and_through_what_they_make() -> None:
    assert names(BY_NAME["_make"]) == ["Client.send", "Client.send_thing"]
    assert names(BY_NAME["build"]) == ["Client.send", "Client.send_thing"]
    assert names(BY_NAME["Thing"]) == []
    assert names() == []
    alone = [part for part in EVERYTHING if part.name != "_build"]
    found = find_public_callers([BY_NAME["Thing.to_part"]], alone, {"client.py": "Client"})
    assert [part.name for part in found] == ["Client.send_thing"]
