# Images of the fleet: `fleet` (all roles and pokerctl), `nats`, `postgres`. compose.yaml builds and
# runs them.
#
# The base images can be others of the same kind: --build-arg RUST_IMAGE=...
# --build-arg DEBIAN_IMAGE=...
ARG RUST_IMAGE=rust:1.95-bookworm
ARG DEBIAN_IMAGE=debian:bookworm-slim

# The roles' programs and pokerctl. They keep their line numbers, for backtraces, but packed.
FROM ${RUST_IMAGE} AS build
# Number of compilers at a time [default: one per processor].
ARG CARGO_BUILD_JOBS
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY lib lib
COPY bins bins
COPY tests tests
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/src/target,sharing=locked \
    cargo build --release --locked --workspace --bins \
    && mkdir /programs \
    && for program in bins/*/; do \
        objcopy --compress-debug-sections "target/release/$(basename "$program")" "/programs/$(basename "$program")" || exit 1; \
    done

# The servers, from the packages that `make fetch` takes.
FROM ${DEBIAN_IMAGE} AS fetch
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 python3-pip \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY scripts/pinned scripts/pinned
COPY scripts/fetch-servers scripts/
RUN scripts/fetch-servers

# One user everywhere: the volumes with passwords are written in one container and read in others.
FROM ${DEBIAN_IMAGE} AS base
RUN groupadd --gid 10001 poker \
    && useradd --uid 10001 --gid poker --no-create-home --home-dir / --shell /usr/sbin/nologin poker
# Volumes that are mounted here begin as these folders: empty, and their owner's alone.
RUN install -d -o poker -g poker -m 0700 /data /secrets

FROM base AS nats
COPY --from=fetch /src/.local/nats/nats-server /usr/local/bin/
COPY nats/server.conf /etc/nats/
# Addresses and passwords, which the configuration includes, are made by `containers/secrets`.
RUN ln -s /secrets/local.conf /etc/nats/local.conf
USER poker
EXPOSE 4222
ENTRYPOINT ["nats-server"]
CMD ["--config", "/etc/nats/server.conf"]

FROM base AS postgres
COPY --from=fetch /src/.local/postgres /opt/postgres
COPY containers/database /usr/local/bin/
COPY containers/pg_hba.conf /etc/postgres/
ENV PATH=/opt/postgres/bin:/usr/local/bin:/usr/bin:/bin LC_ALL=C
USER poker
EXPOSE 5432
# SIGTERM would wait for the clients.
STOPSIGNAL SIGINT
ENTRYPOINT ["database"]

FROM base AS fleet
COPY --from=build /programs /usr/local/bin
COPY containers/role containers/admin containers/secrets /usr/local/bin/
COPY nats /opt/poker/nats
COPY schemas/sql /opt/poker/schemas/sql
# The passwords' volumes, for `containers/secrets`.
RUN for volume in nats postgres gateway table-worker bot-worker coordinator cashier archivist admin; do \
        install -d -o poker -g poker -m 0700 "/volumes/$volume"; \
    done
ENV POKER_HOME=/opt/poker POKER_DATA_DIR=/data
USER poker
ENTRYPOINT ["role"]
