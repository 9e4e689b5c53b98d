"""Errors of the workflows' client. Each message is a sentence for the user."""

from footfall.errors import EngineUnavailable, FootfallError


class AirflowUnavailable(EngineUnavailable):
    """Airflow did not answer, or refused the login. The call may be retried."""


class AirflowRefused(FootfallError):
    """Airflow answered and refused what it was asked for. status: of HTTP."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.status = status
