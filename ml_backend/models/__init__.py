"""What learns from frozen labels, and what it proposed."""

from ml_backend.models.model_version import ModelVersion
from ml_backend.models.prediction import Prediction
from ml_backend.models.training_run import TrainingRun

__all__ = ["ModelVersion", "Prediction", "TrainingRun"]
