# The binary is made with what npm brings (Deno, and the Bun that deno.lock pins), and then stands
# alone in an image that holds glibc and little else.

FROM node:22-bookworm-slim AS build
RUN npm install --global deno@2.9.6
WORKDIR /src
# Packages first: this layer stays until the lock file changes.
COPY deno.json deno.lock ./
RUN deno install --frozen
COPY . .
RUN deno task build

# Compiled Bun links libc, libpthread, libdl and libm, and nothing else: glibc is enough. The CA roots
# for the brain's TLS are in the binary. There is no shell here, so signals reach earshot itself.
FROM gcr.io/distroless/base-debian12:nonroot
COPY --from=build /src/dist/earshot /earshot
# "::" takes IPv4 too, and is where Fly's private network and its checks knock.
ENV HOST=:: PORT=8080
EXPOSE 8080
USER nonroot
ENTRYPOINT ["/earshot"]
