"""The dashboard's command line."""

from footfall.dashboard import APP, command
from footfall.settings import Settings


def test_listens_where_the_settings_say_and_keeps_to_itself() -> None:
    arguments = command(Settings(port_offset=7000))
    assert arguments[1:5] == ["-m", "footfall.dashboard", "run", str(APP)]
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
