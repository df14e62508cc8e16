# One image for the three services, their workers and the migrate job; the command tells which.

FROM python:3.11-slim AS build
WORKDIR /app
RUN python -m venv /opt/btim
COPY requirements.lock ./
RUN /opt/btim/bin/python -m pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md ./
COPY shared ./shared
COPY services ./services
COPY cli ./cli
COPY alembic ./alembic
RUN /opt/btim/bin/python -m pip install --no-cache-dir --no-deps --no-build-isolation -e .

FROM python:3.11-slim
RUN useradd --system --uid 10001 --user-group --home-dir /nonexistent btim \
    && mkdir /files /keys && chown btim:btim /files /keys
COPY --from=build /opt/btim /opt/btim
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/opt/btim/bin:$PATH PYTHONUNBUFFERED=1 \
    BTIM_FILES_DIR=/files BTIM_SECRETS_DIR=/keys NUMBA_CACHE_DIR=/tmp/numba
USER btim
EXPOSE 8001 8002 8003
CMD ["btim", "--help"]
