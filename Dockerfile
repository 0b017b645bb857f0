# The Node server in one bundle, for one machine (docs/administration.md) and for the ingest service on AWS
# (lib/README.md). Before it is built, the bundle is:
#
#     npm run bundles && docker build --tag packhouse .
#
# Nothing is run in the build, so any machine can build it for any other.
FROM public.ecr.aws/docker/library/node:24.21.0-bookworm-slim
WORKDIR /app
COPY --chmod=555 dist/server/ ./
# An empty folder of the user that the server runs as: a new volume gets its owner and mode.
COPY --chown=1000:1000 --chmod=700 dist/data/ /data/
# Nothing is written into a container, no cache of compiled code either.
ENV NODE_ENV=production \
    NODE_DISABLE_COMPILE_CACHE=1 \
    PACKHOUSE_HOST=0.0.0.0 \
    PACKHOUSE_PORT=8080 \
    PACKHOUSE_URL=http://localhost:8080 \
    PACKHOUSE_DATA_DIR=/data
EXPOSE 8080
VOLUME /data
# The user "node", by number: what starts it can then see that it is not root.
USER 1000:1000
STOPSIGNAL SIGTERM
HEALTHCHECK --start-period=30s --start-interval=1s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PACKHOUSE_PORT}/-/readiness`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--max-semi-space-size=1", "packhouse.mjs"]
CMD ["serve"]
