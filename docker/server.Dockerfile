# syntax=docker/dockerfile:1
# One image for every Python part; the command chooses which: chat_server, publish_server, the scheduler, migrations.

FROM python:3.13-slim AS packages
WORKDIR /build
COPY requirements/server.txt requirements/bootstrap.txt requirements/
RUN --mount=type=cache,target=/var/cache/pip \
    python -m pip install --cache-dir /var/cache/pip --no-warn-script-location --require-hashes --target=/opt/hotchat -r requirements/server.txt \
 && python -m pip install --cache-dir /var/cache/pip --no-warn-script-location --require-hashes --target=/opt/build -r requirements/bootstrap.txt

FROM packages AS ours
COPY pyproject.toml README.md LICENSE ./
COPY chat_contract chat_contract
COPY server_kit server_kit
COPY chat_server chat_server
COPY publish_server publish_server
RUN PYTHONPATH=/opt/build python -m pip wheel -q --no-index --no-deps --no-build-isolation --wheel-dir=/wheel . \
 && python -m pip install -q --no-index --no-deps --target=/opt/ours /wheel/*.whl

FROM python:3.13-slim
ARG VERSION=local
LABEL org.opencontainers.image.title="Hotchat servers" \
      org.opencontainers.image.description="chat_server, publish_server and the hotchat scheduler" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}"
RUN groupadd --gid 10001 hotchat \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin hotchat \
 && install -d -o hotchat -g hotchat -m 0750 /run/secrets /secrets/postgres
COPY --chmod=0755 docker/healthcheck docker/make-secrets docker/run-server /usr/local/bin/
COPY --from=packages /opt/hotchat /opt/hotchat
COPY --from=ours /opt/ours /opt/ours
ENV PYTHONPATH=/opt/ours:/opt/hotchat \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOTCHAT_BIND=0.0.0.0
USER 10001:10001
HEALTHCHECK --interval=3s --timeout=3s --start-period=120s --retries=5 CMD ["healthcheck"]
ENTRYPOINT ["run-server"]
CMD ["python", "-m", "chat_server"]
