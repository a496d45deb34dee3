# syntax=docker/dockerfile:1
# One image for web, worker and migrations. The pins and their hashes are those of requirements.txt.
FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements-uv.txt requirements.txt /build/
RUN python -m venv /opt/venv \
 && python -m venv /opt/uv \
 && /opt/uv/bin/pip install --require-hashes -r /build/requirements-uv.txt \
 && /opt/uv/bin/uv pip install --no-cache --python /opt/venv/bin/python --require-hashes --compile-bytecode \
      -r /build/requirements.txt

FROM python:3.11-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin support
COPY --from=build /opt/venv /opt/venv
WORKDIR /app
COPY manage.py ./
COPY support_bot support_bot
COPY tracking tracking
COPY tools tools
COPY templates templates
COPY static static
RUN python -m compileall -q support_bot tracking tools && mkdir var && chown support var
USER support
ENV HOST=0.0.0.0 PORT=8000
EXPOSE 8000
# Of the web server; the worker's own check is in docker-compose.yml. Any answer below 500 proves that it hears.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["python", "-m", "support_bot.healthcheck", "web"]
CMD ["python", "-m", "support_bot.supervise", "web"]
