# The Node server in one bundle, for the ingest service on AWS (lib/README.md). Before it is built, the bundle is:
#
#     npm run bundles && docker build --platform linux/arm64 --tag packhouse .
#
# Nothing is run in the build, so any machine can build it for any other.
FROM public.ecr.aws/docker/library/node:24.21.0-bookworm-slim
WORKDIR /app
COPY --chmod=555 dist/server/ ./
# Nothing is written into a container, no cache of compiled code either.
ENV NODE_ENV=production \
    NODE_DISABLE_COMPILE_CACHE=1 \
    PACKHOUSE_HOST=0.0.0.0 \
    PACKHOUSE_PORT=8080
EXPOSE 8080
# The user "node", by number: what starts it can then see that it is not root.
USER 1000:1000
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "--max-semi-space-size=1", "packhouse.mjs"]
CMD ["serve"]
