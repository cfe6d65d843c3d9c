/**
 * Watches covers while the engine runs: writes the readings that bear on their terms into the log, and the trigger when it is met.
 *
 * Readings are written while the coin is within reach of the mark or something counts already, not around the clock. Of an average the minutes before are
 * kept at hand and written first. What decides is what stands in the log: two engines on one database, and one that was restarted, judge by the same
 * readings. Once the terms are met nothing more is written.
 */
import { Detection } from "@evenkeel/detection/host/Detection"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { MarketClock } from "@evenkeel/runtime/time/MarketClock"
import { databaseProblem } from "@evenkeel/store/database/DatabaseProblem"
import { readChain } from "@evenkeel/store/event/ChainFacts"
import { EventStore, type NewEvent } from "@evenkeel/store/event/EventStore"
import { Context, DateTime, Effect, Layer, Stream } from "effect"
import { SqlClient } from "effect/sql"
import type { CoverStatus } from "./CoverStatus.ts"
import { InsuranceRecord, metFactOf, readingsInFactMax } from "./InsuranceFacts.ts"
import { MinuteReadings } from "./MinuteReadings.ts"
import { ReadingRecorder } from "./ReadingRecorder.ts"
import { type Reading, venuesMax } from "./Reading.ts"
import { Silence } from "./Silence.ts"
import { digestOfTerms, insuranceFamily, insuranceStream, type Terms } from "./Terms.ts"

export interface InsuranceWatchOptions {
  readonly covers: ReadonlyArray<Terms>
  readonly engine: string
  readonly simulated: boolean
  /** What each venue says of a coin by itself, now. */
  readonly own: (coin: string) => Reading["own"]
}

export class InsuranceWatch extends Context.Service<
  InsuranceWatch,
  {
    readonly status: () => ReadonlyArray<CoverStatus>
  }
>()("@evenkeel/assessment/insurance/InsuranceWatch") {
  /** Watches for as long as its scope lasts. */
  static readonly layer = (options: InsuranceWatchOptions) => Layer.effect(InsuranceWatch, makeInsuranceWatch(options))

  /** A double that watches nothing. */
  static readonly layerTest = (covers: ReadonlyArray<CoverStatus> = []) =>
    Layer.succeed(InsuranceWatch, InsuranceWatch.of({ status: () => covers }))
}

/** A cover whose chain has so many facts is not written to any more: other terms, under another name, must take its place. */
export const factsMax = 100_000
const page = 1000
const databaseWait = "2 seconds"
/** States so far apart are a leap of time (`MinuteReadings`). */
const leapMillisMin = 5 * 60_000
/** How often it is looked for coins that give no readings. */
const lookEvery = "1 minute"

interface Cover {
  readonly terms: Terms
  readonly digest: string
  readonly record: InsuranceRecord
  readonly recorder: ReadingRecorder
}

const makeInsuranceWatch = Effect.fnUntraced(function* ({ covers, engine, own, simulated }: InsuranceWatchOptions) {
  const detection = yield* Detection
  const events = yield* EventStore
  const health = yield* HealthRegistry
  const supervisor = yield* Supervisor
  const sql = yield* SqlClient.SqlClient
  const watched = covers.map((terms): Cover => ({
    terms,
    digest: digestOfTerms(terms),
    record: new InsuranceRecord(),
    recorder: new ReadingRecorder(terms)
  }))
  const silence = new Silence(yield* MarketClock)

  /** Takes up what others, and this engine, have written since. */
  const catchUp = Effect.fnUntraced(
    function* ({ record, terms }: Cover) {
      for (;;) {
        const facts = yield* readChain({ family: insuranceFamily(terms.name, simulated), after: record.facts, limit: page })
        for (const fact of facts) record.add(fact)
        if (facts.length < page) return
      }
    },
    Effect.provideService(SqlClient.SqlClient, sql)
  )

  const append = (terms: Terms, facts: ReadonlyArray<NewEvent>) =>
    events.append(insuranceStream(terms.name, simulated), "any", facts).pipe(Effect.catchTag("ConcurrencyConflict", Effect.die))

  /** Whether the log says last that these terms are watched, in this kind of market: what it says besides is of others otherwise. */
  const isWatched = ({ digest, record }: Cover) => record.watched?.digest === digest && record.watched.simulated === simulated

  /**
   * Facts are written once for each time that terms are watched: the place where they began is part of the key, so that terms which come back after others
   * have readings and a trigger anew.
   */
  const keyOf = (what: string, { digest, record }: Cover, time?: number) =>
    [what, record.watched?.fact ?? 0, digest, ...(time === undefined ? [] : [time])].join(" ")

  /** Writes that these terms are watched from now on, in this kind of market, unless they are. */
  const begin = Effect.fnUntraced(function* (cover: Cover) {
    yield* catchUp(cover)
    const { digest, record, terms } = cover
    if (isWatched(cover)) return
    const payload = { terms, digest, engine, simulated }
    yield* append(terms, [{ kind: "TermsWatched", payload, key: `terms ${record.facts} ${digest}` }])
    yield* catchUp(cover)
  })

  const tell = Effect.fnUntraced(function* (cover: Cover) {
    const { record, terms } = cover
    const met = metFactOf(record)
    if (met === undefined || record.met !== undefined) return
    yield* append(terms, [{ kind: "TriggerMet", payload: met, key: keyOf("met", cover) }])
    yield* catchUp(cover)
    yield* Effect.logError("the terms of a cover are met", {
      terms: terms.name,
      coin: terms.coin,
      metAt: DateTime.formatIso(DateTime.makeUnsafe(met.metAt)),
      minutes: met.minutes,
      gapMinutes: met.gapMinutes,
      lossBps: met.lossBps
    })
  })

  const write = Effect.fnUntraced(function* (cover: Cover) {
    const { digest, record, recorder, terms } = cover
    yield* begin(cover)
    while (recorder.waiting.length > 0 && metFactOf(record) === undefined && record.facts < factsMax) {
      const before = record.trigger?.verdict
      const readings = recorder.waiting.slice(0, readingsInFactMax)
      const last = readings.at(-1)!
      yield* append(terms, [{ kind: "ReadingsTaken", payload: { readings }, key: keyOf("readings", cover, last.time) }])
      recorder.written(readings.length)
      yield* catchUp(cover)
      const after = record.trigger?.verdict
      if (after?.since != null && before?.state === "idle" && after.state !== "idle")
        yield* append(terms, [
          { kind: "TriggerAccruing", payload: { digest, since: after.since }, key: keyOf("accruing", cover, after.since) }
        ])
      if (before?.since != null && before.state === "accruing" && after?.state === "idle")
        yield* append(terms, [
          { kind: "TriggerLapsed", payload: { digest, since: before.since, at: last.time }, key: keyOf("lapsed", cover, last.time) }
        ])
    }
    yield* tell(cover)
    const name = `insurance:${terms.name}`
    if (record.met !== undefined) {
      recorder.written(recorder.waiting.length)
      return yield* health.report(name, "running", "the terms are met")
    }
    if (record.facts >= factsMax) return yield* health.report(name, "degraded", `its chain is full (${factsMax} facts): nothing is written`)
    yield* recorder.lost === 0
      ? health.report(name, "running")
      : health.report(name, "degraded", `${recorder.lost} readings were lost while the database was away`)
  })

  /** The database is tried again with the next minute; until then readings wait. */
  const writeOrWait = (cover: Cover) =>
    write(cover).pipe(
      Effect.catchTag("SqlError", (error) =>
        health
          .report(`insurance:${cover.terms.name}`, "degraded", databaseProblem(error))
          .pipe(Effect.andThen(Effect.logWarning("readings of a cover wait for the database", { terms: cover.terms.name })))
      )
    )

  const start = (cover: Cover) =>
    begin(cover).pipe(
      // The engine may have stopped after the last reading and before this.
      Effect.andThen(tell(cover)),
      Effect.catchTag("SqlError", (error) =>
        health
          .report(`insurance:${cover.terms.name}`, "degraded", databaseProblem(error))
          .pipe(Effect.andThen(Effect.sleep(databaseWait)), Effect.andThen(Effect.fail("again" as const)))
      ),
      Effect.retry({ while: (error) => error === "again" }),
      Effect.orDie
    )

  const minutes = new Map(covers.map(({ coin }) => [coin, new MinuteReadings({ leapMillisMin })]))
  const follow = Effect.andThen(
    Effect.forEach(watched, start, { discard: true }),
    Stream.runForEach(detection.values, (state) => {
      const readings = minutes.get(state.coin)?.see(state, () => own(state.coin).slice(0, venuesMax)) ?? []
      if (readings.length === 0) return Effect.void
      silence.heard(state.coin)
      return Effect.forEach(
        watched.filter(({ terms }) => terms.coin === state.coin),
        (cover) => {
          const { record, recorder } = cover
          for (const reading of readings)
            if (metFactOf(record) === undefined) recorder.take(reading, record.trigger?.verdict.state ?? "idle")
          return recorder.waiting.length === 0 ? Effect.void : writeOrWait(cover)
        },
        { discard: true }
      )
    })
  )
  if (covers.length > 0) {
    yield* supervisor.supervise("insurance", Effect.andThen(follow, Effect.never))
    const look = Effect.suspend(() => {
      const open = watched.filter(({ record }) => record.met === undefined).map(({ terms }) => terms)
      return Effect.forEach(
        silence.look(open),
        ({ coin, problem }) => health.report(`insurance:readings:${coin}`, problem === "" ? "running" : "degraded", problem),
        {
          discard: true
        }
      )
    })
    yield* supervisor.supervise("insurance:readings", Effect.forever(Effect.andThen(Effect.sleep(lookEvery), look)))
  }

  return InsuranceWatch.of({
    status: () =>
      watched.map((cover) => {
        const { digest, record, recorder, terms } = cover
        const own = isWatched(cover) ? record : undefined
        return {
          terms,
          digest,
          watchedSince: own?.watched?.recordedAt ?? null,
          verdict: (own?.trigger ?? recorder.blank).verdict,
          met: own?.met ?? null,
          lastReading: record.lastReading ?? null,
          facts: record.facts,
          waiting: recorder.waiting.length,
          lost: recorder.lost,
          simulated
        }
      })
  })
})
