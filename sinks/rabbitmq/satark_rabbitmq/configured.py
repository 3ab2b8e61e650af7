"""The carrier as the settings configure it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from satark.api import SettingProblem, Settings, SettingsError
from satark_rabbitmq.settings import RabbitMQSettings

if TYPE_CHECKING:
    from satark_rabbitmq.connection import RabbitMQ


def configured(settings: Settings) -> tuple[RabbitMQ, str]:
    """Return the carrier and the broker's URL; the URL is empty if no broker is configured.

    Raises:
        SettingsError: a setting is wrong, or the extra `rabbitmq` is not installed.
    """
    section = settings.section("rabbitmq", RabbitMQSettings) or RabbitMQSettings()
    try:
        from satark_rabbitmq.connection import RabbitMQ  # noqa: PLC0415 - aio-pika is an extra
    except ModuleNotFoundError:
        message = "needs the extra: pip install 'satark[rabbitmq]'"
        raise SettingsError([SettingProblem("rabbitmq.url", "SATARK_RABBITMQ__URL", message)]) from None
    return RabbitMQ(section), section.url.get_secret_value()
