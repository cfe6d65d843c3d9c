/**
 * What can be configured, with its defaults. Every value has one; a file and then the environment override them.
 */
import { alertPolicyChecks, alertPolicyDefaults, alertPolicyFields, missingReceivers } from "@evenkeel/alerting/route/AlertPolicy"
import { RulesOptions } from "@evenkeel/alerting/rule/Rule"
import { ServiceOptions } from "@evenkeel/alerting/receiver/Services"
import { OracleFeed, oraclesMax } from "@evenkeel/assessment/oracle/OracleFeed"
import { ChainSource } from "@evenkeel/connectors/chain/ChainSource"
import { isAddress, RpcEndpoint } from "@evenkeel/connectors/chain/RpcEndpoints"
import { TermsList } from "@evenkeel/assessment/insurance/Terms"
import { feedsMax } from "@evenkeel/domain/market/News"
import { CoinSymbol, coinOf, isCurrency } from "@evenkeel/domain/coin/Coin"
import { ChainId, VenueId } from "@evenkeel/domain/market/Venue"
import { horizonsMinutes } from "@evenkeel/detection/hotpath/SignalRecord"
import { headPattern } from "@evenkeel/learning/onnx/OnnxMetadata"
import { logLevelNames } from "@evenkeel/runtime/log/LogLevels"
import { isPrivateUrl } from "@evenkeel/runtime/net/PrivateAddress"
import { policyNames } from "@evenkeel/runtime/resilience/Policy"
import { Redacted, Schema } from "effect"
import { resolve } from "node:path"

const Port = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 65_535 }))
const between = (minimum: number, maximum: number) => Schema.Finite.check(Schema.isBetween({ minimum, maximum }))

/** No two items of a list have the same key. */
const unique = <Item>(keyOf: (item: Item) => string, what: string) =>
  Schema.makeFilter((items: ReadonlyArray<Item>) => new Set(items.map(keyOf)).size === items.length, { expected: `no two of one ${what}` })

/** Every receiver that is configured, behind the screen's own. */
export const receiverNames = ({ services, webhooks }: Record<"services" | "webhooks", ReadonlyArray<{ readonly name: string }>>) => [
  "console",
  ...[...webhooks, ...services].map(({ name }) => name)
]

const privateProblem = "leads to a private address, which takes alerts.allowPrivate = true (EVENKEEL_ALERTS_ALLOW_PRIVATE)"

/** Those whose address says so by itself; what a name resolves to is looked at when it is called. */
const privateReceivers = (
  alerts: Record<"services" | "webhooks", ReadonlyArray<{ readonly name: string; readonly url?: Redacted.Redacted | undefined }>>
) =>
  (["webhooks", "services"] as const).flatMap((list) =>
    alerts[list].flatMap(({ url }, index) =>
      url !== undefined && isPrivateUrl(new URL(Redacted.value(url))) ? [{ path: [list, index], issue: privateProblem }] : []
    )
  )

/** Rules on a probability that no model says: they would be silent for ever. */
const unservedHorizons = ({ rules }: { readonly rules: typeof RulesOptions.Type }) =>
  rules.flatMap(({ horizonMinutes }, index) =>
    horizonMinutes === undefined || horizonsMinutes.some((each) => each === horizonMinutes)
      ? []
      : [
          {
            path: ["rules", index, "horizonMinutes"],
            issue: `no model says anything of ${horizonMinutes} minutes: there are ${horizonsMinutes.join(", ")}`
          }
        ]
  )

export const EngineConfig = Schema.Struct({
  /** Directory of the embedded database and the journal. */
  data: Schema.NonEmptyString,
  /** `USDC`, or with its peg where it is not known: `USDX:USD`, `EURX:EUR`, `SUSDX:USD:rate` for one that bears a rate. */
  coins: Schema.Array(Schema.String.check(Schema.isPattern(/^[A-Z0-9]{1,12}(:(USD|EUR)(:rate)?)?$/))).check(
    Schema.isMinLength(1),
    unique((coin) => coin.split(":")[0]!, "name"),
    Schema.makeFilter((coins: ReadonlyArray<string>) => coins.every((coin) => coin.includes(":") || coinOf(coin) !== undefined), {
      expected: "coins whose peg is known, or named with it, as in USDX:USD"
    })
  ),
  /** Assets whose prices in coins and in currencies say what coins are worth: `BTC` in dollars and in USDT prices USDT. */
  bridges: Schema.Array(CoinSymbol).check(
    Schema.isMaxLength(8),
    unique((bridge) => bridge, "name"),
    Schema.makeFilter((bridges: ReadonlyArray<string>) => bridges.every((bridge) => !isCurrency(bridge) && coinOf(bridge) === undefined), {
      expected: "assets that are pegged to nothing, as BTC"
    })
  ),
  /** `venue:SYMBOL:BASE:QUOTE` */
  instruments: Schema.Array(
    Schema.String.check(Schema.isPattern(new RegExp(`^(${VenueId.literals.join("|")}):.+:[A-Z0-9]+:[A-Z0-9]+$`)))
  ).check(unique((instrument) => instrument.split(":").slice(0, -2).join(":"), "venue and symbol")),
  /** Where pairs of the coins and bridges are looked for, beside `instruments`; live only. */
  discovery: Schema.Struct({
    venues: Schema.Array(VenueId),
    /** Between two looks at what is listed. */
    everyMinutes: between(1, 10_080),
    /** Pairs that can be listed while the engine runs. */
    spares: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1024 }))
  }),
  /** Venues that are reached elsewhere than at their public addresses. */
  endpoints: Schema.Array(
    Schema.Struct({
      venue: VenueId,
      socket: Schema.String.check(Schema.isPattern(/^wss?:\/\//)),
      rest: Schema.String.check(Schema.isPattern(/^https?:\/\//))
    })
  ),
  chains: Schema.Array(
    Schema.Struct({
      chain: ChainId,
      endpoints: Schema.Array(RpcEndpoint).check(Schema.isMinLength(1)),
      /** Blocks that must stand on a block before it is believed. */
      confirmations: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 256 })),
      sources: Schema.Array(ChainSource)
    })
  ),
  /** Published price feeds that are judged by the fair value: see `assessment/oracle/OracleFeed`. */
  oracles: Schema.Array(OracleFeed).check(
    unique(({ name }) => name, "name"),
    Schema.isMaxLength(oraclesMax)
  ),
  liquidations: Schema.Struct({
    /** A file of quantiles by which positions are stressed (`evenkeel liquidations quantiles`); the shipped one when it is empty. */
    quantiles: Schema.String
  }),
  /** Feeds that are read for news of the coins: RSS, Atom or JSON Feed. News decides no level. */
  news: Schema.Struct({
    feeds: Schema.Array(
      Schema.Struct({
        /** For logs and labels. */
        name: Schema.String.check(Schema.isPattern(/^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/)),
        /** `https://…`; what stands behind its host is kept secret. */
        url: Schema.Redacted(Schema.String.check(Schema.isPattern(/^https?:\/\//), isAddress)),
        /** 300 when it is left out. */
        everySeconds: Schema.optional(between(30, 3600))
      })
    ).check(
      unique(({ name }) => name, "name"),
      Schema.isMaxLength(feedsMax)
    ),
    /** Whether feeds may stand in, or lead to, private networks. */
    allowPrivate: Schema.Boolean
  }),
  coinbaseFeed: Schema.Literals(["advanced", "exchange"]),
  database: Schema.Struct({
    /** `postgres://…`; the embedded database serves when it is empty. */
    url: Schema.Redacted(Schema.String.check(Schema.isPattern(/^$|^postgres(ql)?:\/\//)))
  }),
  journal: Schema.Struct({ enabled: Schema.Boolean }),
  /** What is kept of the journal, the log and delivered notifications; see `Retention` for what else bounds them. */
  retention: Schema.Struct({
    journalGigabytes: between(0.1, 1e6),
    journalDays: between(1, 36_500),
    factDays: between(1, 36_500),
    notificationDays: between(1, 36_500)
  }),
  http: Schema.Struct({
    host: Schema.NonEmptyString,
    port: Port,
    /** Host names, beside loopback's, under which the API answers: those of a proxy before it. Without any, one that listens beyond loopback answers to all. */
    names: Schema.Array(Schema.String.check(Schema.isPattern(/^[^@/?#\\\s:]+$|^\[[0-9a-fA-F:.]+\]$/)))
  }),
  alerts: Schema.Struct({
    minimumLevel: Schema.Literals(["watch", "warning", "critical"]),
    webhooks: Schema.Array(
      Schema.Struct({
        name: Schema.NonEmptyString,
        /** `https://…`; what stands behind its host is kept secret. */
        url: Schema.Redacted(Schema.String.check(Schema.isPattern(/^https?:\/\//), isAddress)),
        secret: Schema.Redacted(Schema.NonEmptyString)
      })
    ).check(
      unique(({ name }) => name, "name"),
      Schema.makeFilter((webhooks) => webhooks.every(({ name }) => name !== "console"), {
        expected: "another name than console, which is the screen's"
      })
    ),
    /** Services for people: Slack, PagerDuty, email and others, see `alerting/receiver/Services`. */
    services: Schema.Array(ServiceOptions),
    /** Webhooks and services may stand in private networks: on this machine, or beside it. */
    allowPrivate: Schema.Boolean,
    /** The dashboard's address as those who are told reach it; messages link to it. */
    link: Schema.String.check(Schema.isPattern(/^$|^https?:\/\/[^\s]+$/)),
    /** Who is told of which alerts, how they are grouped, and what holds them back: in Alertmanager's vocabulary. */
    ...alertPolicyFields,
    /** Alerts that people define themselves: a signal, a threshold, and for how long. */
    rules: RulesOptions,
    /** A directory of templates, `title.txt` and `text.txt`, in place of the built-in words; none when it is empty. */
    templates: Schema.String
  }).check(
    ...alertPolicyChecks,
    Schema.makeFilter((alerts) => (alerts.allowPrivate ? undefined : privateReceivers(alerts))),
    Schema.makeFilter((alerts) => missingReceivers(alerts, receiverNames(alerts))),
    Schema.makeFilter(unservedHorizons),
    Schema.makeFilter((alerts) => new Set(receiverNames(alerts)).size === receiverNames(alerts).length, {
      expected: "no two receivers of one name"
    })
  ),
  /** Terms of parametric covers that are watched: see docs/insurance.md. */
  insurance: Schema.Struct({ terms: TermsList }),
  /** An address that is called while the engine is ready, so that silence pages somebody; none when it is empty. */
  heartbeat: Schema.Struct({
    /** It may hold a key: only its host is shown. */
    url: Schema.Redacted(
      Schema.String.check(
        Schema.isPattern(/^$|^https?:\/\//),
        Schema.makeFilter((text: string) => text === "" || URL.canParse(text), { expected: "an address" })
      )
    ),
    everySeconds: between(1, 86_400),
    /** `healthchecks`: what is wrong is told, and a failure is called while the engine is not ready; `plain`: it is silent then. */
    protocol: Schema.Literals(["plain", "healthchecks"])
  }),
  /** What differs from the default policies, for all calls of a kind or, with a `key`, for one venue, chain or receiver. */
  policies: Schema.Array(
    Schema.Struct({
      policy: Schema.Literals(policyNames),
      key: Schema.optional(Schema.NonEmptyString),
      /** Of one attempt. */
      timeoutSeconds: Schema.optional(between(0.1, 600)),
      retries: Schema.optional(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 20 }))),
      /** Failures in a row that open the breaker, and how long it stays open. */
      breakerFailures: Schema.optional(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 }))),
      breakerSeconds: Schema.optional(between(1, 3600)),
      callsPerMinute: Schema.optional(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_000_000 })))
    })
  ),
  hotPath: Schema.Struct({
    barSeconds: between(1, 86_400),
    scoreGapMillis: between(0, 60_000),
    /** A coin without a price for so long is `stale`. */
    staleAfterSeconds: between(1, 86_400),
    /** `spin` costs a core and answers in under a microsecond; `sleep` shares it. */
    wait: Schema.Literals(["spin", "sleep"]),
    ringMebibytes: Schema.Literals([1, 2, 4, 8, 16, 32, 64, 128]),
    /** One frame in so many carries a trace; 0 for none. Level changes always do. */
    traceEvery: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
  }),
  models: Schema.Struct({
    /** Off: the detectors alone decide, and no probabilities are told. */
    enabled: Schema.Boolean,
    /** Challengers serve in turn, as they earn it. */
    challengers: Schema.Boolean,
    /** How long a model serves before it is chosen anew. */
    turnMinutes: between(1, 10_080),
    /** Its log odds are shifted where it expects more or fewer onsets than come. */
    recalibrate: Schema.Boolean,
    /** Directory of price files that a drifting model is trained anew on, beside the journal. */
    trainingData: Schema.String,
    /** An ONNX file that serves instead of the registry's models; none when `file` is empty. */
    onnx: Schema.Struct({
      file: Schema.String,
      /** The feature of each column of its input, where its metadata does not say. */
      features: Schema.Array(Schema.NonEmptyString),
      /** What each column of its output says, where its metadata does not say: `onset:60`, that a break starts within the hour; `state:60`, that one stands. */
      heads: Schema.Array(Schema.String.check(Schema.isPattern(headPattern)))
    })
  }),
  log: Schema.Struct({
    level: Schema.Literals(logLevelNames),
    /** Other levels for components, or for groups of them: `{ kraken = "Debug", connectors = "Warn" }`. */
    levels: Schema.Record(Schema.NonEmptyString, Schema.Literals(logLevelNames)).check(
      Schema.makeFilter((levels: Readonly<Record<string, unknown>>) => Object.keys(levels).length <= 100, { expected: "100 names at most" })
    ),
    /** `auto`: for people on a terminal, JSON elsewhere. */
    format: Schema.Literals(["auto", "pretty", "json"]),
    /** Lines go there, and to standard error none but errors; standard error alone when it is empty. */
    file: Schema.String,
    /** A file that would grow beyond it is followed by another. */
    maxMegabytes: between(0.001, 10_000),
    /** Files that are kept, the one that is written included. */
    files: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 })),
    /** Files of their own, besides, for lines about alerts and about speed. */
    kindFiles: Schema.Struct({ alert: Schema.String, performance: Schema.String })
  }).check(
    Schema.makeFilter(
      ({ file, kindFiles }) => {
        const named = [file, kindFiles.alert, kindFiles.performance].filter((each) => each !== "").map((each) => resolve(each))
        return new Set(named).size === named.length
      },
      { expected: "no two logs in one file" }
    )
  )
}).check(
  Schema.makeFilter(({ chains, oracles }) =>
    oracles.flatMap(({ name, source }, index) =>
      source._tag !== "Chainlink" || chains.some(({ chain }) => chain === source.chain)
        ? []
        : [
            {
              path: ["oracles", index, "source", "chain"],
              issue: `${name} is read over the endpoints of ${source.chain}, and \`chains\` has none`
            }
          ]
    )
  )
)
export type EngineConfig = typeof EngineConfig.Type

/** As it would stand in a file. */
export const configDefaults = {
  data: ".evenkeel",
  coins: ["USDT", "USDC", "DAI", "FDUSD"],
  bridges: [] as ReadonlyArray<string>,
  instruments: [
    "binance:USDCUSDT:USDC:USDT",
    "binance:FDUSDUSDT:FDUSD:USDT",
    "coinbase:USDT-USD:USDT:USD",
    "coinbase:USDT-USDC:USDT:USDC",
    "coinbase:DAI-USD:DAI:USD",
    "kraken:USDC/USD:USDC:USD",
    "kraken:USDT/USD:USDT:USD",
    "kraken:USDC/USDT:USDC:USDT",
    "kraken:DAI/USD:DAI:USD"
  ],
  discovery: { venues: [] as ReadonlyArray<string>, everyMinutes: 15, spares: 64 },
  endpoints: [] as ReadonlyArray<{ readonly venue: string; readonly socket: string; readonly rest: string }>,
  chains: [] as ReadonlyArray<object>,
  oracles: [] as ReadonlyArray<object>,
  liquidations: { quantiles: "" },
  news: { feeds: [] as ReadonlyArray<object>, allowPrivate: false },
  coinbaseFeed: "advanced",
  database: { url: "" },
  journal: { enabled: true },
  retention: { journalGigabytes: 20, journalDays: 30, factDays: 365, notificationDays: 30 },
  http: { host: "127.0.0.1", port: 8787, names: [] as ReadonlyArray<string> },
  alerts: {
    minimumLevel: "warning",
    webhooks: [] as ReadonlyArray<{ readonly name: string; readonly url: string; readonly secret: string }>,
    services: [] as ReadonlyArray<object>,
    allowPrivate: false,
    link: "",
    ...alertPolicyDefaults,
    rules: [] as ReadonlyArray<object>,
    templates: ""
  },
  insurance: { terms: [] as ReadonlyArray<object> },
  heartbeat: { url: "", everySeconds: 60, protocol: "plain" },
  policies: [] as ReadonlyArray<object>,
  hotPath: { barSeconds: 60, scoreGapMillis: 100, staleAfterSeconds: 60, wait: "sleep", ringMebibytes: 16, traceEvery: 1000 },
  models: {
    enabled: true,
    challengers: false,
    turnMinutes: 60,
    recalibrate: true,
    trainingData: "",
    onnx: { file: "", features: [] as ReadonlyArray<string>, heads: [] as ReadonlyArray<string> }
  },
  log: {
    level: "Info",
    levels: {},
    format: "auto",
    file: "",
    maxMegabytes: 100,
    files: 5,
    kindFiles: { alert: "", performance: "" }
  }
}
