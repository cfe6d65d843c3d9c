/**
 * A real database behind connections that the simulation can cut, hold up and lose the answers of.
 *
 * The server is PGlite in its thread, which has one session. Connections take turns on it, each from the beginning of a transaction to its end, so
 * that several engines can share it as they would share a server. What a connection had begun when it was cut is rolled back.
 */
import { isCancelRequest } from "@evenkeel/store/database/ClientMessages"
import { findTemplate, layerClient, open } from "@evenkeel/store/database/Embedded"
import type { Answered, Said } from "@evenkeel/store/database/pglite.worker"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { Duplex } from "node:stream"
import type { Worker } from "node:worker_threads"
import type { Outside } from "../time/SimulatedTime.ts"

/** What happens to one of the next requests. */
export type RequestFault = "lost-before" | "lost-after"

/** A request of the client: whole protocol messages up to one that the server answers with `ReadyForQuery`. */
interface Request {
  readonly connection: SimulatedConnection
  readonly bytes: Buffer
}

const query = 0x51
const sync = 0x53
const password = 0x70
const terminate = 0x58
const readyForQuery = 0x5a
/** `ReadyForQuery`'s status outside of a transaction. */
const idleStatus = 0x49

/** To the server all connections are one: what each leaves behind is undone here. */
const theSession = 1

const rollback = Buffer.from("Q\0\0\0\u000drollback\0", "latin1")

export class SimulatedDatabase implements Outside {
  /** While true nothing is answered. */
  hanging = false
  /** While true connections are refused, and the open ones are cut. */
  #down = false
  /** Requests answered so far. */
  requests = 0
  readonly #server: Worker
  readonly #waiting: Array<Request> = []
  readonly #answers: Array<{ readonly connection: SimulatedConnection; readonly bytes: Buffer }> = []
  #current: Request | undefined
  #currentFault: RequestFault | undefined
  /** Who is in a transaction. */
  #holder: SimulatedConnection | undefined
  #received: Array<Uint8Array> = []
  #notify: (() => void) | undefined
  #faults = new Map<number, RequestFault>()
  readonly #open = new Set<SimulatedConnection>()
  readonly #gone = new WeakSet<object>()

  constructor(worker: Worker) {
    this.#server = worker
    worker.on("message", (message: unknown) => {
      const { messages } = message as Partial<Answered>
      if (messages !== undefined) this.#receive(messages)
    })
  }

  get down(): boolean {
    return this.#down
  }

  set down(down: boolean) {
    this.#down = down
    if (down) this.cutAll()
  }

  /** Without faults. */
  heal(): void {
    this.hanging = false
    this.#down = false
    this.#faults.clear()
  }

  /** The request after `ahead` others meets `fault`: its connection is cut before it is executed, or before its answer comes. */
  fault(ahead: number, fault: RequestFault): void {
    this.#faults.set(this.requests + ahead, fault)
  }

  /** Cuts the connections of now. */
  cutAll(): void {
    for (const connection of this.#open) this.cut(connection)
  }

  /** The client is gone: its connections are cut, and it opens no more. */
  forget(client: object): void {
    this.#gone.add(client)
    for (const connection of this.#open) if (connection.client === client) this.cut(connection)
  }

  cut(connection: SimulatedConnection): void {
    this.#open.delete(connection)
    for (let at = this.#waiting.length - 1; at >= 0; at--) if (this.#waiting[at]!.connection === connection) this.#waiting.splice(at, 1)
    for (let at = this.#answers.length - 1; at >= 0; at--) if (this.#answers[at]!.connection === connection) this.#answers.splice(at, 1)
    if (this.#holder === connection && this.#current === undefined) this.#rollBack()
    connection.destroy(new Error("the connection to the database was cut"))
  }

  /** A stream for the driver of a client. */
  connect(client: object): Duplex {
    const connection = new SimulatedConnection(this, client)
    this.#open.add(connection)
    if (this.#down || this.#gone.has(client)) setImmediate(() => this.cut(connection))
    return connection
  }

  ask(connection: SimulatedConnection, bytes: Buffer): void {
    this.#waiting.push({ connection, bytes })
  }

  readonly step = (): boolean => {
    if (this.hanging || this.#current !== undefined) return false
    const answer = this.#answers.shift()
    if (answer !== undefined) {
      answer.connection.push(answer.bytes)
      return true
    }
    const at = this.#waiting.findIndex(({ connection }) => this.#holder === undefined || connection === this.#holder)
    if (at < 0) return false
    const request = this.#waiting.splice(at, 1)[0]!
    const fault = this.#faults.get(this.requests)
    this.#faults.delete(this.requests++)
    if (fault === "lost-before") {
      this.cut(request.connection)
      return true
    }
    this.#currentFault = fault
    this.#send(request)
    return true
  }

  readonly awaits = (notify: () => void): boolean => {
    if (this.#current === undefined) return false
    this.#notify = notify
    return true
  }

  #send(request: Request): void {
    this.#current = request
    this.#server.postMessage({ connection: theSession, messages: Uint8Array.from(request.bytes) } satisfies Said)
  }

  #receive(chunk: Uint8Array): void {
    this.#received.push(chunk)
    const bytes = Buffer.concat(this.#received)
    const status = endOf(bytes)
    if (status === undefined) return
    this.#received = []
    const { connection } = this.#current!
    this.#current = undefined
    this.#holder = status === idleStatus ? undefined : connection
    if (!this.#open.has(connection)) {
      if (this.#holder !== undefined) this.#rollBack()
    } else if (this.#currentFault === "lost-after") this.cut(connection)
    else this.#answers.push({ connection, bytes })
    this.#notify?.()
    this.#notify = undefined
  }

  #rollBack(): void {
    this.#send({ connection: this.#holder!, bytes: rollback })
  }
}

/** The status in the `ReadyForQuery` that ends the messages; undefined while it is still to come. */
const endOf = (bytes: Buffer): number | undefined => {
  let at = 0
  while (bytes.length >= at + 5) {
    const next = at + 1 + bytes.readInt32BE(at + 1)
    if (next > bytes.length) return undefined
    if (bytes[at] === readyForQuery) return bytes[at + 5]
    at = next
  }
  return undefined
}

class SimulatedConnection extends Duplex {
  readonly client: object
  readonly #database: SimulatedDatabase
  #rest: Buffer = Buffer.alloc(0)
  #started = false

  constructor(database: SimulatedDatabase, client: object) {
    super()
    this.client = client
    this.#database = database
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    if (!this.#started && isCancelRequest(chunk)) return void this.destroy()
    this.#rest = Buffer.concat([this.#rest, chunk])
    let at = 0
    let asked = 0
    for (;;) {
      // The very first message has no type.
      const typed = this.#started ? 1 : 0
      if (this.#rest.length < at + typed + 4) break
      const next = at + typed + this.#rest.readInt32BE(at + typed)
      if (next > this.#rest.length) break
      const type = this.#started ? this.#rest[at] : query
      this.#started = true
      at = next
      if (type === terminate) this.push(null)
      if (type === query || type === sync || type === password) {
        this.#database.ask(this, Buffer.from(this.#rest.subarray(asked, at)))
        asked = at
      }
    }
    this.#rest = this.#rest.subarray(asked)
    done()
  }

  override _final(done: () => void): void {
    this.push(null)
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#database.cut(this)
    done(error)
  }
}

/** The server of this process; it is empty whenever a simulation begins. */
export const startDatabase = Effect.gen(function* () {
  const template = yield* findTemplate
  const worker = yield* open({ directory: "memory://", template: template?.href })
  worker.unref()
  return new SimulatedDatabase(worker)
})

/** The driver of a client, whose connections can be cut together. */
export const layerSimulatedDatabase = (database: SimulatedDatabase, client: object) => layerClient(() => database.connect(client))

/** Forgets everything that the database holds. */
export const emptyDatabase = (database: SimulatedDatabase) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    for (const statement of ["drop schema public cascade", "create schema public"]) yield* sql.unsafe(statement)
  }).pipe(Effect.provide(layerSimulatedDatabase(database, {})))
