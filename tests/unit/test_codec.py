from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderepair.codec import from_json, to_json
from coderepair.config import Settings
from coderepair.events import KINDS, Event, event_from_json, event_to_json
from coderepair.model import Refinement, Task, TestReport

values = pytest.mark.parametrize("kind", [Task, TestReport, Refinement])


def round_trip(value: object) -> object:
    return from_json(type(value), json.loads(json.dumps(to_json(value))))


st.register_type_strategy(float, st.floats(0, 0.99))
st.register_type_strategy(str, st.text(st.characters(), max_size=20))


@values
@given(data=st.data())
def test_values_survive_json(kind: type, data: st.DataObject) -> None:
    value = data.draw(st.from_type(kind))
    assert round_trip(value) == value


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@given(data=st.data())
def test_events_survive_json(kind: type[Event], data: st.DataObject) -> None:
    own = {"settings": st.just({"c": 10.0, "proposers": ["operators"]})}
    fields = {name: own[name] for name in own if name in kind.__dataclass_fields__}
    event = data.draw(st.builds(kind, **fields))
    assert event_from_json(json.loads(json.dumps(event_to_json(event)))) == event


def test_lone_surrogates_survive() -> None:
    task = Task("/p/\udcff.py", "s = '\ud800'", (), (), "/p", "python")
    assert round_trip(task) == task


def test_settings_survive() -> None:
    settings = Settings(strategy="greedy", c=2.0, proposers=("operators",))
    assert round_trip(settings) == settings


def test_what_equals_its_default_is_left_out() -> None:
    assert to_json(TestReport(())) == {"checks": []}


@pytest.mark.parametrize(
    "data",
    [None, [], {"checks": 1}, {"checks": [{}]}, {"checks": [], "seconds": "1"}, {"unknown": 1}],
)
def test_data_of_another_shape_is_refused(data: object) -> None:
    with pytest.raises(ValueError):
        from_json(TestReport, data)


@pytest.mark.parametrize("data", [{}, {"event": "Nothing"}, {"event": "Told"}])
def test_an_unknown_event_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        event_from_json(data)


def test_what_has_no_json_form_is_refused() -> None:
    with pytest.raises(TypeError, match="set has no JSON form"):
        to_json({1, 2})
