"""The auditor's page in a real browser: filter, sort, language, print, a narrow screen, the keyboard.

`make test-browser` runs it: it wants Chromium and its driver (Debian: apt-get install chromium chromium-driver).
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from ops.coverage.page import COLUMNS, Evidence, render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

webdriver = pytest.importorskip("selenium.webdriver", reason="make test-browser installs it")
CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="no Chromium here: apt-get install chromium chromium-driver"
)

Open = Any
STATES = ("covered", "differs", "broken", "missing", "unsupported", "waiting", "excluded")
REASONS = {"broken": "disabled", "differs": "another topic", "waiting": "not attached to an instance yet"}


def evidence(number: int, **changes: Any) -> Evidence:
    """An account of two regions whose interfaces go through all states in turn."""
    rows = [
        dict.fromkeys(COLUMNS, "")
        | {
            "region": ("ap-guangzhou", "ap-shanghai")[index % 2],
            "vpc_id": f"vpc-{index % 5:08d}",
            "interface_id": f"eni-{index:08d}",
        }
        | {"state": STATES[index % 7], "reason": REASONS.get(STATES[index % 7], ""), "enabled": index % 7 == 0}
        for index in range(number)
    ]
    counts = {state: sum(row["state"] == state for row in rows) for state in STATES}
    coverage = [{"region": "ap-guangzhou", "vpc_id": "vpc-00000000", "interfaces": number, **counts}]
    given: dict[str, Any] = {
        "account": "100000000001", "taken_at": "2026-11-24 10:00:00 UTC", "covered": False,
        "settings": {"FLOWLOG_TRAFFIC_TYPE": "ALL"},
        "scope": ["ap-guangzhou", "ap-shanghai"], "unlisted": {}, "coverage": coverage, "interfaces": rows,
    }  # fmt: skip
    return Evidence(**given | changes)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A headless Chromium, which asks nobody for anything."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (
        "headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking",
        "disable-component-update", "disable-sync", f"user-data-dir={tmp_path_factory.mktemp('profile')}", "lang=en-US",
    ):  # fmt: skip
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with webdriver.Chrome(options, webdriver.ChromeService(DRIVER)) as running:
        yield running


@pytest.fixture
def page(browser: Any, tmp_path: Path) -> Callable[..., Any]:
    """Open the page of some evidence, at a width."""

    def show(given: Evidence, width: int = 1280) -> Any:
        file = tmp_path / "page.html"
        file.write_text(render(given), "utf-8")
        browser.set_window_size(width, 900)
        browser.get(file.as_uri())
        return browser

    return show


def of(browser: Any, selector: str) -> Any:
    return browser.find_element("css selector", selector)


def ids(browser: Any) -> list[str]:
    place = COLUMNS.index("interface_id") + 1
    return [cell.text for cell in browser.find_elements("css selector", f"#rows td:nth-child({place})")]


def choose(browser: Any, selector: str, value: str) -> None:
    browser.execute_script(
        "const box = document.querySelector(arguments[0]);"
        "const option = [...box.options || []].find(one => one.dataset.text === arguments[1]);"
        "box.value = option ? option.value : arguments[1]; box.dispatchEvent(new Event('input', {bubbles: true}))",
        selector, value,
    )  # fmt: skip


def test_filters_by_state_region_vpc_and_text(page: Callable[..., Any]) -> None:
    """What is left is what was asked for, and the count says how many."""
    browser = page(evidence(70))
    choose(browser, "#f-state", "missing")
    assert ids(browser) == [f"eni-{index:08d}" for index in range(3, 70, 7)]
    choose(browser, "#f-region", "ap-shanghai")
    assert ids(browser) == [f"eni-{index:08d}" for index in range(3, 70, 14)]
    choose(browser, "#f-vpc", "vpc-00000003")
    assert ids(browser) == ["eni-00000003"]
    assert of(browser, "#count").text == "1 of 70 interfaces"
    of(browser, "button[type=reset]").click()
    browser.execute_async_script("setTimeout(arguments[0])")
    choose(browser, "#f-text", "ENI-0000004")
    assert ids(browser) == [f"eni-{index:08d}" for index in range(40, 50)]


def test_sorts_by_a_column_with_the_keyboard(page: Callable[..., Any]) -> None:
    """A column's head is a button: the first press sorts up, the second down, and assistive technology is told."""
    browser = page(evidence(14))
    head = of(browser, "[data-column=interface_id]")
    head.send_keys("\n")
    assert ids(browser) == sorted(ids(browser))
    browser.switch_to.active_element.send_keys("\n")
    assert ids(browser) == sorted(ids(browser), reverse=True)
    assert of(browser, "th[aria-sort=descending]").text.startswith("Interface")


def test_speaks_chinese_when_asked(page: Callable[..., Any]) -> None:
    """States, reasons, heads and the answer; and back."""
    browser = page(evidence(7))
    of(browser, "#language").click()
    text = of(browser, "body").text
    for word in ("未全部覆盖", "缺失", "流日志已停用", "未绑定实例", "投递到其他日志主题", "共 7 个"):
        assert word in text
    assert of(browser, "html").get_attribute("lang") == "zh-CN"
    of(browser, "#language").click()
    assert "Not all covered" in of(browser, "body").text


def test_prints_every_row(page: Callable[..., Any]) -> None:
    """The screen shows some hundred rows at a time, paper all that were found, without the form."""
    browser = page(evidence(1_000))
    assert len(ids(browser)) < 1_000
    printed = browser.execute_cdp_cmd("Page.printToPDF", {})["data"]
    assert len(printed) > 10_000
    assert len(ids(browser)) == 1_000
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert not of(browser, "#filter").is_displayed()
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "screen"})


def test_fits_a_narrow_screen(page: Callable[..., Any]) -> None:
    """On a telephone the page itself does not scroll sideways; its tables do."""
    browser = page(evidence(50), width=500)
    wide, window = browser.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
    assert wide <= window


def test_asks_nobody_and_runs_nothing_from_outside(page: Callable[..., Any]) -> None:
    """A name that holds markup is shown as it is; no request leaves, and the browser's log stays empty."""
    hostile = "</script><script>document.title='owned'</script><img src=x onerror=alert(1)>"
    browser = page(evidence(7, account=hostile, interfaces=[dict.fromkeys(COLUMNS, hostile) | {"state": "missing"}]))
    assert "owned" not in browser.title or hostile in browser.title
    assert of(browser, "#rows td").text == hostile
    assert browser.execute_script("return performance.getEntriesByType('resource').length") == 0
    assert [line for line in browser.get_log("browser") if line["level"] == "SEVERE"] == []


def test_the_figures_of_twenty_thousand_interfaces(
    page: Callable[..., Any], record_property: Callable[[str, object], None]
) -> None:
    """The size of the page, and how long a filter takes in it, which is shown and not judged."""
    given = evidence(20_000)
    size = len(render(given).encode())
    took = page(given).execute_script(
        "const took = []; for (const text of ['eni-0001', 'missing', 'disabled', 'vpc-00000003', '']) {"
        "document.querySelector('#f-text').value = text; const began = performance.now(); find();"
        "document.body.offsetHeight; took.push(performance.now() - began); } return Math.max(...took)"
    )
    record_property("bytes", size)
    print(f"\nthe page of 20,000 interfaces: {size / 1e6:.2f} MB; the slowest of five filters, drawn: {took:.0f} ms")
    assert size < 5_000_000
