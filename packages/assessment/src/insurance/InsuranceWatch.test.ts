import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Detection } from "@evenkeel/detection/host/Detection"
import { coinOf } from "@evenkeel/domain/coin/Coin"
import { layerRuntime } from "@evenkeel/runtime/Runtime"
import { EventStore } from "@evenkeel/store/event/EventStore"
import { Effect, FileSystem, Layer, Schema, Stream } from "effect"
import { layerMemoryDatabase } from "../../../store/test/support/MemoryDatabase.ts"
import { minute, startsAt, stateOf, termsOf } from "../../test/support/Covers.ts"
import { EvidenceJson, type EvidenceRefused, type EvidenceVerified, verifyEvidence } from "./Evidence.ts"
import { exportEvidence } from "./ExportEvidence.ts"
import type { CoverStatus } from "./CoverStatus.ts"
import { InsuranceWatch } from "./InsuranceWatch.ts"
import { digestOfTerms, insuranceStream, type Terms } from "./Terms.ts"

const layerLog = Layer.unwrap(
  Effect.map(
    Effect.flatMap(FileSystem.FileSystem, (files) => files.makeTempDirectoryScoped()),
    (directory) => EventStore.layerSealed(`${directory}/audit.key`)
  )
).pipe(Layer.provideMerge(layerMemoryDatabase), Layer.provideMerge(Layer.merge(layerRuntime, NodeServices.layer)))

/** An engine sees these prices, a minute each, `from` minute on; what it says of its cover when it has handled all of them. */
const watch = (terms: Terms, prices: ReadonlyArray<number>, from = 1, simulated = false) =>
  Effect.gen(function* () {
    const { status } = yield* InsuranceWatch
    const at = startsAt + (from + prices.length - 2) * minute
    const done = ({ lastReading, met, verdict, waiting }: CoverStatus) =>
      waiting === 0 && (verdict.state === "met" ? met !== null : (lastReading ?? 0) >= at)
    for (let turn = 0; turn < 500 && !done(status()[0]!); turn++) yield* Effect.sleep("10 millis")
    return status()[0]!
  }).pipe(
    Effect.provide(
      InsuranceWatch.layer({ covers: [terms], engine: "live", simulated, own: () => [] }).pipe(
        Layer.provide(
          Detection.layerTest({
            coins: [coinOf("USDC")!],
            values: Stream.concat(Stream.fromIterable(prices.map((price, index) => stateOf(from + index, price))), Stream.never)
          })
        )
      )
    )
  )

const kinds = Effect.fnUntraced(function* (terms: Terms, simulated = false) {
  const events = yield* EventStore
  const facts = yield* events.read({ after: { transaction: "0", position: 0 }, limit: 100, stream: insuranceStream(terms.name, simulated) })
  return facts.map(({ kind }) => kind)
})

const exported = (name: string, simulated = false) => Effect.flatMap(exportEvidence(name, simulated), Schema.encodeEffect(EvidenceJson))
const accepted = (verified: EvidenceVerified | EvidenceRefused) => ("problem" in verified ? assert.fail(verified.problem) : verified)

describe("InsuranceWatch", () => {
  it.live("writes the terms, the readings within reach, and the trigger, and goes on after a restart", () =>
    Effect.gen(function* () {
      const terms = termsOf()
      assert.deepInclude((yield* watch(terms, [1, 1, 1, 0.94, 0.94, 0.94])).verdict, { state: "accruing", minutes: 2 })
      assert.deepStrictEqual(yield* kinds(terms), ["TermsWatched", "ReadingsTaken", "TriggerAccruing", "ReadingsTaken"])
      // The minute in which it was stopped has no reading.
      const { verdict } = yield* watch(terms, [0.94, 0.94, 0.94, 1, 1, 1], 7)
      assert.deepInclude(verdict, { state: "met", minutes: 5, gapMinutes: 1, metAt: startsAt + 9 * minute })
      const facts = yield* kinds(terms)
      assert.strictEqual(facts.filter((kind) => kind === "TermsWatched").length, 1, "the same terms are watched on")
      assert.strictEqual(facts.at(-1), "TriggerMet", "nothing is written after it")
    }).pipe(Effect.provide(layerLog))
  )

  it.live("judges other terms by readings from then on", () =>
    Effect.gen(function* () {
      yield* watch(termsOf(), [0.94, 0.94, 0.94, 0.94])
      const { verdict } = yield* watch(termsOf({ minutes: 3 }), [0.94, 0.94, 0.94], 5)
      assert.deepInclude(verdict, { state: "accruing", minutes: 2 })
    }).pipe(Effect.provide(layerLog))
  )

  it.live("keeps a made-up market's readings and a real one's apart, and evidence says which it is of", () =>
    Effect.gen(function* () {
      const terms = termsOf()
      assert.strictEqual((yield* watch(terms, [0.94, 0.94, 0.94, 0.94, 0.94, 0.94], 1, true)).verdict.state, "met")
      const real = yield* watch(terms, [0.94, 0.94, 0.94], 7)
      assert.deepInclude(real.verdict, { state: "accruing", minutes: 2 }, "nothing of the made-up market counts")
      assert.isNull(real.met)
      assert.deepInclude(accepted(verifyEvidence(yield* exported("usdc-95"), undefined)), { simulated: false, met: undefined })
      const made = accepted(verifyEvidence(yield* exported("usdc-95", true), undefined))
      assert.isTrue(made.simulated)
      assert.strictEqual(made.verdict.state, "met")
    }).pipe(Effect.provide(layerLog))
  )

  it.live("watches anew where an older engine has a made-up market's readings in the real cover's chain", () =>
    Effect.gen(function* () {
      const terms = termsOf()
      const payload = { terms: { ...terms }, digest: digestOfTerms(terms), engine: "demo", simulated: true }
      yield* (yield* EventStore).append(insuranceStream(terms.name, false), "any", [{ kind: "TermsWatched", payload }])
      yield* watch(terms, [0.94, 0.94])
      assert.deepStrictEqual((yield* kinds(terms)).slice(0, 2), ["TermsWatched", "TermsWatched"])
      assert.isFalse(accepted(verifyEvidence(yield* exported("usdc-95"), undefined)).simulated)
    }).pipe(Effect.provide(layerLog))
  )

  it.live("says that terms are met each time they are watched: also those that come back after others", () =>
    Effect.gen(function* () {
      yield* watch(termsOf(), [0.94, 0.94, 0.94, 0.94, 0.94, 0.94])
      yield* watch(termsOf({ minutes: 30 }), [0.94, 0.94], 7)
      const { met } = yield* watch(termsOf(), [0.94, 0.94, 0.94, 0.94, 0.94, 0.94], 9)
      assert.strictEqual(met?.metAt, startsAt + 13 * minute)
      assert.strictEqual((yield* kinds(termsOf())).filter((kind) => kind === "TriggerMet").length, 2)
      assert.deepInclude(accepted(verifyEvidence(yield* exported("usdc-95"), undefined)), { changes: 2 })
    }).pipe(Effect.provide(layerLog))
  )

  it("InsuranceWatch.layerTest watches nothing", () =>
    Effect.runPromise(
      Effect.gen(function* () {
        assert.deepStrictEqual((yield* InsuranceWatch).status(), [])
      }).pipe(Effect.provide(InsuranceWatch.layerTest()))
    ))
})

describe("evidence", () => {
  it.live("proves the trigger without the engine, and every damage to it is found and named", () =>
    Effect.gen(function* () {
      yield* watch(termsOf(), [1, 0.94, 0.94, 0.94, 0.94, 0.94, 0.94])
      yield* watch(termsOf({ name: "other", minutes: 6 }), [0.94, 0.94])
      const text = yield* exported("usdc-95")
      const evidence = yield* Schema.decodeEffect(EvidenceJson)(text)
      const key = evidence.seal.publicKey
      const good = accepted(verifyEvidence(text, key))
      assert.deepInclude(good.verdict, { state: "met", minutes: 5, metAt: startsAt + 6 * minute })
      assert.strictEqual(good.met?.metAt, startsAt + 6 * minute)
      assert.isTrue(good.keyGiven)
      assert.isFalse(accepted(verifyEvidence(text, undefined)).keyGiven)

      const other = yield* Schema.decodeEffect(EvidenceJson)(yield* exported("other"))
      const { facts, seal, terms } = evidence
      const fact = (index: number, over: object) => facts.map((each, at) => (at === index ? { ...each, ...over } : each))
      const damages: ReadonlyArray<readonly [what: string, damaged: unknown, problem: string]> = [
        ["a number", { ...evidence, facts: fact(1, { payload: facts[1]!.payload.replace("-600", "-601") }) }, "fact 2 was altered"],
        ["a time of writing", { ...evidence, facts: fact(1, { recordedAt: 1 }) }, "fact 2 was altered"],
        ["a fact that is left out", { ...evidence, facts: facts.toSpliced(2, 1) }, "fact 3 is missing"],
        ["two facts in the other order", { ...evidence, facts: [facts[1], facts[0], ...facts.slice(2)] }, "fact 1 is missing"],
        ["an end that is cut off", { ...evidence, facts: facts.slice(0, -1) }, "its end is cut off"],
        [
          "an end that is cut off with its seal",
          { ...evidence, facts: facts.slice(0, -1), seal: { ...seal, length: facts.length - 1, hash: facts.at(-2)!.hash } },
          "its seal was altered"
        ],
        ["other terms", { ...evidence, terms: { ...terms, minutes: 4 } }, "the terms that were watched are others"],
        ["another cover's terms", { ...evidence, terms: other.terms }, "not of one family"],
        ["another cover's seal", { ...evidence, seal: other.seal }, "not of one family"],
        ["another log", { ...evidence, log: "00000000-0000-0000-0000-000000000000" }, "its seal was altered"],
        [
          "a beginning that is cut off",
          { ...evidence, facts: facts.slice(1), anchor: { family: evidence.family, chainIndex: 1, hash: facts[0]!.hash } },
          "its beginning is cut off"
        ],
        ["a key that is none", { ...evidence, seal: { ...seal, publicKey: "none" } }, "its public key is none"],
        ["another form", { ...evidence, format: "evenkeel-evidence-2" }, "no whole file"],
        ["a word too many", { ...evidence, note: "trust me" }, "no whole file"]
      ]
      for (const [what, damaged, problem] of damages) {
        const refused = verifyEvidence(JSON.stringify(damaged), key)
        assert.include("problem" in refused ? refused.problem : "accepted", problem, what)
      }
      const twice = verifyEvidence(text.replace('"log":', '"log":"another","log":'), key)
      assert.include("problem" in twice ? twice.problem : "accepted", "log is there twice")
      const cut = verifyEvidence(text.slice(0, -10), key)
      assert.include("problem" in cut ? cut.problem : "accepted", "no whole file")
      assert.strictEqual((yield* Effect.flip(exported("nothing")))._tag, "NoEvidence")
    }).pipe(Effect.provide(layerLog))
  )

  it.live("is refused where its front is cut off, also where terms that were watched later stand behind the cut", () =>
    Effect.gen(function* () {
      yield* watch(termsOf({ minutes: 30 }), [0.94, 0.94])
      yield* watch(termsOf(), [0.94, 0.94], 3)
      const evidence = yield* Schema.decodeEffect(EvidenceJson)(yield* exported("usdc-95"))
      const { facts, family } = evidence
      const at = facts.findLastIndex(({ kind }) => kind === "TermsWatched")
      assert.isAbove(at, 0)
      const anchor = { family, chainIndex: at, hash: facts[at - 1]!.hash }
      const refused = verifyEvidence(JSON.stringify({ ...evidence, facts: facts.slice(at), anchor }), undefined)
      assert.include("problem" in refused ? refused.problem : "accepted", `the first ${at} facts of the chain are missing`)
    }).pipe(Effect.provide(layerLog))
  )

  it.live("of another engine's making is refused where the key is known", () =>
    Effect.gen(function* () {
      const make = Effect.andThen(watch(termsOf(), [0.9, 0.9]), exported("usdc-95")).pipe(Effect.provide(Layer.fresh(layerLog)))
      const [own, others] = [yield* make, yield* make]
      const { seal } = yield* Schema.decodeEffect(EvidenceJson)(own)
      const refused = verifyEvidence(others, seal.publicKey)
      assert.include("problem" in refused ? refused.problem : "accepted", "signed with another key")
    })
  )
})
