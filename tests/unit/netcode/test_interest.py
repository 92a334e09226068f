"""Who gets what: radius, margin, teams, and priorities that grow."""

from __future__ import annotations

from random import Random

import pytest

from godot_enet.netcode import Interest


def placed(interest: Interest[str], *xs: float) -> None:
    interest.clear()
    for number, x in enumerate(xs):
        interest.place(number, (x, 0))


def test_within_the_radius_the_nearest_first() -> None:
    interest: Interest[str] = Interest(100)
    placed(interest, 99, 5, -100, 101, 50)
    assert interest.select("me", (0, 0)) == [1, 4, 0, 2]


def test_what_is_relevant_stays_so_a_little_beyond() -> None:
    interest: Interest[str] = Interest(100, margin=0.1)
    for x, relevant in ((109, False), (100, True), (109, True), (110, True), (111, False), (109, False)):
        placed(interest, x)
        assert interest.select("me", (0, 0)) == ([0] if relevant else []), x


def test_teams_and_objects_for_all() -> None:
    interest: Interest[str] = Interest(100)
    interest.place(0, (5000, 0), team="red")
    interest.place(1, (5000, 0), team="blue")
    interest.place(2, None)
    interest.place(3, None, team="red")
    interest.place(4, (10, 0), team="red")
    assert sorted(interest.select("me", (0, 0), team="red")) == [0, 2, 3, 4]
    assert sorted(interest.select("you", (0, 0), team="blue")) == [1, 2, 4]
    assert sorted(interest.select("nobody", (0, 0))) == [2, 4]


def test_a_budget_serves_the_near_more_often_and_the_far_sometimes() -> None:
    """Two of nine fit into each tick. At the edge of the radius the priority grows a ninth as fast as here."""
    interest: Interest[str] = Interest(100)
    counts = [0] * 9
    for _ in range(900):
        placed(interest, *range(0, 108, 12))
        chosen = interest.select("me", (0, 0))[:2]
        for number in chosen:
            counts[number] += 1
        interest.sent("me", chosen)
    assert sum(counts) == 1800
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] >= 60
    assert counts[0] > 4 * counts[-1]


def test_a_weight_counts_like_distance() -> None:
    interest: Interest[str] = Interest(100)
    interest.place(0, (90, 0), weight=9.0)
    interest.place(1, (10, 0))
    assert interest.select("me", (0, 0)) == [0, 1]


def test_the_grid_finds_what_a_look_at_all_finds() -> None:
    random = Random(3)
    interest: Interest[int] = Interest(70, margin=0)
    points = [(random.uniform(-500, 500), random.uniform(-500, 500)) for _ in range(300)]
    for number, point in enumerate(points):
        interest.place(number, point)
    for peer, (x, y) in enumerate(points[:50]):
        near = {n for n, (px, py) in enumerate(points) if (px - x) ** 2 + (py - y) ** 2 <= 70**2}
        assert set(interest.select(peer, (x, y))) == near


def test_a_peer_that_left_is_forgotten() -> None:
    interest: Interest[str] = Interest(100, margin=0.5)
    placed(interest, 90)
    interest.select("me", (0, 0))
    interest.remove("me")
    interest.remove("me")
    placed(interest, 120)
    assert interest.select("me", (0, 0)) == []
    interest.sent("nobody", [1])


def test_arguments_out_of_range() -> None:
    for radius, margin in ((0, 0.1), (5, -1)):
        with pytest.raises(ValueError, match="must"):
            Interest(radius, margin)
