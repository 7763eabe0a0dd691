"""Strategies of texts that strain a program: nesting, marks, joiners, long words, both directions, Markdown, URLs."""

from typing import Final

from hypothesis import strategies as st

_PIECES: Final = (
    *">*_`~#[]()!|<&\\-+ \n\t\r\"'",
    *("\u0301", "\u0316", "\u20dd", "\ufe0f", "\u3099", "\u0f73", "\u200d", "\u200c", "\u2060", "\u3164"),
    *(
        "\u202e",
        "\u2066",
        "\u200f",
        "א",
        "ب",
        "👩",
        "🏴\U000e0067",
        "𝄞",
        "e\u0301",
        "각",
        "\u1100\u1161\u11a8",
        "ﷺ",
    ),
    *(
        "**",
        "__",
        "``",
        "```\n",
        "[a](",
        "](b)",
        "![",
        "<a ",
        "&#x",
        "1. ",
        "  - ",
        "https://",
        "www.",
        "@",
        "|--|",
    ),
    *("\0", "\x1b", "\x85", "\u2028", "\ufeff", "\ufffe", "x" * 500),
)

HOSTILE_TEXTS: Final = st.lists(
    st.tuples(st.sampled_from(_PIECES) | st.text(max_size=4), st.integers(1, 4_100)), min_size=1, max_size=6
).map(lambda runs: "".join(piece * times for piece, times in runs)[:16_100])
"""Up to six runs of one repeated piece, at most a little longer than a message's raw text may be."""
