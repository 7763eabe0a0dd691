"""Names and lines of the demo's crowd: the chat of a concert in three languages. Nobody in it is real."""

from itertools import pairwise
from typing import Final, NamedTuple

ANSWER: Final = "↳ "
"""Begins a line that answers the line above it."""

_NAMES: Final = {
    "en": "Mina K, Tomás, Ada, Kofi, Léa, Bjørn, Priya, Zoë, Omar, Nell, Sam B, Inês",
    "ko": "지우, 민준, 서연, 하늘이, 도윤, 봄날, 유나, 밤샘중, 소담, 라온, 은채, 귤한박스",
    "ja": "さくら, 葵, はると, みかん, ゆい, そら, 夜更かし, りん, たけ, ことり, なぎ, まめ",
}

_LINES: Final = {
    "en": """
hello from the back row
first time here, hi all
what a moment
did you see that?!
again, again!
that was the best one yet
the lights just went down
I can hear my neighbours singing along
louder please
who is watching from where?
↳ good evening from the night shift
my cat left the room at the bass drop
that high note was unreal
how does she hold it that long
goosebumps
wait, is that the new stage?
the drummer never misses
one more song, please
I was making tea, what did I miss?
↳ you missed everything
my sound went right at the chorus
↳ works for me, try a reload
okay it is back
this is the one I came for
the whole street must hear me
my hands hurt from clapping
who picked this outfit, I want it
two minutes left, please do not end
was that a wrong note?
↳ no, it goes like that on the record
can we talk about that bridge?
I did not expect to cry tonight
↳ me neither, and here we are
somebody check on the guitarist
that smile at the camera though
encore! encore!
is this the last one?
↳ no, there are three more on the list
I have work in four hours and no regrets
hi mum, I am on the internet
turn around, behind you!
↳ he saw them!
ten out of ten
this chat is moving too fast for me
↳ slow down, I am still reading the last joke
the crowd tonight is something else
I brought my sister and now she is louder than me
that light show though
calling it now: they keep the old one for last
↳ do not jinx it
my popcorn is gone and we are only halfway
new here, what is the song called?
↳ third track of the new record
thank you, stranger
somebody clip that
I watched that solo five times and I still cannot tell where the second guitar comes from
it has been a long week and this is the first hour in which I have not thought about it once
good night everyone
same time next week?
↳ see you there
what a night
👏👏👏
🔥🔥
😂
""",
    "ko": """
맨 뒷줄에서 인사드려요
처음 왔어요 안녕하세요
와 방금 봤어요?
여기 정말 뜨겁네요
한 번만 더!
지금까지 중에 최고다
불 꺼졌다
옆집에서도 따라 부르는 중
소리 더 크게요
다들 어디서 보고 계세요?
↳ 야근하면서 보는 중입니다
고양이가 놀라서 도망갔어요
방금 고음 뭐예요
저걸 끝까지 끄네
소름 돋았어요
저거 새 무대 맞죠?
드럼 진짜 안 틀린다
앙코르 한 곡만요
물 마시고 왔는데 뭐 놓쳤어요?
↳ 전부 다 놓치셨어요
후렴에서 소리가 끊겼어요
↳ 저는 잘 나와요 새로고침해 보세요
돌아왔다 감사합니다
이 노래 들으려고 왔어요
동네 사람들 다 듣겠네
박수 치다가 손 아파요
저 옷 어디 건가요
2분 남았다 끝나지 마
방금 음 틀린 거 아니에요?
↳ 원래 그렇게 부르는 노래예요
브리지 부분 미쳤다
오늘 울 줄은 몰랐는데
↳ 저도요 같이 울어요
기타 치시는 분 괜찮으세요?
카메라 보고 웃는 거 봤어요?
앙코르! 앙코르!
이게 마지막 곡이에요?
↳ 아니요 세 곡 더 남았어요
네 시간 뒤에 출근인데 후회 없음
엄마 나 채팅 나왔어
뒤에 봐 뒤에!
↳ 봤다 봤다
10점 만점에 10점
채팅 너무 빨라서 못 읽겠어요
↳ 천천히 좀 가요 아직 읽는 중
오늘 관객들 분위기 장난 아니다
동생 데려왔는데 저보다 더 시끄러워요
조명 진짜 예쁘다
마지막은 그 옛날 노래일 듯
↳ 그런 말 하면 꼭 안 하던데
과자 다 먹었는데 아직 절반이네
처음이라 그런데 이 노래 제목이 뭐예요?
↳ 이번 앨범 세 번째 곡이에요
알려 주셔서 감사해요
누가 방금 그거 저장해 주세요
솔로 다섯 번 돌려 봤는데 두 번째 기타가 어디서 나오는지 아직도 모르겠어요
이번 주 내내 힘들었는데 한 시간 동안 아무 생각도 안 하고 웃었네요
다들 수고하셨습니다
다음 주에도 같은 시간이죠?
↳ 그때 봬요
오늘 최고였다
ㅋㅋㅋㅋㅋㅋ
👏👏👏
😭😭
""",
    "ja": """
一番後ろの席からこんばんは
初見です、よろしくお願いします
今の見た?
盛り上がってきた
もう一回!
今日一番よかった
照明が落ちた
隣の部屋の人も歌ってる
もっと音大きくして
みんなどこから見てる?
↳ 夜勤しながら見てます
猫がびっくりして逃げた
今の高音すごすぎる
あんなに伸ばせるの?
鳥肌立った
あれ新しいステージだよね?
ドラム全然ぶれない
あと一曲だけお願い
お茶いれてた、何があった?
↳ 全部見逃してるよ
サビで音が切れた
↳ こっちは大丈夫、再読み込みしてみて
戻った、ありがとう
この曲を聴きに来た
近所じゅうに聞こえてそう
拍手しすぎて手が痛い
あの衣装かわいい
あと二分、終わらないで
今の音、外した?
↳ もともとああいう曲だよ
間奏が最高
今日泣くとは思わなかった
↳ 私も、一緒に泣こう
ギターの人だいじょうぶ?
カメラに笑ってくれた
アンコール!アンコール!
これが最後の曲?
↳ ううん、あと三曲あるよ
四時間後に仕事だけど後悔なし
お母さん、見てる?
後ろ、後ろ!
↳ 気づいた、気づいた
十点満点
チャットが速くて読めない
↳ もう少しゆっくり、まだ前の冗談を読んでる
今日のお客さんすごいね
妹を連れてきたら私よりうるさい
照明きれい
最後は昔のあの曲だと思う
↳ そう言うとやらないやつ
お菓子なくなったのにまだ半分
初めてなんですが、この曲の名前は?
↳ 新しいアルバムの三曲目
教えてくれてありがとう
誰か今の録画してない?
ソロを五回見直したけど、二本目のギターがどこで鳴っているのかまだわからない
今週ずっと大変だったけど、この一時間は何も考えずに笑っていられた
みなさんお疲れさまでした
来週も同じ時間?
↳ また来週
最高の夜だった
888888
👏👏👏
😭
""",
}


class Person(NamedTuple):
    name: str
    language: str


def _people() -> tuple[Person, ...]:
    """Everybody; languages take turns, so that also the first few people speak all of them."""
    rows = zip(*(names.split(", ") for names in _NAMES.values()), strict=True)
    return tuple(Person(name, language) for row in rows for name, language in zip(row, _NAMES, strict=True))


def _answers(text: str) -> dict[str, str]:
    rows = text.strip().splitlines()
    pairs = pairwise(rows)
    return {line: answer.removeprefix(ANSWER) for line, answer in pairs if answer.startswith(ANSWER)}


PEOPLE: Final = _people()

LINES: Final = {
    language: tuple(line for line in text.strip().splitlines() if not line.startswith(ANSWER))
    for language, text in _LINES.items()
}
"""What people say by themselves, by language."""

ANSWERS: Final = {language: _answers(text) for language, text in _LINES.items()}
"""What others answer to some of these lines."""
