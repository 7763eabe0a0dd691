"""Finds links in a text, including those that are written to be copied: `example[.]com`, `example。com`, `hxxps://`.

A bare domain counts with a common ending, or with any ending and a path. Endings that are English words (`me`, `it`) or
usual endings of file names (`py`, `md`) count with a path only: `like this.it works`, `main.py`.
Every link of the page is found, see frontend/src/lib/text/addresses.ts.
"""

import re
from typing import Final

from chat_server.text.folding import AMBIGUOUS

_ENDINGS: Final = (
    "ai app asia au bet biz br ca casino cc ch click club cn co com de dev edu es eu fr fun gg gov info io jp kr link "
    "live ltd ly mil mobi monster name net news ng nl onion online org page pl porn pro ru sale sex shop site space "
    "store stream tech tk top tube tv tw ua uk vip vn website wiki win work world ws wtf xxx xyz"
)
_SHOWN: Final = re.compile(r"(?<![A-Za-z0-9@/.-])(?:www\.|mailto:)[^\s.]", re.IGNORECASE)
"""Searched in the text before it is folded: the page makes a link of `éwww.example`, but not of `ewww.example`."""

_WEB: Final = re.compile(r"h(?:tt|xx)ps?:\s?//")
_SCHEME: Final = re.compile(
    r"(?<![a-z])(?:https?|hxxps?|ftp|tg|magnet|javascript|discord|mailto):\s?(?://|\?|[a-z])"
)
_WWW: Final = re.compile(r"(?<!\w)www\d?\.\w")
_DOMAIN: Final = re.compile(rf"(?<=\w)\.(?:{'|'.join(_ENDINGS.split())})(?![\w-])")
_PATH: Final = re.compile(r"(?<=\w)\.[a-z]{2,24}(?::\d{1,5})?/\w")
_ADDRESS: Final = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5}|/\w)")

_MAYBE_IN_ASCII: Final = re.compile(r"(?i:www\.)|\.[\w*`~]|:|[\[({][\s.dD]")
"""As _MAYBE, before folding and with the signs that format a text."""

_MAYBE: Final = re.compile(r"\.\w|:|[\[({][\s.d]|[\u3002\uff61\u00b7\u2022\u2027\u2219\u22c5\u06d4]")
"""Every text with a link has this, and few others do."""

_DOT: Final = re.compile(
    r"\s?[\[({]\s?(?:\.|dot)\s?[\])}]\s?|[\u3002\uff61\u00b7\u2022\u2027\u2219\u22c5\u06d4]"
)


def may_have_link(text: str) -> bool:
    """Whether an ASCII text that is not folded needs `has_link`."""
    return _MAYBE_IN_ASCII.search(text) is not None


def has_link(text: str, folded: str) -> bool:
    """Whether the normalised text has a link. Linear: no pattern has nested repeats."""
    if _SHOWN.search(text):
        return True
    if not _MAYBE.search(folded):
        return False
    folded = _DOT.sub(".", folded)
    readings = (
        [folded.replace(AMBIGUOUS, "i"), folded.replace(AMBIGUOUS, "l")] if AMBIGUOUS in folded else [folded]
    )
    return any(pattern.search(each) for each in readings for pattern in _PATTERNS)


_PATTERNS: Final = (_WEB, _SCHEME, _WWW, _DOMAIN, _PATH, _ADDRESS)
