import { assert, it } from "@effect/vitest"
import { Detection } from "@evenkeel/detection/host/Detection"
import { LevelRecorder } from "@evenkeel/detection/host/LevelRecorder"
import type { CoinState } from "@evenkeel/detection/host/States"
import type { LevelChange } from "@evenkeel/domain/risk/RiskLevel"
import { Random } from "@evenkeel/learning/data/Random"
import { Effect, Fiber, Layer, Stream } from "effect"
import { TestClock } from "effect/testing"
import { FileReplay } from "../price/FileReplay.ts"
import type { PriceFile } from "../price/PriceFile.ts"
import { layerReplay, RecordedPlayback } from "./ReplayDetection.ts"

const minute = 60_000
const rows = 3000
const startsAt = Date.UTC(2030, 0, 7)

/** USDC falls by 180 bps after 2,000 minutes, for 200. */
const fall = (): PriceFile => {
  const random = new Random(2)
  return {
    file: "made-USDC-USD.csv",
    instrument: { venue: "made", symbol: "USDC-USD", base: "USDC", quote: "USD" },
    stepMillis: minute,
    regular: true,
    sha256: "",
    rows,
    badRows: 0,
    times: Float64Array.from({ length: rows }, (_, row) => startsAt + (row + 1) * minute),
    prices: Float64Array.from({ length: rows }, (_, row) => (row >= 2000 && row < 2200 ? 0.982 : 1) + 5e-5 * random.normal()),
    volumes: new Float64Array(rows).fill(50_000),
    buyVolumes: new Float64Array(rows).fill(Number.NaN)
  }
}

const plainly = (): ReadonlyArray<LevelChange> => {
  const changes: Array<LevelChange> = []
  const replay = new FileReplay([fall()])
  while (replay.feed(100, (change) => changes.push(change)) > 0);
  return changes
}

it.effect("gives a listener, and the recorder, every level change of the plain replay, in order", () => {
  const recorded: Array<LevelChange> = []
  return Effect.gen(function* () {
    const detection = yield* Detection
    const heard = yield* Effect.forkChild(Stream.runCollect(Stream.take(detection.levels, plainly().length)), { startImmediately: true })
    assert.isUndefined(detection.coin(0), "nothing is played before it is asked for")
    assert.strictEqual(yield* (yield* RecordedPlayback).play, rows)
    assert.deepStrictEqual(yield* Fiber.join(heard), plainly())
    assert.deepStrictEqual(recorded, plainly())
    assert.include(
      plainly().map(({ level }) => level),
      "critical"
    )
    const row = new Float64Array(1 << 10)
    assert.isTrue(detection.features(0, row))
    assert.strictEqual(row[0], startsAt + rows * minute)
    assert.strictEqual(detection.coin(0)?.coin, "USDC")
  }).pipe(Effect.provide(layerReplay(new FileReplay([fall()])).pipe(Layer.provide(LevelRecorder.layerTest(recorded)))))
})

it.effect("waits for a recorder that is full, and loses nothing", () => {
  const recorded: Array<LevelChange> = []
  let refusals = 3
  const slow = Layer.succeed(
    LevelRecorder,
    LevelRecorder.of({
      offer: ({ change }) => (refusals > 0 ? refusals-- < 0 : recorded.push(change) > 0),
      recorded: () => recorded.length,
      standing: () => []
    })
  )
  return Effect.gen(function* () {
    const playing = yield* Effect.forkChild(Effect.flatMap(RecordedPlayback, ({ play }) => play))
    while (playing.pollUnsafe() === undefined) yield* TestClock.adjust("1 millis")
    assert.strictEqual(yield* Fiber.join(playing), rows)
    assert.strictEqual(refusals, 0)
    assert.deepStrictEqual(recorded, plainly())
  }).pipe(Effect.provide(layerReplay(new FileReplay([fall()])).pipe(Layer.provide(slow))))
})

it.effect("plays at a multiple of the recorded time, and broadcasts values as they are scored", () =>
  Effect.gen(function* () {
    const detection = yield* Detection
    const values: Array<CoinState> = []
    yield* Effect.forkChild(
      Stream.runForEach(detection.values, (value) => Effect.sync(() => values.push(value))),
      { startImmediately: true }
    )
    const playing = yield* Effect.forkChild(
      Effect.flatMap(RecordedPlayback, ({ play }) => play),
      { startImmediately: true }
    )
    // 60 times the recorded time: a row a second, the first at once.
    yield* TestClock.adjust("9500 millis")
    assert.strictEqual(values.length, 10)
    assert.isUndefined(playing.pollUnsafe())
    yield* TestClock.adjust("1 hour")
    assert.strictEqual(yield* Fiber.join(playing), rows)
  }).pipe(
    Effect.provide(layerReplay(new FileReplay([fall()], { scoreGapMillis: 1 }), { speed: 60 }).pipe(Layer.provide(LevelRecorder.layerNoop)))
  )
)

it.effect("RecordedPlayback.layerTest plays nothing", () =>
  Effect.gen(function* () {
    assert.strictEqual(yield* (yield* RecordedPlayback).play, 0)
  }).pipe(Effect.provide(RecordedPlayback.layerTest))
)
