from django.apps import AppConfig


class MlBackendConfig(AppConfig):
    name = "ml_backend"
