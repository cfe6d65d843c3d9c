/** A connection to the embedded database: a stream whose other end is the database's thread. */
import { Duplex } from "node:stream"
import type { Worker } from "node:worker_threads"
import { isCancelRequest, makeFramer, refuseCopy } from "./ClientMessages.ts"
import type { Answered, Said } from "./pglite.worker.ts"

/** What another process may cost the engine: whoever goes beyond one of these is cut off. */
export interface GuestLimits {
  /** In which a message that was begun must be whole. */
  readonly messageMillis: number
  /** For which the one session may be held in all, from a transaction's first answer to its last. */
  readonly heldMillis: number
  /** Of answers that wait to be read. */
  readonly unreadBytesMax: number
}

/** A session that is held longer keeps the engine from writing. */
export const guestLimits: GuestLimits = { messageMillis: 10_000, heldMillis: 30_000, unreadBytesMax: 64 * 1024 * 1024 }

/** Connections that this process has opened. */
let connections = 0

/** A connection to the database of a thread. What it leaves open when it ends is rolled back. With `limits` it is a guest's. */
export const connect = (worker: Worker, limits?: GuestLimits): Duplex => {
  let connection = 0
  const framer = makeFramer()
  let message: NodeJS.Timeout | undefined
  let hold: NodeJS.Timeout | undefined
  const end = (problem: string) => stream.destroy(new Error(problem))
  /** Real time, whatever clock the engine lives by. */
  const after = (millis: number, problem: string) => setTimeout(() => end(problem), millis).unref()

  const holds = (held: boolean) => {
    clearTimeout(hold)
    hold = held && limits !== undefined ? after(limits.heldMillis, "the session was held for too long") : undefined
  }
  const onMessage = (said: unknown) => {
    if (typeof said !== "object" || said === null) return
    const answered = said as Partial<Answered>
    // A thread that could not open the database answers all.
    if (answered.connection !== undefined && answered.connection !== connection) return
    if (answered.failed !== undefined) end(answered.failed)
    else if (answered.holds !== undefined) holds(answered.holds)
    else if (answered.messages !== undefined) {
      stream.push(answered.messages)
      if (limits !== undefined && stream.readableLength > limits.unreadBytesMax) end("answers were not read")
    }
  }
  const onExit = () => end("the database's thread has ended")
  /** Bounds the time of a message that was begun, from its own first byte. */
  const watchMessage = (completed: boolean, unfinished: boolean) => {
    if (limits === undefined || (unfinished && !completed && message !== undefined)) return
    clearTimeout(message)
    message = unfinished ? after(limits.messageMillis, "a message was begun and not ended") : undefined
  }
  const post = (messages: ReadonlyArray<Buffer>) => {
    if (messages.length === 0) return
    const bytes = joined(limits === undefined ? messages : refuseCopy(messages))
    worker.postMessage({ connection, messages: bytes } satisfies Said, [bytes.buffer])
  }
  const stream: Duplex = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      const { ended, messages, refused, unfinished } = framer(chunk)
      watchMessage(messages.length > 0, unfinished)
      if (refused) end("this is not the protocol of Postgres, or too large a message")
      else if (connection === 0 && messages[0] !== undefined && isCancelRequest(messages[0])) stream.destroy()
      else if (messages.length > 0) {
        // PGlite reads nothing behind a first message, and would take it for what the next connection says.
        if (connection === 0) {
          connection = ++connections
          post(messages.slice(0, 1))
          post(messages.slice(1))
        } else post(messages)
      }
      // PGlite's session outlives a connection: it is not told.
      if (ended) stream.push(null)
      done()
    },
    final(done) {
      stream.push(null)
      done()
    },
    destroy(error, done) {
      worker.off("message", onMessage)
      worker.off("exit", onExit)
      clearTimeout(message)
      clearTimeout(hold)
      if (connection > 0) worker.postMessage({ connection } satisfies Said)
      done(error)
    }
  })
  worker.on("message", onMessage)
  worker.once("exit", onExit)
  return stream
}

/** In memory of its own, which can be given to the thread. */
const joined = (messages: ReadonlyArray<Buffer>): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(messages.reduce((total, { length }) => total + length, 0))
  let at = 0
  for (const message of messages) {
    bytes.set(message, at)
    at += message.length
  }
  return bytes
}
