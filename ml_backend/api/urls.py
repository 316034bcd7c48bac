from django.urls import URLPattern, URLResolver, path
from rest_framework.routers import SimpleRouter

from ml_backend.api.model_version import ModelVersionViewSet
from ml_backend.api.prediction import PredictionViewSet
from ml_backend.api.prompt import PromptSessionsView, PromptsView
from ml_backend.api.training_run import TrainingRunViewSet

router = SimpleRouter(trailing_slash=False)
router.register("models", ModelVersionViewSet, basename="model")
router.register("training-runs", TrainingRunViewSet, basename="training-run")
router.register("predictions", PredictionViewSet, basename="prediction")

urlpatterns: list[URLPattern | URLResolver] = [
    path("prompts/sessions", PromptSessionsView.as_view(), name="prompt-sessions"),
    path("prompts/sessions/<str:token>/points", PromptsView.as_view(), name="prompts"),
    *router.urls,
]
