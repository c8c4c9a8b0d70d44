"""The bar with the stop, as plain HTML: it is there before anything else, and without anything else."""

from __future__ import annotations

import html
from pathlib import Path

from lab_operator.words import LANGUAGES, Words

_STATIC = Path(__file__).parent / "static"
LOCALES = {"en": "en", "zh_hk": "zh-Hant-HK"}


def style() -> str:
    """CSS of all pages."""
    return (_STATIC / "style.css").read_text(encoding="utf-8")


def stop_script() -> str:
    """What makes the button and the keys of the stop work, with its tags."""
    return f"<script>{(_STATIC / 'stop.js').read_text(encoding='utf-8')}</script>"


def bar(words: Words, cell: str, person: str = "") -> str:
    """cell: its name. person: who is logged in, and can log out; empty: nobody had to."""
    keys = ("title", "button.stop", "button.stop_hint", "said.stop", "said.stop_unheard")
    title, stop, hint, heard, unheard = (html.escape(words(key)) for key in keys)
    others = "".join(
        f'<a href="/?language={name}" lang="{LOCALES[name]}">{html.escape(called)}</a>'
        for name, called in LANGUAGES.items()
        if name != words.language
    )
    out = ""
    if person:
        out = (
            f'<form method="post" action="/logout"><button id="logout">{html.escape(person)} ·'
            f" {html.escape(words('login.out'))}</button></form>"
        )
    return (
        f'<header id="bar"><span class="name">{title}</span><span class="cell">{html.escape(cell)}</span>'
        f'<span class="room"></span>{out}{others}<span id="stop-said" role="alert"></span>'
        f'<button id="stop" type="button" data-heard="{heard}" data-unheard="{unheard}">{stop}'
        f"<small>{hint}</small></button></header>"
    )
