import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { openModel } from "@evenkeel/detection/model/ModelFiles"
import { allocateModelMemory, ModelPublisher } from "@evenkeel/detection/model/ModelMemory"
import type { LevelChange } from "@evenkeel/domain/risk/RiskLevel"
import { Effect, Option } from "effect"
import { FileReplay, type FileReplayOptions } from "./FileReplay.ts"
import type { PriceFile } from "./PriceFile.ts"

const minute = 60_000
const rows = 2000

/** A coin that falls to 98.2 cents after 1,500 minutes. */
const fallOf = (quote: string): PriceFile => ({
  file: `made-USDC-${quote}.csv`,
  instrument: { venue: "made", symbol: `USDC-${quote}`, base: "USDC", quote },
  stepMillis: minute,
  regular: true,
  sha256: "",
  rows,
  badRows: 0,
  times: Float64Array.from({ length: rows }, (_, row) => Date.UTC(2030, 0, 7) + (row + 1) * minute),
  prices: Float64Array.from({ length: rows }, (_, row) => (row < 1500 ? 1 : 0.982) + 1e-5 * (row % 3)),
  volumes: new Float64Array(rows).fill(50_000),
  buyVolumes: new Float64Array(rows).fill(25_000)
})

const play = (files: ReadonlyArray<PriceFile>, slice: number, options: FileReplayOptions = {}): ReadonlyArray<LevelChange> => {
  const changes: Array<LevelChange> = []
  const replay = new FileReplay(files, options)
  while (replay.feed(slice, (change) => changes.push(change)) > 0);
  return changes
}

describe("FileReplay", () => {
  it("gives the same changes however many rows are played at once", () => {
    const files = [fallOf("USD"), fallOf("USDT")]
    const changes = play(files, rows * 2)
    assert.isAbove(changes.length, 0)
    assert.deepStrictEqual(play(files, 1), changes)
    assert.deepStrictEqual(play(files, 777), changes)
  })

  it("prices coins by a bridge where it is asked to, in whatever order the files come", () => {
    const fallsTo = (base: string, quote: string, factor: number, level = 1): PriceFile => {
      const { prices, ...file } = fallOf(quote)
      return {
        ...file,
        instrument: { venue: quote === "USD" ? "first" : "second", symbol: `${base}-${quote}`, base, quote },
        prices: prices.map((_, row) => level * (1 + 0.002 * Math.sin(row)) ** (level === 1 ? 0 : 1) * (row < 1500 ? 1 : factor))
      }
    }
    // USDT falls to 97 cents.
    const files = [
      fallsTo("BTC", "USD", 1, 60_000),
      fallsTo("BTC", "USDT", 1 / 0.97, 60_000),
      fallsTo("BTC", "USDC", 1, 60_000),
      fallsTo("USDC", "USDT", 1 / 0.97)
    ]
    const critical = (changes: ReadonlyArray<LevelChange>) => changes.filter(({ level }) => level === "critical").map(({ coin }) => coin)
    const told = (changes: ReadonlyArray<LevelChange>) => changes.map(({ coin, kind, level, time }) => `${time} ${coin} ${kind} ${level}`)
    const changes = play(files, rows, { bridges: ["BTC"] })
    assert.deepStrictEqual(critical(changes), ["USDT"])
    assert.isTrue(changes.every(({ evidence }) => evidence.grounded))
    assert.deepStrictEqual(told(play(files.toReversed(), rows, { bridges: ["BTC"] })), told(changes))
    assert.deepStrictEqual(critical(play(files, rows)), [])
    assert.deepStrictEqual(play(files, rows, { bridges: ["ETH"] }), play(files, rows))
  })

  it("plays rounds by their price alone: what else a row holds is no part of a round", () => {
    const rounds = { ...fallOf("USD"), stepMillis: 0 }
    const nothing = new Float64Array(rows).fill(Number.NaN)
    const changes = play([rounds], rows)
    assert.isAbove(changes.length, 0)
    assert.deepStrictEqual(play([{ ...rounds, volumes: nothing, buyVolumes: nothing }], rows), changes)
  })

  it("tells when the next row became known, and counts what it plays", () => {
    const file = fallOf("USD")
    const replay = new FileReplay([file, fallOf("USDT")])
    assert.strictEqual(replay.nextTime(), file.times[0])
    assert.strictEqual(
      replay.feed(2, () => {}),
      2
    )
    assert.strictEqual(replay.nextTime(), file.times[1])
    assert.strictEqual(
      replay.feed(Number.POSITIVE_INFINITY, () => {}),
      2 * rows - 2
    )
    assert.isUndefined(replay.nextTime())
  })

  it.effect("decides the same levels with a model as without, and gives its probabilities", () =>
    Effect.gen(function* () {
      const models = allocateModelMemory()
      const { file } = Option.getOrThrow(yield* openModel(Option.none()))
      assert.isUndefined(new ModelPublisher(models).publish(file.model, 7))
      const levels = (changes: ReadonlyArray<LevelChange>) => changes.map(({ coin, level, time }) => [time, coin, level])
      const plain = play([fallOf("USD")], 100)
      const predicted = play([fallOf("USD")], 100, { models })
      assert.deepStrictEqual(levels(predicted), levels(plain))
      assert.isTrue(plain.every(({ evidence }) => evidence.model === undefined || evidence.model === null))
      assert.isTrue(predicted.every(({ evidence }) => evidence.model !== undefined && evidence.model !== null))
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it("hands over what each coin is judged by at each bar's close", () => {
    const closes: Array<number> = []
    play([fallOf("USD")], 100, { onJudged: (_, { time }) => closes.push(time) })
    assert.deepStrictEqual(closes, [...fallOf("USD").times])
  })
})
