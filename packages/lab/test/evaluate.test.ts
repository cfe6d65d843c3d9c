/** The engine judged on markets whose truth is known, by the very functions behind the command. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { encodeModel, type ModelFile } from "@evenkeel/learning/model/ModelFile"
import { Effect, Option } from "effect"
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { explain } from "../src/evaluation/Explain.ts"
import { evaluate, seenBy } from "../src/evaluation/Evaluate.ts"
import { reportPage } from "../src/evaluation/ReportPage.ts"
import { refereeOf } from "@evenkeel/replay/referee/Referee"
import { summaryOf } from "../src/evaluation/Summary.ts"
import { readPriceFile } from "@evenkeel/replay/price/PriceFile"
import { openModel, readModelFile } from "@evenkeel/detection/model/ModelFiles"
import { readPriceFiles } from "@evenkeel/replay/price/Markets"
import { HeadFitter, layerTraining } from "../src/training/HeadFitter.ts"
import { trainOn } from "../src/training/TrainOnFiles.ts"
import onsets from "./onsets.json" with { type: "json" }
import { vi } from "vitest"
import { slide, startsAt, writePriceFiles } from "./support/PriceFiles.ts"

vi.setConfig({ testTimeout: 120_000 })

const minute = 60_000
const day = 1440
const quiet = () => Effect.void
const shared = new URL("../../../../shared/data/", import.meta.url).pathname

describe("evaluate", () => {
  const directory = writePriceFiles([
    { name: "fall/kraken-USDC-USD-1m.csv", minutes: 5 * day, valueBps: slide(2 * day, 240, -180) },
    { name: "fall/kraken-USDT-USD-1m.csv", minutes: 5 * day, valueBps: () => 0 },
    { name: "calm/binance-FDUSD-USDT-5m.csv", minutes: 6 * day, stepMinutes: 5, valueBps: () => -25 }
  ])

  it.live("judges an unseen directory by the shipped model: leads, blame, calm and probabilities", () =>
    Effect.gen(function* () {
      const champion = yield* openModel(Option.none())
      assert.isTrue(Option.isSome(champion))
      const evaluation = yield* evaluate({ directory, champion, checkpoints: Option.none(), progress: quiet })
      const summary = summaryOf(evaluation)
      assert.include(summary.judge, "has seen none")
      const [event, ...more] = summary.events
      assert.deepStrictEqual(more, [])
      assert.deepInclude(event, { coin: "USDC", kind: "break", file: "fall/kraken-USDC-USD-1m.csv", jump: false })
      // -50 of -180 bps are reached after 67 of the slide's 240 minutes.
      const onset = new Date(event!.onset!).getTime()
      assert.closeTo((onset - startsAt) / minute, 2 * day + 67, 4)
      assert.isAbove(event!.leadMinutes["warning"]!["50"]!, 15)
      assert.isAtLeast(event!.leadMinutes["critical"]!["50"]!, -3)
      assert.strictEqual(summary.calm.warnings.strict, 0)
      assert.strictEqual(summary.calm.criticals, 0)
      assert.isBelow(summary.calm.aboveNormalShare!, 0.01)
      const blamed = summary.blame.filter(({ level }) => level !== "watch")
      assert.deepStrictEqual(
        blamed.map(({ coin, kind, level }) => [coin, kind, level]),
        [["USDC", "break", "critical"]]
      )
      const state = summary.horizons.pooled["state"]!["60m"]!
      assert.isAbove(state.averagePrecision.value!, 0.9)
      assert.isAbove(state.positives, 100)
      const page = reportPage(evaluation, summary)
      assert.include(page, "<svg")
      assert.notMatch(page, /NaN|undefined|<script|https?:/)
      assert.doesNotThrow(() => JSON.parse(JSON.stringify(summary)))
    }).pipe(Effect.provide([NodeServices.layer, layerTraining]))
  )

  it.live("tells what to do when a directory holds no prices", () =>
    Effect.gen(function* () {
      const empty = mkdtempSync(join(tmpdir(), "evenkeel-empty-"))
      writeFileSync(join(empty, "notes.csv"), "a,b\n1,2\n")
      assert.include((yield* Effect.flip(readPriceFiles(empty))).message, "venue-BASE-QUOTE")
      writeFileSync(join(empty, "kraken-USDC-USD.csv"), "when,what\n1,2\n")
      assert.include((yield* Effect.flip(readPriceFiles(empty))).message, "holds no price files")
    }).pipe(Effect.provide(NodeServices.layer))
  )
})

describe("training", () => {
  const events = writePriceFiles([
    { name: "a/kraken-USDC-USD-15m.csv", minutes: 4 * day, stepMinutes: 15, valueBps: slide(2 * day, 120, -150) },
    {
      name: "b/kraken-DAI-USD-15m.csv",
      fromMinute: 9 * day,
      minutes: 5 * day,
      stepMinutes: 15,
      valueBps: (at) => slide(2 * day, 300, -120)(at) + slide(4 * day, 400, 140)(at)
    },
    { name: "c/kraken-TUSD-USD-15m.csv", fromMinute: 22 * day, minutes: 3 * day, stepMinutes: 15, valueBps: slide(2 * day, 500, -90) }
  ])
  const options = { name: "test", seed: 3, progress: quiet }

  /** The bytes of one undisturbed training in the pool's threads, which the tests share. */
  let bytesOnce: Uint8Array | undefined
  const trainOnce = Effect.gen(function* () {
    if (bytesOnce !== undefined) return bytesOnce
    const { file } = yield* trainOn(yield* readPriceFiles(events), { ...options, checkpoints: Option.none() })
    return (bytesOnce = encodeModel(file))
  })

  it.live("leaves a file that knows what it has seen", () =>
    Effect.gen(function* () {
      const path = join(events, "model.evkmodel")
      writeFileSync(path, yield* trainOnce)
      const { file } = yield* readModelFile(path)
      const files = yield* readPriceFiles(events)
      assert.strictEqual(seenBy(file, files).length, 3)
      assert.isAtLeast(file.provenance.events.length, 4)
    }).pipe(Effect.provide([NodeServices.layer, layerTraining]))
  )

  it.live("stopped in the pool's threads and continued in one, gives the bytes of an undisturbed one", () =>
    Effect.gen(function* () {
      const checkpoints = Option.some(mkdtempSync(join(tmpdir(), "evenkeel-checkpoints-")))
      const files = yield* readPriceFiles(events)
      const told: Array<string> = []
      const interrupted = yield* Effect.exit(
        trainOn(files, {
          ...options,
          checkpoints,
          progress: (done) => (done === 4 ? Effect.die("pulled the plug") : Effect.void)
        })
      )
      assert.strictEqual(interrupted._tag, "Failure")
      const { file } = yield* trainOn(files, {
        ...options,
        checkpoints,
        progress: (_, __, name) => Effect.sync(() => told.push(name))
      }).pipe(Effect.provide(HeadFitter.layerSameThread))
      assert.isAtLeast(told.filter((name) => name.includes("kept")).length, 3)
      assert.deepStrictEqual(encodeModel(file), yield* trainOnce)
    }).pipe(Effect.provide([NodeServices.layer, layerTraining]))
  )

  it.live("refuses calm alone, and says that breaks are missing", () =>
    Effect.gen(function* () {
      const files = yield* readPriceFiles(writePriceFiles([{ name: "kraken-USDC-USD-1m.csv", minutes: day, valueBps: () => 0 }]))
      const refused = yield* Effect.flip(trainOn(files, { name: "test", seed: 1, checkpoints: Option.none(), progress: quiet }))
      assert.include(refused.message, "0 breaks in 1.0 days")
    }).pipe(Effect.provide([NodeServices.layer, layerTraining]))
  )

  it.live("a model that cannot serve says why", () =>
    Effect.gen(function* () {
      const path = join(events, "bad.evkmodel")
      const { bytes, file } = Option.getOrThrow(yield* openModel(Option.none()))
      const reason = (content: Uint8Array) => {
        writeFileSync(path, content)
        return Effect.map(Effect.flip(readModelFile(path)), (error) => error.reason)
      }
      assert.strictEqual(yield* reason(bytes.subarray(0, 5000)), "Truncated")
      const altered = Uint8Array.from(bytes)
      altered[bytes.length - 1000]! ^= 1
      assert.strictEqual(yield* reason(altered), "Altered")
      const renamed = {
        ...file,
        model: { ...file.model, features: file.model.features.map((name, index) => (index === 0 ? "tarot" : name)) }
      }
      assert.strictEqual(yield* reason(encodeModel(renamed satisfies ModelFile)), "OtherFeatures")
      assert.strictEqual((yield* Effect.flip(readModelFile("nowhere.evkmodel"))).reason, "NotFound")
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.live("explains a prediction by what each feature adds", () =>
    Effect.gen(function* () {
      const { file } = Option.getOrThrow(yield* openModel(Option.none()))
      const values = Float64Array.from(file.model.features, (name) =>
        name === "capped_distance_bps" ? 45 : name === "departure_bps" ? 40 : Number.NaN
      )
      const parts = explain(
        file,
        file.model.heads.findIndex(({ horizonMinutes, label }) => label === "onset" && horizonMinutes === 60),
        values
      )
      assert.strictEqual(parts.length, file.model.features.length)
      assert.include(["capped_distance_bps", "departure_bps"], parts[0]!.feature)
      assert.isAbove(parts[0]!.part, 0)
      assert.isTrue(parts.every(({ part }) => Number.isFinite(part)))
    }).pipe(Effect.provide(NodeServices.layer))
  )
})

describe("the referee", () => {
  it.live.skipIf(!existsSync(shared))("agrees with onsets.py on every file", () =>
    Effect.gen(function* () {
      const iso = (time: number) => `${new Date(Math.round(time)).toISOString().slice(0, 19)}Z`
      for (const expected of onsets) {
        const verdict = refereeOf(yield* readPriceFile(join(shared, expected.file)))
        for (const [index, breaks] of expected.breaks.entries()) {
          assert.deepStrictEqual(
            verdict.breaks[index]!.map(({ confirmed, end, onset }) => [iso(onset), iso(confirmed), iso(end)]),
            breaks,
            expected.file
          )
        }
        assert.strictEqual(verdict.events.length, expected.events)
        assert.strictEqual(verdict.stress.length, expected.stress)
        assert.closeTo(verdict.calmMillis / (30.4375 * 86_400_000), expected.calmMonths, 6e-4)
      }
      assert.isAbove(readFileSync(new URL("./onsets.json", import.meta.url)).length, 0)
    }).pipe(Effect.provide(NodeServices.layer))
  )
})
