"""Who plays what in the demo library: ten styles, five invented artists in each, two tracks by each artist."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

import numpy as np

from segue.demo.song import Plan
from segue.demo.theory import Key

LEAST_S = (45.8, 46.6)  # a track ends with the first whole block of bars after a time drawn from here
# By place and by style in turn; MP3 and Vorbis take ten times as long to code as FLAC, so there are fewer of them.
EXTENSIONS = (
    ("mp3", "m4a", "flac", "m4a", "ogg", "flac", "flac", "m4a", "flac", "m4a"),
    ("mp3", "m4a", "flac", "m4a", "mp3", "flac", "flac", "m4a", "flac", "m4a"),
)


@dataclass(frozen=True, slots=True)
class Artist:
    """An invented artist with one album of two tracks."""

    name: str
    album: str
    year: int
    titles: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Style:
    """A style: the module that composes it, its genre tag, its tempos, its modes and its artists."""

    name: str
    genre: str
    tempo_bpm: tuple[float, float]
    modes: tuple[Literal["major", "minor"], ...]
    artists: tuple[Artist, ...]


def _style(name: str, genre: str, *, tempo_bpm: tuple[float, float], modes: str, artists: str) -> Style:
    """Read the compact table below: one artist a line, "name | album | year | title | title"."""
    rows = [[cell.strip() for cell in line.split("|")] for line in artists.strip().splitlines()]
    people = tuple(Artist(row[0], row[1], int(row[2]), (row[3], row[4])) for row in rows)
    written: dict[str, Literal["major", "minor"]] = {"M": "major", "m": "minor"}
    return Style(name, genre, tempo_bpm, tuple(written[mark] for mark in modes), people)


STYLES = (
    _style(
        "house",
        "House",
        tempo_bpm=(121, 127),
        modes="m",
        artists="""
        Paloma Voltaire | Night Bus to Lisbon | 2019 | Last Stop, First Light | Orange Platform
        The Velvet Turnstile | Ticket Hall | 2021 | Mind the Groove | Revolving Door
        Disco Cartographer | Maps of the Floor | 2016 | North by Northwest End | Compass Rose
        Marisol & the Machines | Warm Circuits | 2023 | Honey Relay | Solder and Silk
        Kid Parquet | Polished | 2018 | Sock Slide | Herringbone""",
    ),
    _style(
        "drum_and_bass",
        "Drum & Bass",
        tempo_bpm=(170, 177),
        modes="m",
        artists="""
        Otter Protocol | Undertow | 2014 | River Packet | Slick Current
        Neon Badger | Sett Theory | 2020 | Burrow Logic | Moonlit Setts
        Hydrofoil | Lift Off the Water | 2017 | Bow Wave | Nine Knots Too Fast
        Cinder & Sway | Afterglow Engine | 2022 | Ash Ballet | Kindling
        Professor Rattle | Lectures in Motion | 2012 | Thesis on Thunder | Second Term""",
    ),
    _style(
        "ambient",
        "Ambient",
        tempo_bpm=(56, 68),
        modes="M",
        artists="""
        Lanterns at Sea | Tidal Rooms | 2015 | Harbour, Breathing | The Long Blue Hour
        Slow Cartography | Contour Lines | 2018 | Isobar | Elevation Unknown
        Hollow Meadow | Dew Point | 2021 | Frost Is a Choir | Fields After Rain
        Ines Aurora | Polar Letters | 2013 | Dear Meridian | Envelope of Snow
        The Quiet Observatory | Apertures | 2024 | Dust Lane | Counting Perseids""",
    ),
    _style(
        "waltz",
        "Classical Piano",
        tempo_bpm=(104, 156),
        modes="Mm",
        artists="""
        Odette Lindqvist | Parlour Weather | 2011 | Waltz for an Umbrella | Barometer Waltz
        Tomasz Wren | Small Rooms | 2017 | The Candle Clock | Waltz with One Glove
        Beatrix Holm | Pressed Flowers | 2008 | Forget-me-not | Violet, Folded
        Emil Sauerklee | Valses inutiles | 2020 | Valse du chat | Valse sans chaussures
        Hana Morikawa | Lake Music | 2015 | Rowing Home | Paper Swan""",
    ),
    _style(
        "chiptune",
        "Chiptune",
        tempo_bpm=(136, 160),
        modes="Mm",
        artists="""
        Pixel Marmalade | Insert Toast | 2010 | Breakfast Boss | Jam Level
        8-Bit Albatross | High Score Ocean | 2013 | Coin Reef | Captain Sprite
        Cartridge Club | Blow and Retry | 2016 | Save Point Picnic | Warp Pipe Weather
        Lady Joystick | Continue, Please | 2019 | Ten, Nine, Eight | Princess Elsewhere
        Sir Blip | Quest for the Lost Byte | 2022 | Dungeon Disco | Parity Knight""",
    ),
    _style(
        "funk",
        "Funk",
        tempo_bpm=(98, 111),
        modes="m",
        artists="""
        Sugarfoot Assembly | Grease & Grammar | 1976 | Conjugate That | Comma on the One
        The Brass Tacks | Down To 'Em | 1979 | Upholstery | Hammer Time Off
        Mama Thunderpants | Corduroy Weather | 1974 | Swish | Big Buckle
        Doctor Gravy | Second Helping | 2014 | Pass the Boat | Lumpy but Lovely
        Elevator Pitch | Going Up | 2018 | Mezzanine Strut | Between Floors""",
    ),
    _style(
        "rock",
        "Rock",
        tempo_bpm=(126, 158),
        modes="m",
        artists="""
        Gravel Cathedral | Loud Stained Glass | 2003 | Organ Donor Blues | Buttress
        The Rust Apostles | Iron Weather | 1998 | Oxide | Tetanus Summer
        Wolves in Traffic | Amber Light | 2009 | Horn of the Bus Lane | Howl at the Crossing
        Petrol Saints | Halo of Smoke | 1994 | Choke Lever | Saint Sparkplug
        Loud Orchard | Windfall | 2016 | Bruised Apples | Ladder Falls Down""",
    ),
    _style(
        "hip_hop",
        "Hip-Hop",
        tempo_bpm=(84, 94),
        modes="m",
        artists="""
        Crate Uncle | Dollar Bin Sermons | 1996 | Sleeve Notes | Thrift Psalm
        Miso & Mister Low | Corner Table | 2015 | Steam on the Window | Extra Noodles
        The Lampshade Crew | Forty Watts | 1994 | Dim the Hallway | Fringe Benefits
        DJ Paper Round | Early Edition | 2006 | Headline Shuffle | Wet Newsprint
        Nana Bassline | Knitting Circle | 2021 | Purl Two | Slipped Stitch""",
    ),
    _style(
        "reggae",
        "Reggae",
        tempo_bpm=(70, 80),
        modes="mM",
        artists="""
        Coconut Parliament | Order, Order | 1978 | Motion Carried | The Honourable Breeze
        Sister Tamarind | Sweet Sour Sun | 1982 | Market Morning | Pod and Seed
        The Mellow Magistrates | Soft Sentence | 1975 | Time Served Easy | Gavel Dub
        Hammock Union | General Rest | 2011 | Sway Committee | Strike at Noon
        Captain Lowtide | Sandbar Dub | 1980 | Anchor Skank | Driftwood Version""",
    ),
    _style(
        "quartet",
        "Chamber Music",
        tempo_bpm=(74, 108),
        modes="Mm",
        artists="""
        Aldergrove Quartet | Forest Divertimenti | 2005 | Quartet for Four Owls | Moss Minuet
        Quartetto Fiordaliso | Lettere d'estate | 2012 | Cartolina | Sera sul lago
        The Pemberley Strings | Rooms with Windows | 2009 | The Long Gallery | Staircase Fugitive
        Kvartett Nordanvind | Vinterljus | 2018 | Frost on the Bridge | Snow Lantern
        Marrow & Hart Quartet | Late Letters | 2022 | Unsent | Yours, Until Thursday""",
    ),
)


def plans(seed: int) -> tuple[Plan, ...]:
    """Every track of the demo library of this seed, style by style: the same seed always plans the same library."""
    return tuple(_plan(style, place, seed=seed) for style in STYLES for place in range(2 * len(style.artists)))


def _plan(style: Style, place: int, *, seed: int) -> Plan:
    artist = style.artists[place // 2]
    number = place % 2 + 1
    name = f"{seed}/{style.name}/{artist.name}/{number}"
    own = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=6).digest(), "little")
    rng = np.random.default_rng(own)
    low, high = style.tempo_bpm
    share = (place * 3 % 10 + float(rng.uniform(0.0, 1.0))) / 10.0  # spreads the ten tempos over the style's range
    shift = [known.name for known in STYLES].index(style.name)
    return Plan(
        style=style.name,
        title=artist.titles[number - 1],
        artist=artist.name,
        album=artist.album,
        year=artist.year,
        number=number,
        flavour=place // 2,
        tempo_bpm=round(low + share * (high - low), 1),
        key=Key(int(rng.integers(12)), style.modes[place % len(style.modes)]),
        seed=own,
        least_s=round(float(rng.uniform(*LEAST_S)), 2),
        extension=EXTENSIONS[shift % 2][(place * 3 + shift) % 10],
    )


def genre_of(style: str) -> str:
    """The genre tag of a style."""
    return next(known.genre for known in STYLES if known.name == style)
