# maildesk in a container: `serve` with its desk in the volume. Mail comes in by LMTP, IMAP or `pipe` of a mail server
# elsewhere (docs/operations.md has the commands). tests/dockerfile runs these steps.
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --locked --release

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 995 --user-group --home-dir /var/lib/maildesk --create-home --shell /usr/sbin/nologin maildesk \
    && chmod 700 /var/lib/maildesk
COPY --from=build /src/target/release/maildesk /usr/bin/maildesk
USER maildesk
VOLUME /var/lib/maildesk
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK CMD ["/usr/bin/maildesk", "--quiet", "admin", "doctor", "--offline"]
ENTRYPOINT ["/usr/bin/maildesk"]
CMD ["serve", "--listen", "0.0.0.0:8080"]
