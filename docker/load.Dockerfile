# syntax=docker/dockerfile:1
# The JMeter plans with what reads their results, to be run against the edge.

FROM python:3.13-slim AS java
RUN mkdir -p /usr/share/man/man1 \
 && apt-get update \
 && apt-get install -y --no-install-recommends default-jre-headless \
 && rm -rf /var/lib/apt/lists/*

FROM java AS packages
RUN apt-get update \
 && apt-get install -y --no-install-recommends maven \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /hotchat
COPY requirements/run.txt requirements/
RUN --mount=type=cache,target=/var/cache/pip \
    python -m pip install --cache-dir /var/cache/pip --no-warn-script-location --require-hashes --target=/opt/hotchat -r requirements/run.txt
COPY local_stack/__init__.py local_stack/maven_jars.py local_stack/build_lock.py local_stack/
COPY load_tests/__init__.py load_tests/
COPY load_tests/jmeter/__init__.py load_tests/jmeter/installation.py load_tests/jmeter/pom.xml load_tests/jmeter/
RUN python -c 'from load_tests.jmeter.installation import install; install()'

FROM java
LABEL org.opencontainers.image.title="Hotchat load" \
      org.opencontainers.image.description="JMeter plans: flash crowd, chat mix, join storm, two rooms and soak" \
      org.opencontainers.image.licenses="MIT"
RUN groupadd --gid 10001 hotchat \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin hotchat
WORKDIR /hotchat
COPY --from=packages /opt/hotchat /opt/hotchat
COPY --from=packages /hotchat/build build
COPY chat_contract chat_contract
COPY server_kit server_kit
COPY local_stack local_stack
COPY load_tests load_tests
RUN install -d -o hotchat -g hotchat build/load
ENV PYTHONPATH=/opt/hotchat PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001:10001
HEALTHCHECK NONE
ENTRYPOINT ["python", "-m", "load_tests.jmeter"]
