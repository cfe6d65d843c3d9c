/** The examples of docs/insurance.md and docs/compliance.md, run as their readers would, in this process. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { EvidenceJson } from "@evenkeel/assessment/insurance/Evidence"
import { digestOfTerms, insuranceStream } from "@evenkeel/assessment/insurance/Terms"
import { EventStore } from "@evenkeel/store/event/EventStore"
import { Console, Effect, FileSystem, Layer, Option, Schema } from "effect"
import { existsSync, readFileSync } from "node:fs"
import { runEvidenceExport, runEvidenceKey, runEvidenceVerify } from "../src/command/Evidence.ts"
import { readTerms, runInsuranceReplay } from "../src/command/Insurance.ts"
import { runReport } from "../src/command/Report.ts"
import { loadConfig } from "../src/config/LoadConfig.ts"
import { auditKeyOf, databaseOf } from "../src/engine/EngineSetup.ts"

const page = readFileSync(new URL("../../../docs/insurance.md", import.meta.url), "utf8")
const blockOf = (language: string, holds: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms"))]
    .map(([, block]) => block!)
    .find((block) => block.includes(holds))!
const shared = new URL("../../../../shared/data/", import.meta.url).pathname
const isShared = existsSync(shared)
if (!isShared) process.stderr.write(`the worked example of docs/insurance.md is left out: there is no ${shared}\n`)

/** What is printed. */
const printed = <A, E, R>(command: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const lines: Array<string> = []
    const log = (...words: ReadonlyArray<unknown>) => void lines.push(words.join(" "))
    const answer = yield* Effect.provideService(command, Console.Console, { ...(yield* Console.Console), log, error: log })
    return { answer, lines }
  })

const inFolder = Effect.flatMap(FileSystem.FileSystem, (files) => files.makeTempDirectoryScoped())

describe("docs/insurance.md", () => {
  it.live.skipIf(!isShared)("says of March 2023 what the command says", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const terms = `${yield* inFolder}/terms.toml`
      yield* files.writeFileString(terms, blockOf("toml", "[[terms]]"))
      const prices = blockOf("sh", "insurance replay")
        .split(/\s+/)
        .filter((word) => word.endsWith(".gz"))
        .map((file) => `${shared}${file}`)
      const { lines } = yield* printed(runInsuranceReplay({ terms, prices, json: false }))
      const told = blockOf("text", "usdc-95-4h").trimEnd().split("\n")
      assert.deepStrictEqual(
        told.filter((line) => !lines.includes(line)),
        []
      )
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.live("judges a market that is made up, and refuses a file without terms", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const folder = yield* inFolder
      const startsAt = Date.UTC(2023, 2, 10)
      // At its peg for a day, then at 0.94 for 250 minutes.
      const rows = Array.from({ length: 1700 }, (_, row) => `${startsAt + row * 60_000},${row >= 1440 && row < 1690 ? 0.94 : 1},50000`)
      const prices = `${folder}/made-USDC-USD-1m.csv`
      yield* files.writeFileString(prices, `timestamp_ms,close,volume\n${rows.join("\n")}\n`)
      const terms = `${folder}/terms.toml`
      yield* files.writeFileString(terms, blockOf("toml", "[[terms]]"))
      const { lines } = yield* printed(runInsuranceReplay({ terms, prices: [prices], json: true }))
      const [met, two] = lines.map((line) => JSON.parse(line) as { name: string; state: string; metAt: string | null; minutes: number })
      assert.deepInclude(met, { name: "usdc-95-4h", state: "met", minutes: 240 })
      assert.match(met!.metAt!, /^2023-03-11T04:0/)
      assert.deepInclude(two, { name: "usdc-95-4h-two", state: "idle" }, "one venue is too few")
      yield* files.writeFileString(terms, 'coins = ["USDC"]\n')
      assert.include((yield* Effect.flip(readTerms(terms))).message, "neither [[terms]] nor")
      yield* files.writeFileString(terms, '[[terms]]\nname = "x"\n')
      assert.include((yield* Effect.flip(readTerms(terms))).message, "coin")
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.live("exports evidence of a stopped engine's database, and verifies it without; and reports of it", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const folder = yield* inFolder
      const configured = blockOf("toml", "[[terms]]").replaceAll("[[terms]]", "[[insurance.terms]]")
      yield* files.writeFileString(`${folder}/evenkeel.toml`, configured)
      // Nothing answers at this port.
      const config = yield* loadConfig(Option.some(`${folder}/evenkeel.toml`), {
        EVENKEEL_DATA: `${folder}/data`,
        EVENKEEL_HTTP_PORT: "1"
      })
      const terms = config.insurance.terms[0]!
      const startsAt = Date.UTC(2023, 2, 11)
      const readings = Array.from({ length: 60 }, (_, index) => ({
        coin: "USDC",
        time: startsAt + (index + 1) * 60_000,
        fairValue: 0.94,
        errorBps: 1,
        deviationBps: -600,
        level: "critical",
        grounded: true,
        agree: 2,
        own: []
      }))
      yield* Effect.gen(function* () {
        const events = yield* EventStore
        const watched = { terms: { ...terms }, digest: digestOfTerms(terms), engine: "live", simulated: false }
        yield* events.append(insuranceStream(terms.name, false), "any", [
          { kind: "TermsWatched", payload: watched },
          { kind: "ReadingsTaken", payload: { readings } }
        ])
      }).pipe(Effect.provide(EventStore.layerSealed(auditKeyOf(config)).pipe(Layer.provideMerge(databaseOf(config)))), Effect.scoped)

      const out = `${folder}/usdc.json`
      yield* printed(runEvidenceExport(config, { term: terms.name, out }))
      const key = `${folder}/engine.pem`
      yield* files.writeFileString(key, (yield* printed(runEvidenceKey(config))).lines.join("\n"))
      const verify = (given: Option.Option<string>) => printed(runEvidenceVerify({ file: out, key: given, json: false }))
      const good = yield* verify(Option.some(key))
      assert.isTrue(good.answer)
      assert.include(good.lines.join("\n"), "accruing since 2023-03-11T00:00:00.000Z: 60 of 240 minutes")
      assert.notInclude(good.lines.join("\n"), "WARNING")
      assert.include((yield* verify(Option.none())).lines.join("\n"), "WARNING: the key was taken from the file itself")

      const month = "2023-03"
      const report = yield* printed(runReport(config, { month, out: Option.some(folder), html: false, json: false }))
      assert.isTrue(report.answer)
      for (const extension of ["html", "json"])
        assert.include(yield* files.readFileString(`${folder}/evenkeel-${month}.${extension}`), month)

      const evidence = yield* Schema.decodeEffect(EvidenceJson)(yield* files.readFileString(out))
      yield* files.writeFileString(out, JSON.stringify({ ...evidence, facts: evidence.facts.slice(0, 1) }))
      const refused = yield* verify(Option.some(key))
      assert.isFalse(refused.answer)
      assert.include(refused.lines.join("\n"), "REFUSED: its end is cut off")
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
