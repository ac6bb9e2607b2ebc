"""Fill the free stops of a course: by one assignment over all of them, or leg by leg with the largest step least."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from segue.choose.allowed import NOBODY, Allowed, Integers, Level, Names, levels, lifted, middle_of
from segue.choose.arc import energies, targets
from segue.choose.assignment import Candidacies, Doubles, Spacing, assign
from segue.choose.bottleneck import least_surprising
from segue.choose.catalogue import Catalogue
from segue.choose.index import DECIMALS
from segue.choose.itinerary import Course, FixedStop, Gap, Itinerary, Waypoint, gap_points
from segue.choose.rules import History, Song, rules_for
from segue.choose.wishes import Facts
from segue.config import CHOICE, JOURNEY
from segue.values import Floats

_NEVER = 10_000.0
"""The price of what may not be; more than to leave a stop empty."""

_COSTS_AT_ONCE = 6_400_000  # some 80 MB with all that is made of them


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """A course with its free stops filled: the row at each position, None outside the library or where none was left.

    ``points`` (stops, d) is where each stop should lie (a fixed one where it is); ``allowed`` knows who was refused.
    """

    rows: tuple[int | None, ...]
    points: Floats = field(repr=False)
    allowed: Allowed = field(repr=False)


class Finder:
    """Finds ways through one catalogue by one itinerary."""

    def __init__(
        self, catalogue: Catalogue, waypoints: Sequence[Waypoint], *, itinerary: Itinerary, facts: Facts
    ) -> None:
        self.catalogue, self.itinerary = catalogue, itinerary
        self.names = Names(catalogue)
        once = replace(itinerary.wishes, repeat_after_tracks=0)
        chosen = [*(waypoint for waypoint in waypoints if isinstance(waypoint, str)), *dict(itinerary.pins).values()]
        given = rules_for(once, facts, never=itinerary.never)
        self._rules = lifted(given, catalogue, chosen)
        wishes = itinerary.wishes
        price = _NEVER if wishes.strict else CHOICE.spacing_margin
        self.spacings = (Spacing(wishes.artist_spacing, price), Spacing(wishes.album_spacing, price))

    @property
    def energies(self) -> Floats:
        """Energy of each row."""
        found: Floats = self.catalogue.once("energies", lambda: energies(self.catalogue))
        return found

    @property
    def middle(self) -> Floats:
        """The mean of all tracks, by which ways between opposite tracks lead."""
        return middle_of(self.catalogue)

    def find(self, course: Course) -> Way:
        """Fill a course, as its mirror image where that comes first, so that ways there and back are mirrored."""
        straight, is_turned = course.canonical()
        points = self.points(straight)
        rows, allowed = self._filled(straight, points)
        if not is_turned:
            return Way(tuple(rows), points, allowed)
        order = [course.turned_position(position) for position in range(course.stops)]
        return Way(tuple(rows[place] for place in order), points[order], allowed)

    def _filled(self, course: Course, points: Floats) -> tuple[list[int | None], Allowed]:
        """The row at each position, with as few rules relaxed as leave the fewest stops empty; and who is allowed."""
        songs = self._fixed_songs(course)
        best: tuple[int, list[int | None], Allowed] | None = None
        for level in levels(self._rules):
            allowed = Allowed(self.catalogue, level, History.of(songs))
            if self.itinerary.mode == "smoothest":
                rows = self._leg_by_leg(course, allowed)
            else:
                rows = self._assigned(course, points, allowed)
            empty = rows.count(None) - sum(stop.row is None for stop in course.fixed)
            if best is None or empty < best[0]:
                best = (empty, rows, allowed)
            if not empty:
                break
        assert best is not None
        return best[1], best[2]

    def points(self, course: Course) -> Floats:
        """Where each stop should lie, ``(stops, d)``."""
        points = np.zeros((course.stops, self.catalogue.index.dimension), np.float32)
        for stop in course.fixed:
            points[stop.position] = stop.vector
        for gap in course.gaps():
            points[gap.positions.start : gap.positions.stop] = gap_points(gap, self.middle)
        return points

    def costs(self, course: Course, points: Floats, positions: Integers) -> Floats:
        """What each track would cost at each of some positions, ``(p, n)``: its distance, and that of its energy."""
        cosines = points[positions] @ self.catalogue.index.vectors.T
        costs: Floats = np.round(1.0 - cosines, DECIMALS)
        wanted = targets(course.arc, course.stops)
        if wanted is not None:
            away = self.energies[None, :] - wanted[positions][:, None]
            costs += np.float32(self.itinerary.arc_weight) * away**2
        return costs

    def iter_costs(self, course: Course, points: Floats, positions: Sequence[int]) -> Iterator[tuple[int, Floats]]:
        """Each of some positions with its row of `costs`, without holding those of all."""
        step = max(1, _COSTS_AT_ONCE // max(1, len(self.catalogue.index)))
        for start in range(0, len(positions), step):
            some = np.array(positions[start : start + step], np.int64)
            yield from zip(some.tolist(), self.costs(course, points, some), strict=True)

    # The shortest way -------------------------------------------------------------------------------------------------

    def _assigned(self, course: Course, points: Floats, allowed: Allowed) -> list[int | None]:
        rows = _fixed_rows(course)
        free = np.array([position for gap in course.gaps() for position in gap.positions], np.int64)
        want = 2 * len(free) + JOURNEY.spare_candidates
        while len(free):
            entries = self._nearest(course, points, free, allowed=allowed, want=want)
            chosen = assign(self._candidacies(course, free, entries)).chosen
            if (chosen >= 0).all() or entries.is_all:
                for position, entry in zip(free.tolist(), chosen.tolist(), strict=True):
                    rows[position] = int(entries.row[entry]) if entry >= 0 else None
                break
            want *= JOURNEY.reach
        return self._strictly_apart(course, rows) if self.itinerary.wishes.strict else rows

    def _strictly_apart(self, course: Course, rows: list[int | None]) -> list[int | None]:
        """The rows without those that still are too near to another of their kind, as the search may end early."""
        kept = [stop.row if stop.row is not None else -1 for stop in course.fixed]
        placed = {stop.position: self.names.kinds(stop.info) for stop in course.fixed}
        for position, row in enumerate(rows):
            if row is None or row in kept:
                continue
            own = self.names.kinds(self.catalogue.info(self.catalogue.index.ids[row]))
            near = (
                spacing.of(abs(position - place))
                for place, kinds in placed.items()
                for spacing, mine, other in zip(self.spacings, own, kinds, strict=True)
                if mine == other != NOBODY
            )
            if any(near):
                rows[position] = None
            else:
                placed[position] = own
        return rows

    def _nearest(self, course: Course, points: Floats, free: Integers, *, allowed: Allowed, want: int) -> _Entries:
        """The cheapest tracks for each free position, one of each recording."""
        found: list[tuple[int, Integers, Floats]] = []
        for place, (_, costs) in enumerate(self.iter_costs(course, points, free.tolist())):
            rows = allowed.best(-costs, want)
            found.append((place, rows, costs[rows]))
        recording = self.names.recordings((row for _, rows, _ in found for row in rows.tolist()), allowed.level)
        point, row, column, cost = [], [], [], []
        for place, rows, costs in found:
            copies = np.array([recording[one] for one in rows.tolist()], np.int64)
            first = np.sort(np.unique(copies, return_index=True)[1])  # the cheapest copy of each
            point.append(np.full(len(first), place))
            row.append(rows[first])
            column.append(copies[first])
            cost.append(costs[first].astype(np.float64))
        is_all = all(len(rows) < want for _, rows, _ in found)
        whole = [np.concatenate(part) for part in (point, row, column)]
        return _Entries(whole[0], whole[1], whole[2], np.concatenate(cost), is_all)

    def _candidacies(self, course: Course, free: Integers, entries: _Entries) -> Candidacies:
        """The entries as the assignment takes them; what is too near to a fixed stop of its kind costs that at once."""
        rows, of_row = np.unique(entries.row, return_inverse=True)
        kinds = self.names.kinds_of(rows)[:, of_row]
        cost = entries.cost + self._price(course, free[entries.point], kinds)
        column = np.unique(entries.column, return_inverse=True)[1]
        return Candidacies(entries.point, column, cost, kinds, self.spacings, free)

    def _price(self, course: Course, positions: Integers, kinds: Integers) -> Doubles:
        """What tracks of some kinds ``(2, m)`` cost at positions ``(m,)`` for being too near to fixed stops."""
        price = np.zeros(len(positions))
        for stop in course.fixed:
            distance = np.abs(positions - stop.position)
            if course.loop:
                distance = np.minimum(distance, course.stops - distance)
            for spacing, own, values in zip(self.spacings, self.names.kinds(stop.info), kinds, strict=True):
                prices = np.array([spacing.of(away) for away in range(course.stops + 1)])
                price += np.where((values == own) & (values != NOBODY), prices[distance], 0.0)
        return price

    # The smoothest way ------------------------------------------------------------------------------------------------

    def _leg_by_leg(self, course: Course, allowed: Allowed) -> list[int | None]:
        rows = _fixed_rows(course)
        for gap in course.gaps():
            near = self._nearby(gap, allowed, taken={row for row in rows if row is not None})
            steps = self._steps(gap, near)
            way = self._kept_apart(gap, near, steps)
            for position, vertex in zip(_spread(gap.positions, len(way)), way, strict=True):
                rows[position] = int(near[vertex - 2])
        return rows

    def _nearby(self, gap: Gap, allowed: Allowed, *, taken: set[int]) -> Integers:
        """Tracks among which the way across a gap is looked for: those that make the least detour, and those next to
        either end and to the great circle; one of each recording, none that is taken."""
        vectors = self.catalogue.index.vectors
        most = max(JOURNEY.nearby_tracks, 2 * len(gap.positions))
        points = np.concatenate([[gap.start.vector], gap_points(gap, self.middle), [gap.end.vector]])
        distances = np.round(1.0 - points @ vectors.T, DECIMALS)  # (k + 2, n)
        detour = sum(np.arccos(np.clip(1.0 - distances[end], -1.0, 1.0)) for end in (0, -1))
        found: dict[int, None] = {}
        for costs, want in ((detour, most // 2), *((row, 1 + most // 2 // len(points)) for row in distances)):
            scores = -np.asarray(costs, np.float32)
            scores[list(taken)] = -np.inf
            found |= dict.fromkeys(allowed.best(scores, want).tolist())
        recording = self.names.recordings([*taken, *found], allowed.level)
        heard = {recording[row] for row in taken}
        kept = [row for row in found if recording[row] not in heard]
        return np.array(list({recording[row]: row for row in reversed(kept)}.values())[::-1], np.int64)

    def _steps(self, gap: Gap, near: Integers) -> Floats:
        """Distances between start, end and the tracks nearby, with the price of two of a kind in a row."""
        vectors = np.concatenate([[gap.start.vector, gap.end.vector], self.catalogue.index.vectors[near]])
        steps = np.maximum(np.round(1.0 - vectors @ vectors.T, DECIMALS), 0.0)
        for spacing, kind in zip(self.spacings, self._kinds(gap, near), strict=True):
            same = (kind[:, None] == kind[None, :]) & (kind != NOBODY)[:, None]
            steps[same] += np.float32(spacing.of(1))
        steps[steps >= _NEVER] = np.inf
        return np.asarray(steps, np.float32)

    def _kinds(self, gap: Gap, near: Integers) -> Integers:
        """Artists and albums of start, end and the tracks nearby, ``(2, m + 2)``."""
        ends = np.array([self.names.kinds(stop.info) for stop in (gap.start, gap.end)]).T
        return np.concatenate([ends, self.names.kinds_of(near)], axis=1)

    def _kept_apart(self, gap: Gap, near: Integers, steps: Floats) -> tuple[int, ...]:
        """The least surprising way; with wide spacing, without such tracks as can be done without at a small loss."""
        count = len(gap.positions)
        way = least_surprising(steps, count)
        kinds = self._kinds(gap, near)
        settled: set[tuple[int, int]] = set()
        for _ in range(2 * count):
            conflict = next((c for c in _too_near(way, kinds, self.spacings) if c not in settled), None)
            if conflict is None:
                break
            settled.add(conflict)
            others = [_without(steps, vertex) for vertex in conflict if vertex > 1]
            ways = [(least_surprising(other, count), other) for other in others]
            limit = _largest(steps, way) + self.spacings[0].price
            good = [one for one in ways if len(one[0]) == len(way) and _largest(steps, one[0]) <= limit]
            if good:
                way, steps = min(good, key=lambda one: _largest(one[1], one[0]))
        return way

    def given_way(self, course: Course, rows: Sequence[int | None], level: Level) -> tuple[str, ...]:
        """Which of the rules that are not in force at a level would have refused a stop of a way."""
        if not level.relaxed:
            return ()
        index, full = self.catalogue.index, next(levels(self._rules))
        placed = [row for gap in course.gaps() for at in gap.positions if (row := rows[at]) is not None]
        songs = {row: Song(index.ids[row], self.catalogue.info(index.ids[row]), index.vectors[row]) for row in placed}
        broken: set[str] = set()
        for row in placed:
            others = [*self._fixed_songs(course), *(song for other, song in songs.items() if other != row)]
            broken |= Allowed(self.catalogue, full, History.of(others)).refusing(row)
        return tuple(name for name in level.relaxed if name in broken)

    def _fixed_songs(self, course: Course) -> list[Song]:
        ids = self.catalogue.index.ids
        return [Song(None if stop.row is None else ids[stop.row], stop.info, stop.vector) for stop in course.fixed]

    # One stop ---------------------------------------------------------------------------------------------------------

    def another(self, course: Course, rows: Sequence[int | None], position: int, *, without: frozenset[int]) -> Way:
        """The way with the next best track at one free position, none of ``without``; the others stay as they are."""
        kept = {place: row for place, row in enumerate(rows) if row is not None and place != position}
        others = Course(tuple(self._as_fixed(course, kept)), course.stops, course.loop, course.arc)
        songs = self._fixed_songs(others)
        scores = -self._costs_at(course, self.points(course), kept, position)
        scores[list(without)] = -np.inf
        chosen: int | None = None
        for level in levels(self._rules):
            allowed = Allowed(self.catalogue, level, History.of(songs))
            found = allowed.best(scores, JOURNEY.spare_candidates + 2 * course.stops)
            if len(found):
                price = self._price(others, np.full(len(found), position), self.names.kinds_of(found))
                chosen = int(found[(price - scores[found]).argmin()])
                break
        changed = tuple(chosen if at == position else row for at, row in enumerate(rows))
        return Way(changed, self.points(course), allowed)

    def as_found(self, course: Course, rows: Sequence[int | None]) -> Way:
        """The way that has these rows, under the first level of the rules that refuses none of them."""
        placed = [row for gap in course.gaps() for at in gap.positions if (row := rows[at]) is not None]
        history = History.of(self._fixed_songs(course))
        for level in levels(self._rules):
            allowed = Allowed(self.catalogue, level, history)
            if all(allowed.refusal(row) is None for row in placed):
                break
        return Way(tuple(rows), self.points(course), allowed)

    def _costs_at(self, course: Course, points: Floats, kept: Mapping[int, int], position: int) -> Floats:
        """What each track would cost at one position; on the smoothest way, the larger of the two steps it makes."""
        if self.itinerary.mode == "shortest":
            return np.asarray(self.costs(course, points, np.array([position]))[0], np.float32)
        around = {stop.position: stop.vector for stop in self._as_fixed(course, kept)}
        before = max(place for place in around if place < position)
        after = min((place for place in around if place > position), default=0)  # a loop goes on at its first stop
        ends = np.stack([around[before], around[after]])
        steps = np.round(1.0 - ends @ self.catalogue.index.vectors.T, DECIMALS)
        return np.asarray(steps.max(axis=0), np.float32)

    def _as_fixed(self, course: Course, kept: Mapping[int, int]) -> list[FixedStop]:
        """The fixed stops and those that are kept, as fixed stops."""
        vectors, ids = self.catalogue.index.vectors, self.catalogue.index.ids
        fixed = {stop.position: stop for stop in course.fixed}
        for place, row in kept.items():
            if place not in fixed:
                fixed[place] = FixedStop(place, vectors[row], row, self.catalogue.info(ids[row]))
        return [fixed[place] for place in sorted(fixed)]


@dataclass(frozen=True, slots=True, eq=False)
class _Entries:
    """Which track may stand at which free position; ``is_all`` where no position has any beside these."""

    point: Integers
    row: Integers
    column: Integers
    cost: Doubles
    is_all: bool


def _fixed_rows(course: Course) -> list[int | None]:
    """A row for each position, None where there is none yet."""
    rows: list[int | None] = [None] * course.stops
    for stop in course.fixed:
        rows[stop.position] = stop.row
    return rows


def _spread(positions: range, tracks: int) -> list[int]:
    """So many of the positions, spread evenly where they are not all taken."""
    return [positions[(2 * place + 1) * len(positions) // (2 * tracks)] for place in range(tracks)]


def _too_near(way: tuple[int, ...], kinds: Integers, spacings: tuple[Spacing, ...]) -> Iterator[tuple[int, int]]:
    """Two tracks of a way that are of a kind and nearer than its spacing, but not next to each other: the steps see to
    those."""
    path = (0, *way, 1)
    for kind, spacing in zip(kinds.tolist(), spacings, strict=True):
        for place, vertex in enumerate(path):
            for other in path[place + 2 : place + spacing.tracks + 1]:
                if kind[vertex] == kind[other] != NOBODY and {vertex, other} != {0, 1}:
                    yield vertex, other


def _largest(steps: Floats, way: tuple[int, ...]) -> float:
    """The largest step of a way from row 0 to row 1."""
    path = np.array((0, *way, 1))
    return float(steps[path[:-1], path[1:]].max())


def _without(steps: Floats, vertex: int) -> Floats:
    """The steps, where nothing leads to this one or from it."""
    fewer = steps.copy()
    fewer[vertex, :] = fewer[:, vertex] = np.inf
    return fewer
