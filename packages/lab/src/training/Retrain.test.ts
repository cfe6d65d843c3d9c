/** Retraining after drift as a whole: a finding, a training in a real thread, a challenger in the real registry. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, it } from "@effect/vitest"
import { comparedEvery } from "@evenkeel/detection/drift/DriftWatch"
import { Detection } from "@evenkeel/detection/host/Detection"
import { Prediction } from "@evenkeel/detection/host/Prediction"
import type { CoinState } from "@evenkeel/detection/host/States"
import { readModel } from "@evenkeel/detection/model/ModelFiles"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { WorkerPool } from "@evenkeel/runtime/worker/WorkerPool"
import { EventStore } from "@evenkeel/store/event/EventStore"
import { ModelRegistry } from "@evenkeel/store/model/ModelRegistry"
import { Snapshots } from "@evenkeel/store/snapshot/Snapshots"
import { Effect, FileSystem, Layer, Option, Stream } from "effect"
import { TestClock } from "effect/testing"
import { mkdtempSync } from "node:fs"
import { constants, tmpdir } from "node:os"
import { join } from "node:path"
import { slide, writePriceFiles } from "../../test/support/PriceFiles.ts"
import { makeRetrain, TrainingPriority } from "./Retrain.ts"
import { layerMemoryDatabase } from "../../../store/test/support/MemoryDatabase.ts"

const day = 1440
const minute = 60_000
const directory = writePriceFiles([
  { name: "a/kraken-USDC-USD-15m.csv", minutes: 4 * day, stepMinutes: 15, valueBps: slide(2 * day, 300, -150) },
  { name: "b/kraken-DAI-USD-15m.csv", fromMinute: 10 * day, minutes: 4 * day, stepMinutes: 15, valueBps: slide(2 * day, 400, 140) }
])

/** A day of rows at once, every feature far from what it was in training. */
const drifted = Detection.layerTest({
  coins: Array.from({ length: comparedEvery }, (_, index) => ({ symbol: `COIN${index}`, peg: "USD" as const, anchor: 1 })),
  coin: () => state,
  features: (_, target) => {
    target.fill(1e6)
    target[0] = minute
    return true
  }
})
const state: CoinState = {
  coin: "COIN",
  time: minute,
  fairValue: 1,
  errorBps: 1,
  deviationBps: 0,
  level: "normal",
  change: "recovery",
  since: null,
  grounded: true,
  share: null,
  detectors: { baselineBps: 0, score: 0, cusum: 0, changepoint: 0 },
  venues: { agree: [], differ: [] },
  model: null
}

/** The file system of the main thread, with the price files that are read through it. */
const readHere: Array<string> = []
const counted = Layer.effect(
  FileSystem.FileSystem,
  Effect.map(FileSystem.FileSystem, (files) => ({
    ...files,
    readFile: (path: string) => {
      if (path.includes(".csv")) readHere.push(path)
      return files.readFile(path)
    }
  }))
).pipe(Layer.provideMerge(NodeServices.layer))

const services = Layer.mergeAll(
  WorkerPool.layer({ threads: 1, waitingMax: 1 }),
  Supervisor.layer,
  ModelRegistry.layer,
  Snapshots.layer
).pipe(
  Layer.provideMerge(EventStore.layer),
  Layer.provideMerge(layerMemoryDatabase),
  Layer.provideMerge(HealthRegistry.layer),
  Layer.provideMerge(counted)
)

it.live("a training without data fails with what to do about it, and leaves the pool at work", () =>
  Effect.gen(function* () {
    const retrain = yield* makeRetrain({ prices: mkdtempSync(join(tmpdir(), "evenkeel-empty-")) })
    for (const seed of [1, 2]) assert.include((yield* Effect.flip(retrain({ name: "none", seed }))).message, "holds no price files")
  }).pipe(Effect.provide(WorkerPool.layer({ threads: 1, waitingMax: 1 }).pipe(Layer.provide(HealthRegistry.layer))))
)

it.effect(
  "drift is answered by a training in another thread, and its model challenges the champion",
  () =>
    Effect.gen(function* () {
      // At the lowest priority it would wait for as long as the machine is busy.
      const retrain = yield* Effect.provideService(makeRetrain({ prices: directory }), TrainingPriority, constants.priority.PRIORITY_NORMAL)
      const context = yield* Layer.build(
        Prediction.layer({
          engineName: "live",
          enabled: true,
          challengers: false,
          turnMinutes: 10_000,
          recalibrate: true,
          retrain: Option.some(retrain)
        }).pipe(Layer.provide(drifted))
      )
      const prediction = yield* Effect.provide(Prediction, context)
      const champion = prediction.serving()!
      const [thread, all] = [process.threadCpuUsage(), process.cpuUsage()]
      // Again and again: the watch may begin to wait later than the clock is first moved.
      const tick = Effect.andThen(TestClock.adjust("1 second"), TestClock.withLive(Effect.sleep("200 millis")))
      yield* Effect.forkChild(Effect.forever(tick))
      const retrained = Stream.filter(prediction.events, (event) => event._tag === "ModelRetrained")
      const { model: entered } = Option.getOrThrow(yield* Stream.runHead(retrained))
      const [here, everywhere] = [process.threadCpuUsage(thread), process.cpuUsage(all)]

      const registry = yield* ModelRegistry
      const [challenger] = yield* registry.list
      assert.deepInclude(challenger, { status: "challenger", ...entered })
      assert.strictEqual((yield* registry.champion).pipe(Option.getOrThrow).version, champion.version)
      const model = yield* readModel(challenger!.name, yield* registry.bytesOf(challenger!.version))
      assert.deepStrictEqual(
        model.provenance.files.map(({ name }) => name),
        ["a/kraken-USDC-USD-15m.csv", "b/kraken-DAI-USD-15m.csv"]
      )
      assert.deepStrictEqual(readHere, [], "price files read on the main thread")
      assert.isBelow((here.user + here.system) / (everywhere.user + everywhere.system), 0.1, "the main thread's share of the work")
    }).pipe(Effect.scoped, Effect.provide(services)),
  240_000
)
