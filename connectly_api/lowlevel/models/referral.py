# Generated from service.swagger.json by "python -m codegen generate": do not edit.
from __future__ import annotations

import typing as _typing

import attrs as _attrs

from connectly_api import fields as _fields
from connectly_api import wire as _wire

_SPELLINGS: dict[str, str] = {
    "ctwa_clid": "ctwaClid",
    "source_url": "sourceUrl",
    "source_id": "sourceId",
    "source_type": "sourceType",
    "media_type": "mediaType",
    "image_url": "imageUrl",
    "video_url": "videoUrl",
    "thumbnail_url": "thumbnailUrl",
}


@_attrs.define(kw_only=True, repr=False)
class Referral:
    """`v1Referral` of the service's Swagger file.

    Attributes:
        ctwa_clid: `ctwaClid` on the wire.
        source_url: `sourceUrl` on the wire.
        source_id: `sourceId` on the wire.
        source_type: `sourceType` on the wire.
        headline: `headline` on the wire.
        body: `body` on the wire.
        media_type: `mediaType` on the wire.
        image_url: `imageUrl` on the wire.
        video_url: `videoUrl` on the wire.
        thumbnail_url: `thumbnailUrl` on the wire.
        additional_properties: What was read and has no field here, or is not of its field's type, under its
            name on the wire. It is written with the fields; a field that is set wins.
    """

    ctwa_clid: str | _wire.Unset = _wire.UNSET
    source_url: str | _wire.Unset = _wire.UNSET
    source_id: str | _wire.Unset = _wire.UNSET
    source_type: str | _wire.Unset = _wire.UNSET
    headline: str | _wire.Unset = _wire.UNSET
    body: str | _wire.Unset = _wire.UNSET
    media_type: str | _wire.Unset = _wire.UNSET
    image_url: str | _wire.Unset = _wire.UNSET
    video_url: str | _wire.Unset = _wire.UNSET
    thumbnail_url: str | _wire.Unset = _wire.UNSET
    additional_properties: dict[str, _typing.Any] = _attrs.field(factory=_fields.nothing)

    def __repr__(self) -> str:
        """Name the fields that are set, without their values, which may be personal."""
        return _fields.describe(self)

    def to_dict(self) -> dict[str, _typing.Any]:
        """Return what is set as a JSON object; unspecified enum values are left out."""
        written: dict[str, _typing.Any] = {}
        _fields.put(written, "ctwaClid", self.ctwa_clid)
        _fields.put(written, "sourceUrl", self.source_url)
        _fields.put(written, "sourceId", self.source_id)
        _fields.put(written, "sourceType", self.source_type)
        _fields.put(written, "headline", self.headline)
        _fields.put(written, "body", self.body)
        _fields.put(written, "mediaType", self.media_type)
        _fields.put(written, "imageUrl", self.image_url)
        _fields.put(written, "videoUrl", self.video_url)
        _fields.put(written, "thumbnailUrl", self.thumbnail_url)
        return _fields.finish(written, self.additional_properties, _SPELLINGS)

    @classmethod
    def from_dict(cls, source: object) -> _typing.Self:
        """Read decoded JSON; whatever is of a wrong type costs its own field only.

        Raises:
            ValueError: It is neither an object nor None.
        """
        rest = _fields.open_object(source, _SPELLINGS)
        return cls(
            ctwa_clid=_fields.take(rest, "ctwaClid", _fields.as_text),
            source_url=_fields.take(rest, "sourceUrl", _fields.as_text),
            source_id=_fields.take(rest, "sourceId", _fields.as_text),
            source_type=_fields.take(rest, "sourceType", _fields.as_text),
            headline=_fields.take(rest, "headline", _fields.as_text),
            body=_fields.take(rest, "body", _fields.as_text),
            media_type=_fields.take(rest, "mediaType", _fields.as_text),
            image_url=_fields.take(rest, "imageUrl", _fields.as_text),
            video_url=_fields.take(rest, "videoUrl", _fields.as_text),
            thumbnail_url=_fields.take(rest, "thumbnailUrl", _fields.as_text),
            additional_properties=rest,
        )
