/**
 * Postgres's protocol as a client speaks it (PostgreSQL 18, 54.7): bytes are split into whole messages.
 *
 * The embedded server trusts its client: a message that Postgres would end the session for stops its thread. So what no client of this protocol says is
 * refused here, before it gets there.
 */

/** Of one message, in bytes: whoever sends a larger one is cut off. */
export const messageBytesMax = 64 * 1024 * 1024

/** Of a message that carries no data, as in Postgres (`PQ_SMALL_MESSAGE_LIMIT`). */
const smallBytesMax = 10_000

/** What a message of each type may have, in bytes. The client's answers to questions for a password are not among them: nothing asks. */
const bytesMaxOf: ReadonlyMap<number, number> = new Map(
  [...[..."BFPQd"].map((type) => [type, messageBytesMax] as const), ...[..."CDEHSXcf"].map((type) => [type, smallBytesMax] as const)].map(
    ([type, max]) => [type.charCodeAt(0), max]
  )
)

const [execute, query, terminate] = ["E", "Q", "X"].map((type) => type.charCodeAt(0))
const lengthBytes = 4

export interface Framed {
  readonly messages: ReadonlyArray<Buffer>
  /** The client has said goodbye; what it says after that is not read. */
  readonly ended: boolean
  /** A message was begun and is not whole yet. */
  readonly unfinished: boolean
  /** These bytes are not this protocol, or too large a message. */
  readonly refused: boolean
}

/** Takes the bytes of one connection as they come. Its very first message has no type. */
export const makeFramer = () => {
  let parts: Array<Buffer> = []
  let held = 0
  /** Bytes before which nothing more is whole. */
  let needed = 1
  let untyped = true
  return (chunk: Uint8Array): Framed => {
    parts.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))
    held += chunk.byteLength
    const messages: Array<Buffer> = []
    if (held < needed) return { messages, ended: false, unfinished: true, refused: false }
    const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts)
    const refused: Framed = { messages: [], ended: false, unfinished: false, refused: true }
    let at = 0
    for (;;) {
      needed = 1
      if (at === bytes.length) break
      const header = untyped ? 0 : 1
      const bytesMax = untyped ? smallBytesMax : bytesMaxOf.get(bytes[at]!)
      if (bytesMax === undefined) return refused
      needed = header + lengthBytes
      if (bytes.length < at + needed) break
      const length = bytes.readInt32BE(at + header)
      if (length < lengthBytes || length > bytesMax) return refused
      needed = header + length
      if (bytes.length < at + needed) break
      const message = bytes.subarray(at, at + needed)
      if (untyped && !isFirst(message)) return refused
      if (!untyped && message[0] === terminate) return { messages, ended: true, unfinished: false, refused: false }
      messages.push(message)
      at += needed
      untyped = false
    }
    parts = at < bytes.length ? [bytes.subarray(at)] : []
    held = bytes.length - at
    return { messages, ended: false, unfinished: held > 0, refused: false }
  }
}

/**
 * A request to give up what another connection has asked for: a first message of 16 bytes with this number. There is nobody to take it: a statement that
 * was begun runs to its end, and its session waits.
 */
export const isCancelRequest = (message: Buffer): boolean => message.length === 16 && message.readInt32BE(4) === 80_877_102

/** Of version 3 of the protocol, or a request to cancel. Encryption cannot be asked for. */
const isFirst = (message: Buffer): boolean =>
  isCancelRequest(message) || (message.length > 8 && message.readInt16BE(4) === 3 && message.at(-1) === 0)

const copyFail = Buffer.from("f\0\0\0\0COPY from a client is not served here\0", "latin1")
copyFail.writeInt32BE(copyFail.length - 1, 1)

/**
 * Answers a `COPY … FROM STDIN` at once with `CopyFail`: the embedded server would wait for data that cannot reach it. Anywhere else that message is
 * passed over. It follows all that can run a statement, because SQL that is read with a pattern is misread some day.
 */
export const refuseCopy = (messages: ReadonlyArray<Buffer>): ReadonlyArray<Buffer> =>
  messages.flatMap((message) => (message[0] === query || message[0] === execute ? [message, copyFail] : [message]))
