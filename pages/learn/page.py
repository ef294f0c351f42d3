"""How it works: build a crystal, change it, relax it, see a step's numbers, play against the agent."""

import streamlit as st

from pages.common.errors import show_errors
from pages.common.url import choice, turn
from pages.learn.bench import act_chapter, build_chapter, relax_chapter
from pages.learn.game import play_chapter
from pages.learn.steps import decision_chapter, numbers_chapter

CHAPTER = "chapter"  # in the URL
CHAPTERS = {
    "decide": ("1 · The problem", decision_chapter),
    "build": ("2 · Build", build_chapter),
    "act": ("3 · Act", act_chapter),
    "relax": ("4 · Relax", relax_chapter),
    "learn": ("5 · Reward and learn", numbers_chapter),
    "play": ("6 · Play", play_chapter),
}

st.title("Learn")
chapter = choice("Chapter", {key: title for key, (title, _) in CHAPTERS.items()}, CHAPTER, visible=False)
with show_errors():
    CHAPTERS[chapter][1]()

order = list(CHAPTERS)
here = order.index(chapter)
with st.container(horizontal=True, horizontal_alignment="distribute"):
    for label, icon, at in (("Previous", "arrow_back", here - 1), ("Next", "arrow_forward", here + 1)):
        if 0 <= at < len(order):
            title = CHAPTERS[order[at]][0]
            st.button(
                f"{label}: {title}", icon=f":material/{icon}:", on_click=turn, args=(CHAPTER, order[at])
            )
