/**
 * The configured price feeds, read again and again, and judged by the fair value whenever somebody asks.
 *
 * A feed that cannot be read keeps its last round and says so. Nothing here decides about an alert: rules watch the signal `oracleGap`.
 */
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { Context, Effect, Layer, Result } from "effect"
import { assessOracle, type MarketValue } from "./AssessOracle.ts"
import { type OracleAssessment } from "./OracleAssessment.ts"
import type { FeedUnread, ReadRound } from "./ReadFeed.ts"
import { type OracleTerms, RoundMemory } from "./Round.ts"
import { ValueHistory } from "./ValueHistory.ts"

export interface WatchedOracle {
  readonly terms: OracleTerms
  readonly everySeconds: number
  readonly read: Effect.Effect<ReadRound, FeedUnread>
}

export interface OraclesOptions {
  readonly feeds: ReadonlyArray<WatchedOracle>
  /** A coin's fair value now, without any oracle. */
  readonly value: (coin: string) => MarketValue | undefined
  /** The market's time, Unix ms. */
  readonly now: () => number
}

/** Fair values are remembered so often, in the process's own time; of one minute of the market the last one is kept. */
const sampleEvery = "1 second"

export class Oracles extends Context.Service<
  Oracles,
  {
    /** Every feed as it stands now, in the order of the configuration. */
    readonly assessments: Effect.Effect<ReadonlyArray<OracleAssessment>>
  }
>()("@evenkeel/assessment/oracle/Oracles") {
  static readonly layer = (options: OraclesOptions) => Layer.effect(Oracles, makeOracles(options))
  /** No feed is configured. */
  static readonly layerNoop = Layer.succeed(Oracles, { assessments: Effect.succeed([]) })
}

const makeOracles = Effect.fnUntraced(function* ({ feeds, now, value }: OraclesOptions) {
  const supervisor = yield* Supervisor
  const health = yield* HealthRegistry
  const watched = feeds.map((feed) => ({ ...feed, memory: new RoundMemory(), unread: undefined as string | undefined }))
  const histories = new Map(feeds.map(({ terms }) => [terms.coin, new ValueHistory()]))
  const sample = Effect.sync(() => {
    for (const [coin, history] of histories) {
      const found = value(coin)
      if (found !== undefined) history.add(found.time, found.value)
    }
  })
  if (feeds.length > 0) yield* supervisor.supervise("oracles:values", Effect.forever(Effect.andThen(sample, Effect.sleep(sampleEvery))))
  for (const feed of watched) {
    const component = `oracle:${feed.terms.feed}`
    const step = Effect.gen(function* () {
      const read = yield* Effect.result(feed.read)
      if (Result.isFailure(read)) {
        if (feed.unread === undefined)
          yield* Effect.logWarning("a price feed cannot be read", { feed: feed.terms.feed, problem: read.failure.problem })
        feed.unread = read.failure.problem
        return yield* health.report(component, "degraded", read.failure.problem)
      }
      const { maximumAnswer, minimumAnswer, round } = read.success
      feed.unread = undefined
      feed.memory.take(round, now())
      feed.terms = {
        ...feed.terms,
        minimumAnswer: feed.terms.minimumAnswer ?? minimumAnswer,
        maximumAnswer: feed.terms.maximumAnswer ?? maximumAnswer
      }
      yield* health.report(component, "running")
    })
    yield* supervisor.supervise(component, Effect.forever(Effect.andThen(step, Effect.sleep(`${feed.everySeconds} seconds`))))
  }
  const assessments = Effect.sync(() =>
    watched.map(({ memory, terms, unread }) =>
      assessOracle({
        terms,
        round: memory.last,
        before: memory.newest,
        unread,
        value: value(terms.coin),
        history: histories.get(terms.coin)!,
        now: now()
      })
    )
  )
  return Oracles.of({ assessments })
})
