/**
 * The embedded database for a second process: whoever has it open answers on a Unix socket beside its directory, which its own user alone may use.
 *
 * So a command looks into the database of an engine that runs. What is said there is Postgres's protocol, as on the way to the database's thread. What
 * a guest may cost the engine is bounded here (guests, silence) and by its connection (`GuestLimits`): beyond that it is sent away.
 */
import { Duration, Effect, FileSystem } from "effect"
import { createConnection, createServer, type Server, type Socket } from "node:net"
import type { Duplex } from "node:stream"

/** Processes that ask at the same time; one more is turned away. */
const guestsMax = 4
/** A guest that was answered and says nothing for so long is sent away: the session that it may hold is the engine's too. */
const silentMax = "10 seconds"
/** Of a socket's path, in bytes, on every system (unix(7), and 104 on macOS). */
const pathMax = 103

const socketOf = (directory: string): string => `${directory}.sock`

/** Serves until its scope closes. Whoever calls it holds the directory's lock: a socket that is there is of one that is gone. */
export const serveDatabase = Effect.fnUntraced(function* (
  directory: string,
  connect: () => Duplex,
  { silent = silentMax }: { readonly silent?: Duration.Input } = {}
) {
  const path = socketOf(directory)
  if (Buffer.byteLength(path) > pathMax)
    return yield* Effect.logInfo("the data directory's path is too long for a socket: commands find this database in use", { path })
  const files = yield* FileSystem.FileSystem
  yield* Effect.ignore(files.remove(path, { force: true }))
  const guests = new Set<Socket>()
  const millis = Duration.toMillis(Duration.fromInputUnsafe(silent))
  const server = createServer((guest) => receive(guests, guest, connect, millis))
  yield* Effect.acquireRelease(listen(server, path), () =>
    Effect.callback<void>((resume) => {
      for (const guest of guests) guest.destroy()
      server.close(() => resume(Effect.void))
    })
  )
})

const receive = (guests: Set<Socket>, guest: Socket, connect: () => Duplex, silentMillis: number): void => {
  if (guests.size >= guestsMax) return void guest.destroy()
  guests.add(guest)
  const stream = connect()
  // Whichever end fails, the other is over too.
  stream.on("error", () => guest.destroy())
  stream.on("close", () => guest.destroy())
  guest.on("error", () => stream.destroy())
  guest.on("close", () => {
    guests.delete(guest)
    stream.destroy()
  })
  guest.on("timeout", () => guest.destroy())
  guest.setTimeout(silentMillis)
  guest.on("data", () => guest.setTimeout(0))
  stream.on("data", () => guest.setTimeout(silentMillis))
  guest.pipe(stream).pipe(guest)
}

/** Nobody but its user may ever connect, also not between two steps. A file system without sockets leaves commands outside, and no more. */
const listen = (server: Server, path: string) =>
  Effect.callback<void>((resume) => {
    server.once("error", (error) =>
      resume(Effect.logWarning("the database cannot be served to commands", { path, problem: error.message }))
    )
    server.once("listening", () => resume(Effect.void))
    const mask = process.umask(0o177)
    server.listen(path)
    process.umask(mask)
  })

/** A connection to the database that another process has open. */
export const dialDatabase = (directory: string): Duplex => createConnection(socketOf(directory))

/** Whether another process has the database open and serves it. */
export const isServed = (directory: string) =>
  Effect.callback<boolean>((resume) => {
    const socket = createConnection(socketOf(directory))
    const answer = (served: boolean) => {
      socket.destroy()
      resume(Effect.succeed(served))
    }
    socket.once("error", () => answer(false))
    socket.once("connect", () => answer(true))
  })
