"""What prose says when code holds a certain token: names and docstrings against operators and calls."""

from __future__ import annotations

MEANINGS: tuple[tuple[str, str], ...] = (
    ("max >", r"max|larg|great|high|most|more|longest|above|bigg|exceed|last"),
    ("min <", r"min|small|least|low|less|few|short|below|under"),
    (">= <=", r"at least|at most|or equal|inclusive|no more|not less|within"),
    ("sum + +=", r"sum|add|total|plus|concat|combin|join"),
    ("- -= abs", r"differ|subtract|minus|distance|absolute|remain|between"),
    ("* *=", r"product|multipl|times|factorial|area|volume"),
    ("/ //", r"divi|average|mean|half|ratio|quotient|per "),
    ("% ", r"modul|remainder|even|odd|divis|multiple"),
    ("** **=", r"power|square|cube|expon"),
    ("sorted sort", r"sort|order|ascending|descending|rank"),
    ("reverse reversed [::-1]", r"revers|backward|descending|palindrom|decreas"),
    ("set", r"unique|distinct|duplicat|different|once"),
    ("len", r"length|number of|count|how many|size"),
    ("lower casefold", r"lower|case|vowel"),
    ("upper title capitalize", r"upper|capital|case|vowel"),
    ("swapcase", r"swap|toggle|invert|opposite"),
    ("casefold", r"fold|caseless|insensitive"),
    ("strip", r"strip|trim|space|blank"),
    ("split", r"word|split|separat|token"),
    ("abs", r"absolute|magnitude|distance"),
    ("round", r"round|decimal|nearest"),
    ("and all", r"both|all|every|each"),
    ("or any", r"either|any|or "),
    ("not !=", r"not|different|except|other than|without"),
    ("True", r"true|if and only|whether|check"),
    ("False", r"false|otherwise|whether|check"),
    ("[]", r"empty|list"),
    ("None", r"none|nothing|no such|missing"),
    ("0 1", r"start|first|zero|one|index"),
)
"""Tokens of code, and a pattern of the words that speak of them in prose."""
