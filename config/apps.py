from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Wires the rooms; holds the commands that concern all of them."""

    name = "config"
