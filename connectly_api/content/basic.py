"""What a session message says: one value for each kind, which knows its limits and its form on the wire.

Every kind has `violations()`, the limits that it breaks, and `to_message()`, the low-level message; both are pure.
Their reprs show sizes, never texts. Source: https://docs.connectly.ai (send a session message).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, KeysView, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final, TypeVar

import attrs

from connectly_api.content import limits
from connectly_api.errors import InvalidInputError, Violation
from connectly_api.lowlevel import models
from connectly_api.web_address import file_name
from connectly_api.wire.encoding import UNSET, Unset

__all__ = ["Audio", "Document", "Image", "Location", "Text", "Video", "given", "many", "shown"]

T = TypeVar("T")

_TEXT: Final = 4096
_CAPTION: Final = 1024


def shown(value: object) -> str:
    """Stand in for a value in a repr: tell how long it is, not what it says."""
    return f"<{len(value)} characters>" if isinstance(value, str) else "None" if value is None else "<…>"


def many(values: Iterable[T], field: str, *, is_ordered: bool = True, instead: str = "") -> tuple[T, ...]:
    """Keep any iterable as a tuple; a lone string, or what is no iterable, becomes the one element, for the checks.

    Args:
        values: What was given.
        field: What an error calls it.
        is_ordered: Whether the order counts, so that a set, which has none, would be sent in any.
        instead: What to do with a mapping, for the error.

    Raises:
        InvalidInputError: It is a mapping, of which only the keys would be sent, or a set.
    """
    lone: Any = values
    if isinstance(values, Mapping):
        raise InvalidInputError(f"{field}: must be a list, not a mapping{instead}", field=field)
    if is_ordered and isinstance(values, AbstractSet) and not isinstance(values, KeysView):
        raise InvalidInputError(f"{field}: must be a list, not a set, which has no order", field=field)
    return tuple(values) if isinstance(values, Iterable) and not isinstance(values, str) else (lone,)


def given(value: str | None) -> str | Unset:
    """Return what goes on the wire: nothing at all for None."""
    return UNSET if value is None else value


def _captioned(url: str, caption: str | None) -> Iterator[Violation]:
    yield from limits.address("url", url)
    yield from limits.text("caption", caption, _CAPTION, required=False)


@attrs.frozen
class Text:
    """Plain text.

    Attributes:
        text: 1 to 4096 characters.
    """

    text: str = attrs.field(repr=shown)

    def violations(self) -> Iterator[Violation]:
        """Yield each limit that this breaks."""
        return limits.text("text", self.text, _TEXT)

    def to_message(self) -> models.Message:
        """Return the message as the service takes it."""
        return models.Message(text=self.text)


@attrs.frozen
class Image:
    """A picture: JPEG or PNG, up to 5 MB, which cannot be checked from its address.

    Attributes:
        url: Its public address.
        caption: Up to 1024 characters shown below it, or None.
    """

    url: str = attrs.field(repr=shown)
    caption: str | None = attrs.field(default=None, repr=shown)

    def violations(self) -> Iterator[Violation]:
        """Yield each limit that this breaks."""
        return _captioned(self.url, self.caption)

    def to_attachment(self) -> models.Attachment:
        """Return the attachment, for a message or a header."""
        return models.Attachment(type_="image", url=self.url, caption=given(self.caption))

    def to_message(self) -> models.Message:
        """Return the message as the service takes it."""
        return models.Message(attachments=[self.to_attachment()])


@attrs.frozen
class Video:
    """A video: MP4 or 3GPP, up to 16 MB, which cannot be checked from its address.

    Attributes:
        url: Its public address.
        caption: Up to 1024 characters shown below it, or None.
    """

    url: str = attrs.field(repr=shown)
    caption: str | None = attrs.field(default=None, repr=shown)

    def violations(self) -> Iterator[Violation]:
        """Yield each limit that this breaks."""
        return _captioned(self.url, self.caption)

    def to_attachment(self) -> models.Attachment:
        """Return the attachment, for a message or a header."""
        return models.Attachment(type_="video", url=self.url, caption=given(self.caption))

    def to_message(self) -> models.Message:
        """Return the message as the service takes it."""
        return models.Message(attachments=[self.to_attachment()])


@attrs.frozen
class Audio:
    """A recording: AAC, MP4, MPEG, AMR or OGG (Opus), up to 16 MB; it has no caption.

    Attributes:
        url: Its public address.
    """

    url: str = attrs.field(repr=shown)

    def violations(self) -> Iterator[Violation]:
        """Yield each limit that this breaks."""
        yield from limits.address("url", self.url)

    def to_message(self) -> models.Message:
        """Return the message as the service takes it."""
        return models.Message(attachments=[models.Attachment(type_="audio", url=self.url)])


@attrs.frozen
class Document:
    """A file of any type, up to 100 MB.

    WhatsApp shows a document without a file name as "Untitled". So where you give none, the last part of the address is
    sent, if it is a file's name: decoded, with an extension, and no program's (`download.php`). Otherwise the document
    goes out with a warning.

    Attributes:
        url: Its public address.
        filename: The name under which the customer sees it, or None for the one in the address.
        caption: Up to 1024 characters shown below it, or None.
    """

    url: str = attrs.field(repr=shown)
    filename: str | None = attrs.field(default=None, repr=shown)
    caption: str | None = attrs.field(default=None, repr=shown)

    def violations(self) -> Iterator[Violation]:
        """Yield each limit that this breaks."""
        yield from _captioned(self.url, self.caption)
        yield from limits.file_name("filename", self.filename, self.url)

    def to_attachment(self) -> models.Attachment:
        """Return the attachment, for a message or a header."""
        return models.Attachment(
            type_="document",
            url=self.url,
            filename=given(self.filename if self.filename is not None else file_name(self.url)),
            caption=given(self.caption),
        )

    def to_message(self) -> models.Message:
        """Return the message as the service takes it."""
        return models.Message(attachments=[self.to_attachment()])


@attrs.frozen
class Location:
    """A place on the map.

    Attributes:
        latitude: Degrees, -90 to 90.
        longitude: Degrees, -180 to 180.
        name: What the place is called, or None.
        address: Where it is in words, or None.
    """

    latitude: float = attrs.field(repr=shown)
    longitude: float = attrs.field(repr=shown)
    name: str | None = attrs.field(default=None, repr=shown)
    address: str | None = attrs.field(default=None, repr=shown)

    def violations(self) -> Iterator[Violation]:
        """Yield each limit that this breaks."""
        yield from limits.coordinate("latitude", self.latitude, 90)
        yield from limits.coordinate("longitude", self.longitude, 180)
        yield from limits.text("name", self.name, required=False)
        yield from limits.text("address", self.address, required=False)

    def to_message(self) -> models.Message:
        """Return the message as the service takes it."""
        place = models.Location(
            latitude=self.latitude, longitude=self.longitude, name=given(self.name), address=given(self.address)
        )
        return models.Message(location=place)
