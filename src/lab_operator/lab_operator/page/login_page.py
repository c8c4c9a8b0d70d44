"""The page of who is not logged in: the stop, and a form. No framework."""

from __future__ import annotations

import html

from lab_operator.page.bar import LOCALES, bar, stop_script, style
from lab_operator.people.roles import LONGEST_NAME
from lab_operator.people.roster import LONGEST_PASSWORD
from lab_operator.words import Words


def login_page(words: Words, cell: str, wrong: str) -> str:
    """cell: its name. wrong: the sentence why somebody is not in yet; empty at first."""
    title, name, password, button = (
        html.escape(words(key)) for key in ("title", "login.name", "login.password", "login.in")
    )
    failed = f'<p class="failed" role="alert">{html.escape(wrong)}</p>' if wrong else ""
    return f"""<!doctype html><html lang="{LOCALES[words.language]}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>
<style>{style()}</style></head><body>{bar(words, cell)}
<form class="login card" method="post" action="/login?language={words.language}">
<label>{name}<input name="name" autocomplete="username" maxlength="{LONGEST_NAME}" required autofocus></label>
<label>{password}<input name="password" type="password" autocomplete="current-password"
 maxlength="{LONGEST_PASSWORD}" required></label>{failed}<button>{button}</button></form>
{stop_script()}</body></html>"""
