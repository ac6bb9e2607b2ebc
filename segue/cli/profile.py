"""`segue profile`: saved ways of choosing, and their times of the week."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from typing import Any

import numpy as np

from segue.choose.playlist import OutsideSeed
from segue.choose.schedule import Coming, Holding, read_slot
from segue.cli.answers import entry_of, name_of, print_json, say, track_row
from segue.cli.choice_words import direction_words, join_words, spec_of, wish_words
from segue.cli.lists import listed, out_word
from segue.cli.playlist import tell
from segue.cli.words import action, at_least, services_to_change
from segue.errors import ParameterError, one_line
from segue.profiles import Beginning, Profile
from segue.services import Services

PURPOSE = "save ways of choosing under a name, play them, and give them times of the week"

_COUNT = 10


def words(parser: argparse.ArgumentParser) -> None:
    """Add the words of this command, and of what it can do."""
    parser.set_defaults(action=_list)
    actions = parser.add_subparsers(title="what to do (default: list them)", metavar="ACTION")
    save = action(actions, "save", _save, "save songs to begin from, and all that segue playlist can be told")
    _name(save)
    save.add_argument(
        "seeds", nargs="+", metavar="SEED", help="ids, paths, words, or playlists of songs of the library"
    )
    save.add_argument("--count", type=at_least(1), default=_COUNT, help="how many songs (default: %(default)s)")
    direction_words(save)
    join_words(save)
    wish_words(save)
    action(actions, "list", _list, "list the profiles and their times")
    _name(action(actions, "show", _show, "say what a profile begins from, and how it goes on"))
    _name(action(actions, "remove", _remove, "delete a profile"))
    play = action(actions, "play", _play, "choose what a profile plays")
    play.add_argument("name", nargs="?", metavar="NAME", help="what it is called (default: the one that holds now)")
    play.add_argument("--count", type=at_least(1), help="how many songs (default: as it was saved)")
    play.add_argument("--rng-seed", type=at_least(0), default=0, help="the same seed draws the same songs")
    out_word(play)
    schedule = action(actions, "schedule", _schedule, "say at which times of the week a profile holds by itself")
    _name(schedule)
    schedule.add_argument(
        "times", nargs="*", metavar="TIME", help='such as "Sun 09:00-12:00" or "Mon-Fri 22-2"; none to take them back'
    )
    _when(action(actions, "now", _now, "say which profile holds now, and why"))
    _when(play)


def run(args: argparse.Namespace) -> int:
    """Do what was asked for and return the exit code."""
    return int(args.action(args))


def _name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="what it is called, such as 'Sunday morning'")


def _when(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--at", type=_local, metavar="TIME", help='another local time than now, such as "2026-11-29 10:00"'
    )


def _local(text: str) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no time such as 2026-11-29 10:00") from None


def _time(args: argparse.Namespace) -> dt.datetime:
    """The local time that is asked about, as a clock on the wall shows it."""
    at: dt.datetime | None = args.at
    return dt.datetime.now() if at is None else at


def _save(args: argparse.Namespace) -> int:
    services = services_to_change(args)
    try:
        seeds = [seed.song for seed in listed(services, args.seeds).songs]
        if any(isinstance(seed, OutsideSeed) for seed in seeds):
            raise ParameterError(
                "a profile begins from songs of the library, and one of these is not in it",
                remedy="Scan its folder first, or name another song",
            )
        tracks = [services.track(seed) for seed in seeds if not isinstance(seed, OutsideSeed)]
        begins = tuple(Beginning(track.id, name_of(track_row(track, None))) for track in tracks)
        name = services.profiles.save(args.name, Profile(begins, spec_of(services, args, count=args.count)))
    finally:
        services.close()
    say({"saved": name, "seeds": len(begins)}, f"'{name}' is saved.", as_json=args.json)
    return 0


def _list(args: argparse.Namespace) -> int:
    services = Services(args.data, read_only=True)
    try:
        shelf = services.profiles.all()
    finally:
        services.close()
    rows = [{"name": name, **profile.to_json()} for name, profile in shelf.profiles.items()]
    if args.json:
        print_json({"profiles": rows, "damaged": dict(shelf.damaged)})
        return 0
    for row in rows:
        times = "; ".join(row["times"]) or "no times"
        print(f"{row['name']}: begins from {_begins(row['seeds'])} ({times})")
    if not rows and not shelf.damaged:
        print("No profile is saved yet. Save one: segue profile save NAME SONG ...", file=sys.stderr)
    for name, what in shelf.damaged.items():
        print(f"segue: the profile '{one_line(name)}' cannot be read: {what}", file=sys.stderr)
    return 0


def _begins(seeds: list[list[str]]) -> str:
    return seeds[0][1] + (f" and {len(seeds) - 1} more" if len(seeds) > 1 else "")


def _show(args: argparse.Namespace) -> int:
    services = Services(args.data, read_only=True)
    try:
        name, profile = services.profiles.find(args.name)
        here = {track.id for track in services.tracks_of([seed.track_id for seed in profile.seeds])}
    finally:
        services.close()
    row = {"name": name, **profile.to_json()}
    row["seeds"] = [{"id": s.track_id, "name": s.name, "here": s.track_id in here} for s in profile.seeds]
    if args.json:
        print_json(row)
        return 0
    print(name)
    for seed in row["seeds"]:
        print(f"  begins from  {seed['name']}{'' if seed['here'] else ' (has left the library)'}")
    for time in row["times"]:
        print(f"  holds        {time}")
    spec = profile.spec.to_json()
    usual = type(profile.spec)().to_json()
    for setting, value in {**spec, **spec["wishes"]}.items():
        if setting != "wishes" and value != {**usual, **usual["wishes"]}[setting]:
            print(f"  {setting:<12} {', '.join(map(str, value)) if isinstance(value, list) else value}")
    return 0


def _remove(args: argparse.Namespace) -> int:
    services = services_to_change(args)
    try:
        name = services.profiles.remove(args.name)
    finally:
        services.close()
    say({"removed": name}, f"'{one_line(name)}' is removed.", as_json=args.json)
    return 0


def _play(args: argparse.Namespace) -> int:
    services = Services(args.data, read_only=True)
    try:
        name = args.name
        if name is None:
            held = services.profiles.now(_time(args))
            if held is None:
                raise ParameterError(
                    "no profile holds now", remedy="Name one, or say when one does: segue profile schedule"
                )
            name = held.name
        played = services.profiles.play(name, count=args.count, rng=np.random.default_rng(args.rng_seed))
        for gone in played.began.gone:
            print(f"segue: {one_line(gone)} has left the library, and is passed over", file=sys.stderr)
        for tag in sorted(played.began.unheard):
            print(f"segue: the ear knows no tag '{one_line(tag)}', which is left aside", file=sys.stderr)
        return tell(services, [entry_of(track) for track in played.began.seeds], played.chosen, args)
    finally:
        services.close()


def _schedule(args: argparse.Namespace) -> int:
    times = [read_slot(text) for text in args.times]
    services = services_to_change(args)
    try:
        name = services.profiles.set_times(args.name, times)
    finally:
        services.close()
    told = [str(slot) for slot in times]
    sentence = f"'{name}' holds {'; '.join(told)}." if told else f"'{name}' holds only when it is asked for."
    say({"name": name, "times": told}, sentence, as_json=args.json)
    return 0


def _now(args: argparse.Namespace) -> int:
    services = Services(args.data, read_only=True)
    try:
        when = _time(args)
        held, following = services.profiles.now(when), services.profiles.next(when)
    finally:
        services.close()
    if args.json:
        print_json({"at": when.isoformat(" ", "minutes"), "holds": _held(held), "next": _coming(following)})
        return 0
    if held is None:
        remedy = "" if following else " Give one its times with: segue profile schedule NAME TIME"
        print(f"No profile holds now.{remedy}")
    else:
        print(f"'{held.name}' holds until {held.until:%a %H:%M}, by {held.slot}.")
        if held.others:
            names = " and ".join(f"'{name}'" for name in held.others)
            print(f"It goes before {names}, being more specific: it lasts less long, or on fewer days.")
    if following is not None:
        print(f"Next: '{following.name}', {following.at:%a %H:%M}.")
    return 0


def _held(held: Holding | None) -> dict[str, Any] | None:
    if held is None:
        return None
    until = held.until.isoformat(" ", "minutes")
    return {"name": held.name, "by": str(held.slot), "until": until, "before": list(held.others)}


def _coming(following: Coming | None) -> dict[str, Any] | None:
    if following is None:
        return None
    return {"name": following.name, "by": str(following.slot), "at": following.at.isoformat(" ", "minutes")}
