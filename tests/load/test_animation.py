import io

import pytest
from PIL import Image

from tests.browser.animation import Frame, TooLarge, animated, durations_ms


def frame(colour: str, at_s: float) -> Frame:
    picture = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(picture, "PNG")
    return Frame(picture.getvalue(), at_s)


FRAMES = [frame("red", 0.0), frame("green", 0.6), frame("blue", 1.8)]


def test_each_frame_is_shown_until_the_next_one_and_the_last_until_the_end() -> None:
    assert durations_ms(FRAMES, end_s=3.0, speed=2) == [300, 600, 600]


def test_the_animation_has_all_frames_and_repeats() -> None:
    opened = Image.open(io.BytesIO(animated(FRAMES, end_s=3.0, speed=2)))
    assert (opened.format, getattr(opened, "n_frames", 1), opened.info["loop"]) == ("WEBP", 3, 0)
    opened.seek(1)
    assert opened.convert("RGB").getpixel((20, 15)) == pytest.approx((0, 128, 0), abs=12)


def test_an_animation_that_is_too_large_in_every_quality_is_refused() -> None:
    with pytest.raises(TooLarge, match="fewer or smaller frames"):
        animated(FRAMES, end_s=3.0, speed=2, max_bytes=10)
