/** A receiver of one's own: alerts into a file, one JSON object a line. Add it to the list that `Receivers` provides. */
import { DeliveryFailed, type Receiver } from "@evenkeel/alerting/receiver/Receiver"
import { Effect, FileSystem } from "effect"

export const makeFileReceiver = Effect.fnUntraced(function* (path: string) {
  const files = yield* FileSystem.FileSystem
  return {
    name: "file",
    deliver: (notification) =>
      files.writeFileString(path, `${JSON.stringify(notification)}\n`, { flag: "a" }).pipe(
        // A full disk may have room again: worth another try.
        Effect.mapError((error) => new DeliveryFailed({ receiver: "file", problem: error.message, retryable: true }))
      )
  } satisfies Receiver
})
