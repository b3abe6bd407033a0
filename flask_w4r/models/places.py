"""The gazetteer: towns, their names in several languages, and postcodes a section loaded."""

from typing import Any

from sqlalchemy import BigInteger, Double, Integer, String
from sqlalchemy.dialects.mysql import VARCHAR as MYSQL_VARCHAR
from sqlalchemy.dialects.postgresql import VARCHAR as POSTGRES_VARCHAR
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, foreign, index, primary


def _plain(length: int) -> Any:
    """Text compared by its code points on every database: a prefix is then a range of the index, and MariaDB does not
    take two spellings for one key."""
    return (
        String(length)
        .with_variant(MYSQL_VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb")
        .with_variant(POSTGRES_VARCHAR(length, collation="C"), "postgresql")
    )


class Place(Base):
    """A town, from GeoNames (CC BY 4.0). The id is GeoNames' own."""

    __tablename__ = "w4r_place"
    __table_args__ = (
        primary("place", "id"),
        index("place_country", "country", "population"),
        index("place_lat", "lat", "lon"),
    )

    id: Mapped[int] = mapped_column(BigInteger, autoincrement=False)
    name: Mapped[str] = mapped_column(_plain(200))
    country: Mapped[str] = mapped_column(String(2))
    #: GeoNames' first-order division, such as ``NSW``; a code, since names are not in the data.
    region: Mapped[str] = mapped_column(String(20))
    lat: Mapped[float] = mapped_column(Double())
    lon: Mapped[float] = mapped_column(Double())
    population: Mapped[int] = mapped_column(Integer)
    time_zone: Mapped[str] = mapped_column(String(64))


class PlaceName(Base):
    """A name a town is found by: case folded, without marks."""

    __tablename__ = "w4r_place_name"
    __table_args__ = (
        primary("place_name", "folded", "place_id", "locale"),
        foreign("place_name_place", "place_id", "w4r_place.id"),
        index("place_name_place", "place_id"),
    )

    folded: Mapped[str] = mapped_column(_plain(100))
    place_id: Mapped[int] = mapped_column(BigInteger, autoincrement=False)
    #: The name as written, and the language it is in: empty for the town's own name, ``und`` where nobody says.
    name: Mapped[str] = mapped_column(_plain(200))
    locale: Mapped[str] = mapped_column(String(8))


class Postcode(Base):
    """A postcode's middle, from a GeoNames file that the section downloaded."""

    __tablename__ = "w4r_postcode"
    __table_args__ = (primary("postcode", "country", "code", "place_name"),)

    country: Mapped[str] = mapped_column(String(2))
    #: Upper case, without spaces and hyphens.
    code: Mapped[str] = mapped_column(String(20))
    place_name: Mapped[str] = mapped_column(_plain(180))
    lat: Mapped[float] = mapped_column(Double())
    lon: Mapped[float] = mapped_column(Double())
