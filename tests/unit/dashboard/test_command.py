"""The dashboard's command line."""

import runpy

import pytest
from streamlit import net_util
from streamlit.runtime.pages_manager import PagesManager
from streamlit.web import cli

from footfall.dashboard import PAGE, SERVER, command
from footfall.settings import Settings


def test_listens_where_the_settings_say_and_keeps_to_itself() -> None:
    arguments = command(Settings(port_offset=7000))
    assert arguments[1:5] == ["-m", "footfall.dashboard", "run", str(SERVER)]
    for flag in (
        "--server.address=127.0.0.1",
        "--server.port=15501",
        "--server.enableCORS=true",
        "--server.enableXsrfProtection=true",
        "--browser.gatherUsageStats=false",
        "--client.showErrorDetails=none",
        "--theme.light.backgroundColor=#f7f8f6",
    ):
        assert flag in arguments


def test_every_flag_is_an_option_of_streamlit() -> None:
    from streamlit import config

    options = config.get_config_options()
    flags = [argument for argument in command(Settings()) if argument.startswith("--")]
    assert [flag for flag in flags if flag[2:].partition("=")[0] not in options] == []


def test_streamlit_makes_no_menu_of_the_folder_of_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PagesManager, "uses_pages_directory", None)
    PagesManager(str(PAGE))
    # Left alone, Streamlit would show every file of the folder as a page of its own.
    assert PagesManager.uses_pages_directory is True
    monkeypatch.setattr(PagesManager, "uses_pages_directory", None)
    monkeypatch.setattr(net_util, "get_external_ip", net_util.get_external_ip)
    monkeypatch.setattr(cli, "main", lambda **_: PagesManager(str(PAGE)))
    with pytest.raises(SystemExit):
        runpy.run_module("footfall.dashboard", run_name="__main__")
    assert PagesManager.uses_pages_directory is False
