"""A tab of a browser that is driven through WebDriver."""

from collections.abc import Callable

from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

LOOK_WITHIN_S = 40.0
POLL_S = 0.1
MAY_BE_REPLACED = [NoSuchElementException, StaleElementReferenceException]
"""The page may replace an element between two calls."""

EMOJI = "[frimousse-emoji]:not([aria-hidden] *)"
"""An emoji of the picker. The picker measures its rows with hidden ones."""


def row_path(text: str) -> str:
    """The XPath of a message's row; the text has no apostrophe."""
    return f"//article[.//*[@data-testid='bubble'][normalize-space(.)='{text}']]"


class DrivenTab:
    def __init__(self, driver: WebDriver, base_url: str) -> None:
        self.driver = driver
        self.base_url = base_url

    def open(self, path: str) -> None:
        self.driver.get(self.base_url + path)
        self.is_live()

    def reload(self) -> None:
        self.driver.refresh()
        self.is_live()

    def wait_for(self, what: str, condition: Callable[[], bool]) -> None:
        """Raises TimeoutException, whose text contains `what`."""
        wait = WebDriverWait(self.driver, LOOK_WITHIN_S, POLL_S, MAY_BE_REPLACED)
        wait.until(lambda _: condition(), f"not seen: {what}")

    def find(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def rows(self, text: str) -> list[WebElement]:
        return self.driver.find_elements(By.XPATH, row_path(text))

    def is_live(self) -> None:
        self.wait_for("a live connection", lambda: self._connection == "live")

    def is_not_live(self) -> None:
        self.wait_for("a lost connection", lambda: self._connection != "live")

    def sees(self, *texts: str) -> None:
        """Wait until each text has exactly one row."""
        self.wait_for(
            f"one row for each of {texts}", lambda: all(len(self.rows(text)) == 1 for text in texts)
        )

    def has_sent_everything(self) -> None:
        unsent = "[data-post]:not([data-post=sent])"
        self.wait_for("no unsent message", lambda: self.driver.find_elements(By.CSS_SELECTOR, unsent) == [])

    def top_px(self, text: str) -> float:
        """Where the row begins in the window."""
        [row] = self.rows(text)
        return self._top_px(row)

    def scroll_back_to(self, text: str) -> None:
        """Press Page Up until the row is in view and scrolling has ended."""
        messages = self.find("[role=log]")
        list_top_px = self._top_px(messages)
        tops_px: list[float] = []

        def is_in_view() -> bool:
            rows = self.rows(text)
            if not rows or self._top_px(rows[0]) < list_top_px:
                # WebKitGTK sends keys to the element with the focus only.
                self.driver.execute_script("arguments[0].focus()", messages)
                ActionChains(self.driver).send_keys(Keys.PAGE_UP).perform()
                return False
            tops_px.append(self._top_px(rows[0]))
            return tops_px[-2:-1] == tops_px[-1:]

        self.wait_for(f"the row of {text!r} in view", is_in_view)

    @property
    def composer(self) -> WebElement:
        return self.find("textarea")

    @property
    def draft(self) -> str:
        return str(self.composer.get_property("value"))

    @property
    def is_asked_for_a_name(self) -> bool:
        return self.driver.find_elements(By.ID, "nickname") != []

    def write(self, text: str) -> None:
        self.composer.send_keys(text, Keys.ENTER)

    def join(self, nickname: str) -> None:
        """Enter a nickname in the composer's question."""
        self.wait_for("the question for a name", lambda: self.is_asked_for_a_name)
        self.find("#nickname").send_keys(Keys.CONTROL, "a", Keys.NULL, nickname, Keys.ENTER)
        self.wait_for("the end of the question for a name", lambda: not self.is_asked_for_a_name)

    def erase_draft(self) -> None:
        self.composer.send_keys(Keys.CONTROL, "a", Keys.NULL, Keys.BACKSPACE)
        self.wait_for("an empty field", lambda: self.draft == "")

    def add_emoji(self) -> None:
        """Choose the first emoji of the picker."""
        self.find("button[aria-label=Emoji]").click()
        self.wait_for("the emoji picker", lambda: self.find(EMOJI).is_displayed())
        self.find(EMOJI).click()
        self.wait_for("the emoji in the field", lambda: self.draft != "")

    def copy_link(self) -> None:
        button = self.find("button[aria-label='Copy link']")
        button.click()
        self.wait_for("the copied link", lambda: button.text == "Link copied")

    def paste(self) -> None:
        self.composer.send_keys(Keys.CONTROL, "v")

    def react(self, text: str, label: str) -> None:
        """Click a reaction of the actions that appear on the row under the pointer."""
        [row] = self.rows(text)
        actions = row.find_element(By.CSS_SELECTOR, "[data-testid=actions]")
        ActionChains(self.driver).move_to_element(
            row.find_element(By.CSS_SELECTOR, "[data-testid=bubble]")
        ).perform()
        self.wait_for(
            "the actions of a message", lambda: actions.value_of_css_property("pointer-events") == "auto"
        )
        actions.find_element(By.CSS_SELECTOR, f"button[aria-label='React: {label}']").click()

    def has_own_reaction(self, text: str, kind: str) -> None:
        def is_pressed() -> bool:
            chip = self.driver.find_element(By.XPATH, f"{row_path(text)}//*[@data-kind='{kind}']")
            return (chip.get_attribute("aria-pressed"), chip.text) == ("true", "1")

        self.wait_for(f"the reaction {kind}", is_pressed)

    def _top_px(self, element: WebElement) -> float:
        # WebKitGTK refuses to tell the position of an element that is scrolled out of view.
        return float(self.driver.execute_script("return arguments[0].getBoundingClientRect().y", element))

    @property
    def _connection(self) -> str | None:
        return self.find("[data-connection]").get_attribute("data-connection")
