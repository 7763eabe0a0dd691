# syntax=docker/dockerfile:1
# The edge: nginx with the built frontend, the only part that is reachable from outside.

FROM node:22-slim AS page
WORKDIR /page
COPY frontend/package.json frontend/package-lock.json ./
RUN --mount=type=cache,target=/var/cache/npm npm ci --cache /var/cache/npm --no-audit --no-fund
COPY frontend ./
RUN npm run build

FROM nginx:1.27-alpine
ARG VERSION=local
LABEL org.opencontainers.image.title="Hotchat edge" \
      org.opencontainers.image.description="nginx with Hotchat's frontend, in front of its servers" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}"
RUN rm -rf /usr/share/nginx/html /etc/nginx/conf.d /etc/nginx/templates
COPY docker/edge/*.conf /etc/nginx/
COPY --chmod=0755 docker/edge/run-edge /usr/local/bin/run-edge
COPY --from=page /page/dist /usr/share/nginx/html
USER 101:101
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=3s --timeout=3s --start-period=60s --retries=5 \
    CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/healthz/live"]
ENTRYPOINT ["run-edge"]
CMD []
