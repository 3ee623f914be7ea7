"""Text, media and locations: free-form messages for customers who wrote within the last 24 hours.

Every kind of content has `violations()`, which yields the limits that it breaks, and `to_message()`, which builds the
low-level message. Reprs show sizes, never texts. Source: https://docs.connectly.ai (send a session message).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import attrs

from connectly_api.content import limits
from connectly_api.content.fields import show_length, to_optional
from connectly_api.errors import Violation
from connectly_api.lowlevel import models
from connectly_api.web_address import find_file_name

_TEXT: Final = 4096
_CAPTION: Final = 1024


def _check_media(url: str, caption: str | None) -> Iterator[Violation]:
    yield from limits.check_address("url", url)
    yield from limits.check_text("caption", caption, _CAPTION, required=False)


@attrs.frozen
class Text:
    """Plain text.

    Attributes:
        text: 1 to 4096 characters.
    """

    text: str = attrs.field(repr=show_length)

    def violations(self) -> Iterator[Violation]:
        """Yield each limit that this content breaks."""
        return limits.check_text("text", self.text, _TEXT)

    def to_message(self) -> models.Message:
        """Return the low-level message."""
        return models.Message(text=self.text)


@attrs.frozen
class Image:
    """An image: JPEG or PNG, up to 5 MB (not checked, as only the service downloads it).

    Attributes:
        url: The file's public URL.
        caption: Up to 1024 characters, shown below the file, or None.
    """

    url: str = attrs.field(repr=show_length)
    caption: str | None = attrs.field(default=None, repr=show_length)

    def violations(self) -> Iterator[Violation]:
        """Yield each limit that this content breaks."""
        return _check_media(self.url, self.caption)

    def to_attachment(self) -> models.Attachment:
        """Return the low-level attachment, for a message or a header."""
        return models.Attachment(type_="image", url=self.url, caption=to_optional(self.caption))

    def to_message(self) -> models.Message:
        """Return the low-level message."""
        return models.Message(attachments=[self.to_attachment()])


@attrs.frozen
class Video:
    """A video: MP4 or 3GPP, up to 16 MB (not checked, as only the service downloads it).

    Attributes:
        url: The file's public URL.
        caption: Up to 1024 characters, shown below the file, or None.
    """

    url: str = attrs.field(repr=show_length)
    caption: str | None = attrs.field(default=None, repr=show_length)

    def violations(self) -> Iterator[Violation]:
        """Yield each limit that this content breaks."""
        return _check_media(self.url, self.caption)

    def to_attachment(self) -> models.Attachment:
        """Return the low-level attachment, for a message or a header."""
        return models.Attachment(type_="video", url=self.url, caption=to_optional(self.caption))

    def to_message(self) -> models.Message:
        """Return the low-level message."""
        return models.Message(attachments=[self.to_attachment()])


@attrs.frozen
class Audio:
    """An audio file: AAC, MP4, MPEG, AMR or OGG (Opus), up to 16 MB. It has no caption.

    Attributes:
        url: The file's public URL.
    """

    url: str = attrs.field(repr=show_length)

    def violations(self) -> Iterator[Violation]:
        """Yield each limit that this content breaks."""
        yield from limits.check_address("url", self.url)

    def to_message(self) -> models.Message:
        """Return the low-level message."""
        return models.Message(attachments=[models.Attachment(type_="audio", url=self.url)])


@attrs.frozen
class Document:
    """A file of any type, up to 100 MB.

    WhatsApp shows a document without a file name as "Untitled". If you give no name, the last part of the URL is sent,
    provided that it is the name of a file: decoded, with an extension, and not a program's (`download.php`). Otherwise
    the document is sent with a warning.

    Attributes:
        url: The file's public URL.
        filename: The name that the customer sees, or None for the one in the URL.
        caption: Up to 1024 characters, shown below the file, or None.
    """

    url: str = attrs.field(repr=show_length)
    filename: str | None = attrs.field(default=None, repr=show_length)
    caption: str | None = attrs.field(default=None, repr=show_length)

    def violations(self) -> Iterator[Violation]:
        """Yield each limit that this content breaks."""
        yield from _check_media(self.url, self.caption)
        yield from limits.check_file_name("filename", self.filename, self.url)

    def to_attachment(self) -> models.Attachment:
        """Return the low-level attachment, for a message or a header."""
        return models.Attachment(
            type_="document",
            url=self.url,
            filename=to_optional(self.filename if self.filename is not None else find_file_name(self.url)),
            caption=to_optional(self.caption),
        )

    def to_message(self) -> models.Message:
        """Return the low-level message."""
        return models.Message(attachments=[self.to_attachment()])


@attrs.frozen
class Location:
    """A place on the map.

    Attributes:
        latitude: Degrees, -90 to 90.
        longitude: Degrees, -180 to 180.
        name: The name of the place, or None.
        address: The postal address, or None.
    """

    latitude: float = attrs.field(repr=show_length)
    longitude: float = attrs.field(repr=show_length)
    name: str | None = attrs.field(default=None, repr=show_length)
    address: str | None = attrs.field(default=None, repr=show_length)

    def violations(self) -> Iterator[Violation]:
        """Yield each limit that this content breaks."""
        yield from limits.check_coordinate("latitude", self.latitude, 90)
        yield from limits.check_coordinate("longitude", self.longitude, 180)
        yield from limits.check_text("name", self.name, required=False)
        yield from limits.check_text("address", self.address, required=False)

    def to_message(self) -> models.Message:
        """Return the low-level message."""
        place = models.Location(
            latitude=self.latitude,
            longitude=self.longitude,
            name=to_optional(self.name),
            address=to_optional(self.address),
        )
        return models.Message(location=place)
