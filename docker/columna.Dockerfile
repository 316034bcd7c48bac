# syntax=docker/dockerfile:1.7
# Every image of Columna, one target each: web, worker, gpu-worker, receiver, prompts. They share `base`.
# The CPU images take torch's CPU wheel from the folder or page given as UV_FIND_LINKS; without it they get the build with CUDA.

FROM node:20.19.5-bookworm-slim AS pages
WORKDIR /app/frontend
COPY frontend/package.json frontend/package-lock.json frontend/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY frontend/ ./
RUN npm run build

FROM python:3.11.14-slim-bookworm AS packages
WORKDIR /app
COPY requirements-boot.txt requirements.txt requirements-cuda.txt ./
COPY config/__init__.py config/__init__.py
COPY config/launch/ config/launch/
ARG UV_FIND_LINKS=""
ENV UV_FIND_LINKS=${UV_FIND_LINKS} PIP_NO_CACHE_DIR=1 UV_NO_CACHE=1
RUN python -m config.launch.packages

FROM python:3.11.14-slim-bookworm AS packages-cuda
WORKDIR /app
COPY requirements-boot.txt requirements.txt requirements-cuda.txt ./
COPY config/__init__.py config/__init__.py
COPY config/launch/ config/launch/
ENV COLUMNA_TORCH=cuda PIP_NO_CACHE_DIR=1 UV_NO_CACHE=1
RUN python -m config.launch.packages

FROM python:3.11.14-slim-bookworm AS base
# Unpinned on purpose: Debian 12 keeps these libraries' versions, and its security updates must reach the image.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgl1 libglib2.0-0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home --shell /usr/sbin/nologin columna \
    && install -d -o columna -g columna -m 0700 /data /keys
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    OMP_NUM_THREADS=1 \
    COLUMNA_MODE=full \
    COLUMNA_DATA_DIR=/data \
    COLUMNA_KEY_DIR=/keys \
    COLUMNA_LOG_FORMAT=json
WORKDIR /app
COPY manage.py ./
COPY config/ config/
COPY accounts/ accounts/
COPY jobs/ jobs/
COPY storage/ storage/
COPY annotation/ annotation/
COPY datasets/ datasets/
COPY ml_backend/ ml_backend/
RUN python -m compileall -q /app
VOLUME ["/data"]
STOPSIGNAL SIGTERM

FROM base AS cpu
COPY --from=packages /app/.venv /app/.venv

FROM cpu AS web
COPY --from=pages /app/frontend/dist frontend/dist
USER 10001
ENV COLUMNA_WEB_HOST=0.0.0.0
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=4)"]
CMD ["python", "-m", "gunicorn", "-c", "config/gunicorn.py", "config.wsgi"]

FROM cpu AS worker
USER 10001
HEALTHCHECK --interval=60s --timeout=20s --start-period=30s --retries=3 CMD ["python", "manage.py", "health"]
CMD ["python", "manage.py", "work", "--queues", "intake,frames,export"]

FROM cpu AS receiver
USER 10001
ENV COLUMNA_DICOM_HOST=0.0.0.0
EXPOSE 11112
HEALTHCHECK --interval=30s --timeout=20s --start-period=30s --retries=3 CMD ["python", "manage.py", "health", "--listens", "127.0.0.1:11112"]
CMD ["python", "manage.py", "receiver"]

FROM cpu AS prompts
USER 10001
ENV COLUMNA_PROMPTS_HOST=0.0.0.0
EXPOSE 8010
HEALTHCHECK --interval=30s --timeout=20s --start-period=60s --retries=3 CMD ["python", "manage.py", "health", "--listens", "127.0.0.1:8010"]
CMD ["python", "manage.py", "prompts"]

FROM base AS gpu-worker
COPY --from=packages-cuda /app/.venv /app/.venv
USER 10001
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
HEALTHCHECK --interval=60s --timeout=20s --start-period=60s --retries=3 CMD ["python", "manage.py", "health"]
CMD ["python", "manage.py", "work", "--name", "gpu", "--queues", "predict,train"]
