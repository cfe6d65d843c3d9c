/** Reads HTTP bodies with a limit on their size: whoever is broken or hostile outside must not fill the engine's memory. */
import { Effect, Schema, Stream } from "effect"
import type { HttpClientError, HttpClientResponse } from "effect/http"

/** The body went on behind its limit. Its connection is closed, and nothing of it is kept. */
export class BodyTooLarge extends Schema.TaggedError<BodyTooLarge>()("BodyTooLarge", { bytesMax: Schema.Int }) {
  override get message() {
    return `an answer with more than ${this.bytesMax >> 20} MB`
  }
}

/** The whole body, as long as it is not larger than `bytesMax`. */
export const readBody = Effect.fnUntraced(function* (
  response: HttpClientResponse.HttpClientResponse,
  bytesMax: number
): Effect.fn.Return<Buffer, BodyTooLarge | HttpClientError.HttpClientError> {
  const chunks: Array<Uint8Array> = []
  let bytes = 0
  yield* Stream.runForEach(response.stream, (chunk) => {
    bytes += chunk.length
    chunks.push(chunk)
    return bytes > bytesMax ? Effect.fail(new BodyTooLarge({ bytesMax })) : Effect.void
  })
  return Buffer.concat(chunks)
})
