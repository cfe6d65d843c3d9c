import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { notificationFor } from "../../alerting/test/support/Notification.ts"
import { playPrices } from "../test/support/PlayPrices.ts"
import { makeFileReceiver } from "./CustomReceiver.ts"

describe("a custom receiver", () => {
  it.effect("writes each alert as a line, and says that it failed where it cannot", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const directory = yield* files.makeTempDirectoryScoped()
      const [change] = yield* playPrices([1, 1, 1, 0.99, 0.99, 0.99, 0.99], 1)
      const notification = notificationFor({ change: change! })
      const receiver = yield* makeFileReceiver(`${directory}/alerts.jsonl`)
      yield* receiver.deliver(notification)
      yield* receiver.deliver(notification)
      const lines = (yield* files.readFileString(`${directory}/alerts.jsonl`)).trim().split("\n")
      assert.deepStrictEqual(
        lines.map((line) => JSON.parse(line)),
        [notification, notification]
      )
      const missing = yield* makeFileReceiver(`${directory}/no/such/alerts.jsonl`)
      assert.deepInclude(yield* Effect.flip(missing.deliver(notification)), { _tag: "DeliveryFailed", retryable: true })
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
