"""Damage: texts, bytes and JSON as they would be after an accident, or from somebody who tries things out.

RLCSP_FUZZ=20 makes twenty times as many examples; by default they are few and always the same.
"""

import copy
import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

FACTOR = int(os.environ.get("RLCSP_FUZZ", "1"))
WORDS = (
    "NaN",
    "-1",
    "1e999",
    "99999999999999999999",
    "loop_",
    "''",
    '"',
    "[",
    "]]",
    "{",
    "\0",
    "é",
    "_cell_length_a",
)

LEAVES = (
    st.none() | st.booleans() | st.integers(-3, 2**70) | st.floats() | st.text(max_size=8)
)  # JSON as Python reads it, NaN included
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner)
)


def bounded(examples):
    """Settings of a test with this many examples."""
    unlimited = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    return settings(
        max_examples=examples * FACTOR,
        derandomize=FACTOR == 1,
        deadline=None,
        database=None,
        suppress_health_check=unlimited,
    )


@st.composite
def damaged_text(draw, text):
    """`text` with some stretches cut out, doubled, or written over."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 60)))
        put = draw(st.sampled_from(WORDS) | st.text(max_size=6) | st.just(text[start:end] * 2) | st.just(""))
        text = text[:start] + put + text[end:]
    return text


@st.composite
def damaged_bytes(draw, content):
    """`content` with some bytes changed, or cut short."""
    changed = bytearray(content)
    for _ in range(draw(st.integers(1, 6))):
        changed[draw(st.integers(0, len(changed) - 1))] = draw(st.integers(0, 255))
    return bytes(changed[: draw(st.integers(0, len(changed)))]) if draw(st.booleans()) else bytes(changed)


@st.composite
def damaged_json(draw, value):
    """`value` with one or two of its parts left out or replaced."""
    whole = [copy.deepcopy(value)]
    for _ in range(draw(st.integers(1, 2))):
        holder, key = whole, 0
        while isinstance(holder[key], dict | list) and holder[key] and draw(st.integers(0, 5)):
            holder = holder[key]
            keys = sorted(holder) if isinstance(holder, dict) else range(len(holder))
            key = draw(st.sampled_from(keys))
        if holder is not whole and draw(st.booleans()):
            del holder[key]
        else:
            holder[key] = draw(JSON)
    return whole[0]


def is_sentence(error, *words):
    """A refusal for a reader: it says something, and these words."""
    text = str(error)
    assert text
    assert "Traceback" not in text
    assert all(word in text for word in words)


@st.composite
def altered_json(draw, value):
    """`value` with one of its numbers replaced by another of its kind: damage that looks right."""
    whole = [copy.deepcopy(value)]
    holder, key = whole, 0
    while isinstance(holder[key], dict | list) and holder[key]:
        holder = holder[key]
        key = draw(st.sampled_from(sorted(holder) if isinstance(holder, dict) else range(len(holder))))
    if isinstance(holder[key], int | float) and not isinstance(holder[key], bool):
        holder[key] = draw(st.integers(-3, 300) if isinstance(holder[key], int) else st.floats(-1e3, 1e3))
    return whole[0]
