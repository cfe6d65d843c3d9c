/** Keys of a terminal, as they are pressed. */
import { Effect, Queue } from "effect"

export type Key = "quit" | "up" | "down" | "left" | "right"

const keysMax = 32
const named: Readonly<Record<string, Key>> = {
  q: "quit",
  "\u0003": "quit",
  "\u001b[A": "up",
  "\u001b[B": "down",
  "\u001b[C": "right",
  "\u001b[D": "left"
}

const escape = "\u001b"
/** An arrow, or a character. */
const pressed = new RegExp(`${escape}\\[[A-D]|[^]`, "g")

/** The keys in what a terminal sent at once; those without a meaning are passed over. */
export const keysOf = (text: string): ReadonlyArray<Key> => [...text.matchAll(pressed)].flatMap(([key]) => named[key] ?? [])

/** Puts the terminal into raw mode for as long as the scope lasts. More keys than are read are forgotten. */
export const openKeys = (input: NodeJS.ReadStream) =>
  Effect.gen(function* () {
    const keys = yield* Queue.sliding<Key>(keysMax)
    const onData = (data: Buffer) => {
      for (const key of keysOf(data.toString("utf8"))) Queue.offerUnsafe(keys, key)
    }
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        input.setRawMode(true)
        input.on("data", onData)
        input.resume()
      }),
      () =>
        Effect.sync(() => {
          input.off("data", onData)
          input.setRawMode(false)
          input.pause()
        })
    )
    return keys
  })
