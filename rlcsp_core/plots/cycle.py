"""The cycle of reinforcement learning as a picture in HTML: five cards and the arrows between them, in a ring.

State → Action → Transition
  ↑                  ↓
Policy  ←——————   Reward
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

PLACES = {
    "State": "1/1/2/2",
    "Action": "1/3/2/4",
    "Transition": "1/5/2/6",
    "Reward": "3/4/4/6",
    "Policy": "3/1/4/3",
}
ARROWS = (  # where, and what happens on the way
    ("1/2/2/3", "→", "choose"),
    ("1/4/2/5", "→", "build, relax"),
    ("2/5/3/6", "↓", "compare energies"),
    ("3/3/4/4", "←", "learn, every few steps"),
    ("2/1/3/2", "↑", "decide again"),
)
RING = '<div style="display:grid;grid-template-columns:1fr auto 1fr auto 1fr;gap:.5rem;align-items:stretch">{}</div>'
CARD = (
    '<div style="grid-area:{};border:1px solid currentColor;border-radius:.6rem;padding:.6rem .9rem">'
    "<strong>{}</strong><br>{}</div>"
)
ARROW = (
    '<div style="grid-area:{};place-self:center;text-align:center;line-height:1.2">'
    '<span aria-hidden="true" style="font-size:1.6rem">{}</span><br><small>{}</small></div>'
)


def cycle(words: Mapping[str, str]) -> str:
    """`words` says what each of the five is; in the order of the cycle, which a screen reader follows."""
    cards = [CARD.format(PLACES[term], term, escape(text)) for term, text in words.items()]
    return RING.format("".join(cards + [ARROW.format(*arrow) for arrow in ARROWS]))
