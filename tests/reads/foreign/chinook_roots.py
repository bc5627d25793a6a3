"""Every table of Chinook as the root of a read, each loaded by hand as guides teach it."""

from __future__ import annotations

from typing import Final

from sqlalchemy.orm import joinedload, selectinload

from tests.reads.foreign import chinook as db
from tests.reads.foreign import chinook_responses as api
from tests.reads.foreign.roots import Root

ARTIST: Final = Root(
    entity=db.Artist,
    model=api.ArtistRead,
    options=(
        selectinload(db.Artist.albums).selectinload(db.Album.tracks).joinedload(db.Track.genre),
        selectinload(db.Artist.longest),
    ),
)
ALBUM: Final = Root(
    entity=db.Album,
    model=api.AlbumRead,
    options=(
        joinedload(db.Album.artist),
        selectinload(db.Album.tracks).selectinload(db.Track.playlists),
    ),
)
GENRE: Final = Root(
    entity=db.Genre,
    model=api.Group[api.PlaylistTrack],
    options=(selectinload(db.Genre.tracks).joinedload(db.Track.album).joinedload(db.Album.artist),),
)
MEDIA_TYPE: Final = Root(
    entity=db.MediaType,
    model=api.Group[api.TrackLists],
    options=(selectinload(db.MediaType.tracks).selectinload(db.Track.playlists),),
)
TRACK: Final = Root(
    entity=db.Track,
    model=api.TrackRead,
    options=(
        joinedload(db.Track.album).joinedload(db.Album.artist),
        joinedload(db.Track.genre),
        joinedload(db.Track.media_type),
        selectinload(db.Track.playlists),
        selectinload(db.Track.lines).joinedload(db.InvoiceLine.invoice),
    ),
)
PLAYLIST: Final = Root(
    entity=db.Playlist,
    model=api.Group[api.PlaylistTrack],
    options=(
        selectinload(db.Playlist.tracks).joinedload(db.Track.album).joinedload(db.Album.artist),
    ),
)
EMPLOYEE: Final = Root(
    entity=db.Employee,
    model=api.EmployeeRead,
    options=(
        joinedload(db.Employee.manager).joinedload(db.Employee.manager),
        selectinload(db.Employee.reports).selectinload(db.Employee.reports),
        selectinload(db.Employee.customers),
    ),
)
CUSTOMER: Final = Root(
    entity=db.Customer,
    model=api.CustomerRead,
    options=(
        joinedload(db.Customer.support_rep).joinedload(db.Employee.manager),
        selectinload(db.Customer.invoices)
        .selectinload(db.Invoice.lines)
        .joinedload(db.InvoiceLine.track),
    ),
)
INVOICE: Final = Root(
    entity=db.Invoice,
    model=api.InvoiceRead,
    options=(
        joinedload(db.Invoice.customer)
        .joinedload(db.Customer.support_rep)
        .joinedload(db.Employee.manager),
        selectinload(db.Invoice.lines).joinedload(db.InvoiceLine.track),
    ),
)
INVOICE_LINE: Final = Root(
    entity=db.InvoiceLine,
    model=api.InvoiceLineRead,
    options=(
        joinedload(db.InvoiceLine.invoice).joinedload(db.Invoice.customer),
        joinedload(db.InvoiceLine.track).joinedload(db.Track.album).joinedload(db.Album.artist),
    ),
)
BILL: Final = Root(
    entity=db.Invoice,
    model=api.Bill,
    options=(selectinload(db.Invoice.lines).joinedload(db.InvoiceLine.track),),
    kind="loaded",
)
PLAYLIST_NAMES: Final = Root(
    entity=db.Playlist,
    model=api.PlaylistNames,
    options=(selectinload(db.Playlist.tracks),),
    kind="loaded",
)
BADGE: Final = Root(
    entity=db.Customer,
    model=api.Badge,
    options=(joinedload(db.Customer.support_rep),),
    kind="loaded",
)
REPRESENTED: Final = Root(
    entity=db.Customer,
    model=api.Represented,
    options=(joinedload(db.Customer.support_rep),),
    kind=None,
)
EITHER: Final = Root(entity=db.Album, model=api.Either)

CHINOOK_ROOTS: Final = (
    ARTIST,
    ALBUM,
    GENRE,
    MEDIA_TYPE,
    TRACK,
    PLAYLIST,
    EMPLOYEE,
    CUSTOMER,
    INVOICE,
    INVOICE_LINE,
    BILL,
    PLAYLIST_NAMES,
    BADGE,
    REPRESENTED,
    EITHER,
)
