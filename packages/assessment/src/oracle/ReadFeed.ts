/** Reads the last round of a feed, wherever it is published. */
import type { RpcEndpoint } from "@evenkeel/connectors/chain/RpcEndpoints"
import { readBody } from "@evenkeel/connectors/transport/Body"
import type { ChainId } from "@evenkeel/domain/market/Venue"
import { Policies } from "@evenkeel/runtime/resilience/Policies"
import { sendHidden, shownProblem } from "@evenkeel/runtime/telemetry/HiddenAddress"
import { DateTime, Effect, FileSystem, Option, Redacted, Result, Schema } from "effect"
import { HttpClient, type HttpClientError, HttpClientRequest } from "effect/http"
import type { OracleFeed } from "./OracleFeed.ts"
import type { OracleTerms, Round } from "./Round.ts"
import { readRoundFile } from "./RoundFile.ts"

/** A feed gave no answer. */
export class FeedUnread extends Schema.TaggedError<FeedUnread>()("FeedUnread", { feed: Schema.String, problem: Schema.String }) {
  override get message() {
    return `${this.feed}: ${this.problem}`
  }
}

/** A round, and what its contract says of itself where the configuration says nothing. */
export interface ReadRound {
  readonly round: Round
  readonly minimumAnswer?: number | undefined
  readonly maximumAnswer?: number | undefined
}

/** A longer document is refused. */
const documentBytesMax = 1 << 20
const feedDefaults = { heartbeatSeconds: 86_400, deviationBps: 25 }

export const termsOf = (feed: OracleFeed): OracleTerms => ({
  feed: feed.name,
  coin: feed.coin,
  heartbeatSeconds: feed.heartbeatSeconds ?? feedDefaults.heartbeatSeconds,
  deviationBps: feed.deviationBps ?? feedDefaults.deviationBps,
  unsafeGapBps: feed.unsafeGapBps,
  minimumAnswer: feed.minimumAnswer,
  maximumAnswer: feed.maximumAnswer,
  decimals: feed.source._tag === "Chainlink" ? feed.source.decimals : undefined
})

/** `now` is the market's time: of a file, rounds after it are not there yet. */
export const makeFeedReader = Effect.fnUntraced(function* (
  { name, source }: OracleFeed,
  endpointsOf: (chain: ChainId) => ReadonlyArray<RpcEndpoint>,
  now: () => number
): Effect.fn.Return<Effect.Effect<ReadRound, FeedUnread>, never, FileSystem.FileSystem | HttpClient.HttpClient | Policies> {
  const policies = yield* Policies
  const files = yield* FileSystem.FileSystem
  const unread = (problem: string) => new FeedUnread({ feed: name, problem })
  const unreachable = (error: HttpClientError.HttpClientError) => unread(`it cannot be reached: ${shownProblem(error)}`)
  switch (source._tag) {
    case "Constant":
      return Effect.sync((): ReadRound => ({ round: { id: undefined, price: source.price, updatedAt: now() } }))
    case "RoundFile":
      return readRoundFile(source.file).pipe(
        Effect.provideService(FileSystem.FileSystem, files),
        Effect.mapError((error) => unread(error.problem)),
        Effect.flatMap(({ rounds }) => {
          const round = rounds.findLast(({ updatedAt }) => updatedAt <= now())
          return round === undefined ? Effect.fail(unread("its file has no round yet")) : Effect.succeed<ReadRound>({ round })
        })
      )
    case "Chainlink": {
      if (source.chain === "tron" || source.chain === "solana") return Effect.fail(unread(`${source.chain} has no such contracts`))
      // Loaded when such a feed is configured: viem is large.
      const { makeAggregatorReader } = yield* Effect.promise(() => import("@evenkeel/connectors/chain/evm/Aggregator"))
      const ask = yield* makeAggregatorReader(source.chain, endpointsOf(source.chain), source.address)
      return ask.pipe(
        Effect.map(({ decimals, maximumAnswer, minimumAnswer, price, round, updatedAt }): ReadRound => ({
          round: { id: round, price, updatedAt, decimals },
          minimumAnswer,
          maximumAnswer
        })),
        Effect.mapError(({ problem }) => unread(problem))
      )
    }
    case "Http": {
      const client = yield* HttpClient.HttpClient
      const request = HttpClientRequest.get(Redacted.value(source.url)).pipe(
        HttpClientRequest.setHeaders({ accept: "application/json", "user-agent": "evenkeel" })
      )
      const text = Effect.gen(function* () {
        const response = yield* sendHidden(client, request).pipe(Effect.mapError(unreachable))
        if (response.status !== 200) return yield* unread(`its server answers ${response.status}`)
        const bytes = yield* readBody(response, documentBytesMax).pipe(
          Effect.mapError((error) => (error._tag === "BodyTooLarge" ? unread(error.message) : unreachable(error)))
        )
        return bytes.toString()
      })
      const read = Effect.gen(function* () {
        const round = roundOfJson(yield* text, source.price, source.updatedAt, now())
        return Result.isFailure(round) ? yield* unread(round.failure) : ({ round: round.success } satisfies ReadRound)
      })
      return policies
        .run(read, { name: "fetch", key: `oracle ${name}` })
        .pipe(Effect.mapError((error) => (error._tag === "FeedUnread" ? error : unread(error.message))))
    }
  }
})

/** The round that a document holds, or what is wrong with it. */
export const roundOfJson = (text: string, pricePath: string, timePath: string | undefined, now: number): Result.Result<Round, string> => {
  const parsed = Result.try((): unknown => JSON.parse(text))
  if (Result.isFailure(parsed)) return Result.fail("its document is not JSON")
  const price = numberOf(valueAt(parsed.success, pricePath))
  if (price === undefined) return Result.fail(`its document has no number at ${pricePath}`)
  if (timePath === undefined) return Result.succeed({ id: undefined, price, updatedAt: now })
  const updatedAt = timeOf(valueAt(parsed.success, timePath))
  return updatedAt === undefined
    ? Result.fail(`its document has no time at ${timePath}`)
    : Result.succeed({ id: undefined, price, updatedAt })
}

const valueAt = (document: unknown, path: string): unknown =>
  path
    .split(".")
    .reduce<unknown>(
      (inner, key) => (typeof inner === "object" && inner !== null && Object.hasOwn(inner, key) ? Reflect.get(inner, key) : undefined),
      document
    )

const numberOf = (value: unknown): number | undefined => {
  if (typeof value === "number") return value
  return typeof value === "string" && /^-?\d+(\.\d+)?(e-?\d+)?$/i.test(value) ? Number(value) : undefined
}

/** Milliseconds from 1973 on do not fit where seconds are. */
const timeOf = (value: unknown): number | undefined => {
  const number = numberOf(value)
  if (number !== undefined) return number < 1e11 ? number * 1000 : number
  return typeof value === "string" ? Option.getOrUndefined(Option.map(DateTime.make(value), DateTime.toEpochMillis)) : undefined
}
