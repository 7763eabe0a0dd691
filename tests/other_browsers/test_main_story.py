"""The main story in browsers other than Chromium: enter, chat, react, reload, and servers that are killed."""

from selenium.webdriver.common.keys import Keys

from tests.other_browsers.driven_tab import DrivenTab
from tests.support.chat_stack import ROOT, ChatStack
from tests.support.people import Person

LAYOUT_FAULTS = (ROOT / "tests" / "browser" / "layout_faults.js").read_text()


async def test_a_user_enters_chats_reacts_and_reloads_and_a_killed_server_loses_nothing(
    tab: DrivenTab, stack: ChatStack, ann: Person
) -> None:
    room = (await ann.make_room())["id"]
    await ann.post(room, "hello from Ann")
    tab.open(f"/rooms/{room}")
    tab.sees("hello from Ann")

    tab.copy_link()
    tab.paste()
    tab.wait_for("the link in the field", lambda: tab.draft == f"{stack.chat_url}/rooms/{room}")
    tab.erase_draft()

    one_line_px = tab.composer.size["height"]
    tab.composer.send_keys("one", Keys.SHIFT, Keys.ENTER, Keys.SHIFT, "two")
    tab.wait_for("a taller field", lambda: tab.composer.size["height"] > one_line_px)
    tab.erase_draft()
    tab.wait_for("the field of one line", lambda: tab.composer.size["height"] == one_line_px)

    tab.add_emoji()
    emoji = tab.draft
    tab.write(" from a new user")
    tab.join("Bob")
    first = f"{emoji} from a new user"
    tab.sees(first)
    tab.has_sent_everything()
    await ann.post(room, "an answer")
    tab.sees("an answer")
    tab.react("hello from Ann", "Love")
    tab.has_own_reaction("hello from Ann", "heart")
    assert tab.driver.execute_script(f"return ({LAYOUT_FAULTS})()") == []

    tab.composer.send_keys("after the")
    tab.reload()
    tab.wait_for("the draft after the reload", lambda: tab.draft == "after the")
    tab.sees("hello from Ann", first, "an answer")
    tab.has_own_reaction("hello from Ann", "heart")
    tab.write(" reload")
    tab.sees("after the reload")
    assert not tab.is_asked_for_a_name
    tab.has_sent_everything()

    [chat_server] = stack.chat_servers
    chat_server.kill()
    tab.write("while chat_server is killed")
    tab.sees("while chat_server is killed")
    chat_server.start_and_wait()
    tab.has_sent_everything()

    [publish_server] = stack.publish_servers
    publish_server.kill()
    tab.is_not_live()
    await ann.post(room, "while publish_server is killed")
    publish_server.start_and_wait()
    tab.sees("while publish_server is killed")
    tab.is_live()

    texts = [
        "hello from Ann",
        first,
        "an answer",
        "after the reload",
        "while chat_server is killed",
        "while publish_server is killed",
    ]
    tab.sees(*texts)
    stored = await ann.get(f"/api/v1/rooms/{room}/messages")
    assert [message["text"] for message in stored["messages"]] == texts
