"""Who plays what."""

from __future__ import annotations

from collections import Counter

from segue.demo.artwork import PAINTERS
from segue.demo.catalogue import STYLES, plans


def test_at_least_ten_styles_of_four_artists_and_sixty_tracks():
    assert len(STYLES) >= 10
    assert all(len(style.artists) >= 4 for style in STYLES)
    assert len(plans(2026)) >= 60
    assert {style.name for style in STYLES} == set(PAINTERS)


def test_every_style_comes_in_all_kinds_of_file():
    """Or else the kind of file would tell the style."""
    for style in STYLES:
        kinds = Counter(plan.extension for plan in plans(2026) if plan.style == style.name)
        assert set(kinds) >= {"mp3", "m4a", "flac"}
    with_vorbis = {plan.style for plan in plans(2026) if plan.extension == "ogg"}
    assert len(with_vorbis) >= 4


def test_names_are_unique_and_fit_any_file_system():
    files = [plan.file for plan in plans(2026)]
    assert len({file.lower() for file in files}) == len(files)
    assert not [
        file for file in files if set(file) & set('<>:"\\|?*') or any(p.endswith((".", " ")) for p in file.split("/"))
    ]


def test_a_seed_plans_one_library():
    assert plans(7) == plans(7)
    assert {plan.seed for plan in plans(7)}.isdisjoint(plan.seed for plan in plans(8))


def test_tempos_and_keys_vary_within_a_style():
    for style in STYLES:
        own = [plan for plan in plans(2026) if plan.style == style.name]
        assert len({plan.tempo_bpm for plan in own}) >= 9
        assert len({plan.key for plan in own}) >= 5
        assert all(style.tempo_bpm[0] <= plan.tempo_bpm <= style.tempo_bpm[1] for plan in own)
