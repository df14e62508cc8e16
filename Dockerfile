# One image for the three services, their workers and the migrate job; the command tells which.

FROM python:3.11-slim AS build
WORKDIR /app
RUN python -m venv /opt/btim
COPY requirements-run.lock ./
RUN /opt/btim/bin/python -m pip install --no-cache-dir --no-compile --require-hashes \
        -r requirements-run.lock
# Nothing in the finished image can install or compile; the libraries' own tests stay behind, too.
RUN /opt/btim/bin/python -m pip uninstall --quiet --yes pip setuptools \
    && find /opt/btim -type d -name tests -prune -exec rm -rf {} +
COPY shared ./shared
COPY services ./services
COPY cli ./cli
COPY alembic ./alembic
RUN echo /app >/opt/btim/lib/python3.11/site-packages/btim.pth \
    && printf '#!/opt/btim/bin/python\nfrom cli.main import main\nmain()\n' >/opt/btim/bin/btim \
    && chmod 0755 /opt/btim/bin/btim \
    && { /opt/btim/bin/python -m compileall -q -j 0 /opt/btim/lib /app >/dev/null || true; } \
    && /opt/btim/bin/btim openapi >/dev/null

FROM python:3.11-slim
RUN useradd --uid 10001 --user-group --home-dir /nonexistent btim \
    && mkdir /files /keys /pages /audit-heads && chown btim:btim /files /keys /pages /audit-heads \
    && rm -rf /usr/local/lib/python3.11/site-packages/pip* \
        /usr/local/lib/python3.11/site-packages/setuptools* \
        /usr/local/lib/python3.11/site-packages/wheel* \
        /usr/local/lib/python3.11/ensurepip /usr/local/bin/pip*
COPY --from=build /opt/btim /opt/btim
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/opt/btim/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    BTIM_FILES_DIR=/files BTIM_SECRETS_DIR=/keys NUMBA_CACHE_DIR=/tmp/numba
USER 10001:10001
EXPOSE 8001 8002 8003
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["python", "-m", "cli.probe"]
CMD ["btim", "--help"]
