"""Texts of at most 4,000 code points that are valid, or nearly so, and expensive to render or check."""

from typing import Final

FAMILY: Final = "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
MARKS: Final = "a" + "\u0301" * 8_000 + "\u0316" * 8_000
"""Refused for its length; canonical ordering of its marks is quadratic."""

HOSTILE_TEXTS: Final[dict[str, str]] = {
    "3,990 quotes": ">" * 3_990,
    "spaced quotes": "> " * 1_990 + "x",
    "quotes and lists in turn": "> - " * 990 + "x",
    "nested lists": "\n".join(" " * depth + "- x" for depth in range(80)),
    "nested emphasis": "*" * 1_999 + "x" + "*" * 1_999,
    "unclosed emphasis": "**a *b " * 570,
    "short emphasis": "_a_" * 1_330,
    "mixed emphasis": "*_~`" * 990,
    "open brackets": "[" * 3_990,
    "open links": "[x](" * 990,
    "images": "![" * 1_990,
    "backticks": "`" * 3_990,
    "growing backticks": " ".join("`" * length for length in range(1, 85)),
    "open code block": "```\n" + "x" * 3_980,
    "angle brackets": "<" * 3_990,
    "open tags": "<a href=" * 490,
    "entities": "&amp;" * 790,
    "backslashes": "\\" * 3_990,
    "tables": "|a" * 1_990 + "\n" + "|-" * 10,
    "headings": "# " * 1_990,
    "numbered lists": "1. " * 1_330 + "x",
    "rules": "---\n" * 990,
    "links": "http://a.example/ " * 220,
    "one long link": "https://a.example/" + "a" * 3_970,
    "link in brackets": "[https://bank.example](https://evil.example/https://bank.example)",
    "at signs": "a@b." * 990,
    "mentions": "@mallory " * 440,
    "emoji": "\U0001f389" * 3_990,
    "families": FAMILY * 560,
    "flags": "\U0001f1f0" * 3_990,
    "joiners": "\u200d" * 1_990 + "x" + "\u200d" * 1_990,
    "marks in runs of 30": ("a" + "\u0301" * 29) * 133,
    "marks in one run": "a" + "\u0301" * 3_990,
    "marks out of order": "a" + "\u0316\u0301" * 1_990,
    "Hangul letters": "\u1112\u1161\u11ab" * 1_330,
    "right to left": "\u0627\u0644" * 1_990,
    "direction overrides": "\u202e\u202d" * 1_990 + "x",
    "one long word": "w" * 3_990,
    "lines": "x\n" * 1_990,
    "spaces": "x" + " " * 3_980 + "x",
    "Tibetan stack": "\u0f40" + "\u0f71\u0f74" * 1_990,
    "fullwidth": "\uff21\ufdfa" * 1_990,
}
