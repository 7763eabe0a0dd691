"""What to look at in each phase of the demo, in the room and in the control room, in three languages."""

from collections.abc import Mapping
from typing import Final

CAPTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "quiet": {
        "en": "A few people talk. Each message appears at once. Write one, too."
        " In /ops, the room has a few viewers and its heat is calm.",
        "ko": "몇 사람이 이야기합니다. 글은 바로 나타납니다. 직접 써 보세요."
        " /ops에서는 이 방을 몇 사람이 보고 있고 열기는 잔잔합니다.",
        "ja": "数人が話しています。投稿はすぐに現れます。書いてみてください。"
        " /ops では、このルームの視聴者は少なく、熱さは穏やかです。",
    },
    "filling": {
        "en": "A crowd arrives. Watch the number of people in the header, and the rows, which turn compact."
        " In /ops, the viewers and posts of the room grow, and so do the charts.",
        "ko": "사람들이 몰려옵니다. 위쪽의 사람 수와 촘촘해지는 줄을 보세요."
        " /ops에서는 이 방의 시청자와 글, 그리고 차트가 올라갑니다.",
        "ja": "大勢が入ってきます。上の人数と、詰まっていく行を見てください。"
        " /ops では、このルームの視聴者と投稿、そしてグラフが伸びます。",
    },
    "hot": {
        "en": "Everybody reloads, and the room turns hot: the header says so. Many reloads are refused with 429,"
        " but messages, reactions and your own posts still arrive at once."
        " In /ops, the room comes first with `fetches limited`, and the first chart shows the refused fetches.",
        "ko": "모두 새로고침해서 방이 핫해지고, 위쪽에 표시됩니다. 많은 새로고침이 429로 거절되지만"
        " 글과 반응, 내 글은 그대로 바로 도착합니다."
        " /ops에서는 이 방이 맨 위에 오고, 첫 차트에 거절된 요청이 보입니다.",
        "ja": "全員が再読み込みし、ルームが混み合います。上に表示されます。多くの再読み込みは 429 で断られますが、"
        "投稿とリアクションはすぐに届きます。"
        " /ops では、このルームが先頭に来て、最初のグラフに拒否された取得が見えます。",
    },
    "leaving": {
        "en": "The crowd leaves. The mark in the header goes away a few seconds after the reloads."
        " In /ops, the charts fall, and the room is no longer limited.",
        "ko": "사람들이 떠납니다. 새로고침이 끝나고 몇 초 뒤 위쪽 표시가 사라집니다."
        " /ops에서는 차트가 내려가고 방의 제한이 풀립니다.",
        "ja": "大勢が去ります。再読み込みの数秒後に、上の印が消えます。"
        " /ops では、グラフが下がり、ルームの制限が解けます。",
    },
    "after": {
        "en": "Quiet again. Scroll back: every accepted message is there, in order."
        " In /ops, the threshold is the earlier one again after the show; `What you did` lists both changes.",
        "ko": "다시 조용합니다. 위로 올려 보세요. 받아들인 글이 모두 순서대로 있습니다."
        " /ops에서는 쇼가 끝나면 기준이 원래대로 돌아가고, ‘내가 한 일’에 두 변경이 남습니다.",
        "ja": "また静かになりました。上にスクロールしてください。受け付けた投稿がすべて順番どおりにあります。"
        " /ops では、終了後にしきい値が元に戻り、「運営者の操作」に 2 つの変更が残ります。",
    },
}
"""By phase and language."""

LANGUAGES: Final = ("en", "ko", "ja")


def language_of(env: Mapping[str, str]) -> str:
    """The language of the terminal; English if it is none of LANGUAGES."""
    locale = env.get("LC_ALL") or env.get("LC_MESSAGES") or env.get("LANG") or ""
    return locale[:2] if locale[:2] in LANGUAGES else "en"
