"""Hostile texts that the tests of the frontend and of the servers share."""

import json
from pathlib import Path
from typing import Final

_HOSTILE: Final = Path(__file__).parent.parent / "contract" / "hostile_texts.json"


def hostile_texts() -> dict[str, str]:
    """Texts of up to 4,000 code points, by name, that are expensive for some parser or renderer of Markdown."""
    parts: dict[str, list[tuple[str, int]]] = json.loads(_HOSTILE.read_text(encoding="utf-8"))
    return {name: "".join(unit * times for unit, times in repeated) for name, repeated in parts.items()}
