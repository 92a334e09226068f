"""The own player: exact if nobody was in the way, corrected smoothly if somebody was."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from godot_enet.netcode import Blend, Prediction


@dataclass(frozen=True)
class Body:
    x: float
    vx: float


def step(body: Body, push: float) -> Body:
    return Body(body.x + body.vx + push, body.vx * 0.5 + push)


def predicting(**options: float) -> Prediction[Body, float]:
    return Prediction(step, Blend(Body), teleports=lambda one, other: abs(one.x - other.x) > 100, **options)  # type: ignore[arg-type]


def test_inputs_act_at_once_and_the_answer_changes_nothing() -> None:
    prediction, truth = predicting(), Body(0, 0)
    prediction.act(1, 8.0)
    assert prediction.state is prediction.shown is None
    assert prediction.correct(0, truth) == step(truth, 8.0)
    for number in range(2, 11):
        prediction.act(number, float(number))
    for number in range(1, 11):
        truth = step(truth, 8.0 if number == 1 else float(number))
        before = prediction.state
        assert prediction.correct(number, truth) == before == prediction.state == prediction.shown
        assert prediction.pending == 10 - number
    assert prediction.state == truth


def test_a_correction_fades() -> None:
    prediction = predicting(smoothing=0.5)
    prediction.correct(0, Body(0, 0))
    for number in range(1, 5):
        prediction.act(number, 1.0)
    at = prediction.state
    assert at is not None
    truth = Body(40, 0)
    for _ in range(2):
        truth = step(truth, 1.0)
    assert prediction.correct(2, truth) == at
    assert prediction.state == replace(at, x=at.x + 40)
    assert prediction.shown == at  # it is drawn where it was
    shown = []
    for number in range(5, 9):
        prediction.act(number, 0.0)
        assert prediction.state is not None
        assert prediction.shown is not None
        shown.append(prediction.state.x - prediction.shown.x)
    assert shown == pytest.approx([20, 10, 5, 2.5])


def test_a_second_correction_begins_where_the_first_is_drawn() -> None:
    prediction = predicting(smoothing=0.5)
    prediction.correct(0, Body(0, 0))
    prediction.act(1, 0.0)
    prediction.correct(1, Body(40, 0))
    prediction.act(2, 0.0)
    assert prediction.shown == Body(20, 0)
    prediction.correct(2, Body(60, 0))
    assert prediction.shown == Body(20, 0)
    prediction.act(3, 0.0)
    assert prediction.shown == Body(40, 0)


def test_a_teleport_is_drawn_at_once() -> None:
    prediction = predicting()
    prediction.correct(0, Body(0, 0))
    prediction.correct(0, Body(50, 0))
    assert prediction.shown == Body(0, 0)
    prediction.correct(0, Body(151, 0))
    assert prediction.shown == Body(151, 0)


def test_unanswered_inputs_are_bounded() -> None:
    prediction = predicting(limit=3)
    prediction.correct(0, Body(0, 0))
    for number in range(1, 10):
        prediction.act(number, 1.0)
    assert prediction.pending == 3


def test_wrong_calls() -> None:
    prediction = predicting()
    prediction.act(5, 1.0)
    with pytest.raises(ValueError, match="input 5 does not follow 5"):
        prediction.act(5, 1.0)
    for options in ({"smoothing": 1.0}, {"limit": 0}):
        with pytest.raises(ValueError, match="must"):
            predicting(**options)
