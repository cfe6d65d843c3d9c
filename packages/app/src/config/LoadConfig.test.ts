import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Redacted } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { configWarnings } from "./ConfigWarnings.ts"
import { configDefaults } from "./EngineConfig.ts"
import { configPaths, loadConfig, variableOf } from "./LoadConfig.ts"

const load = (environment: Readonly<Record<string, string>>, file: Option.Option<string> = Option.none()) =>
  Effect.provide(loadConfig(file, environment), NodeServices.layer)

/** A file that is gone when the scope closes. */
const fileOf = (name: string, text: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const directory = mkdtempSync(join(tmpdir(), "evenkeel-"))
      writeFileSync(join(directory, name), text)
      return { directory, path: join(directory, name) }
    }),
    ({ directory }) => Effect.sync(() => rmSync(directory, { recursive: true, force: true }))
  ).pipe(Effect.map(({ path }) => path))

describe("loadConfig", () => {
  it.effect("has the defaults when nothing is said", () =>
    Effect.gen(function* () {
      const config = yield* load({})
      assert.deepStrictEqual(config.coins, configDefaults.coins)
      assert.strictEqual(config.http.port, configDefaults.http.port)
      assert.strictEqual(Redacted.value(config.database.url), "")
    })
  )

  it.effect("takes a file over the defaults, and the environment over the file", () =>
    Effect.gen(function* () {
      const path = yield* fileOf("evenkeel.toml", 'data = "there"\n[http]\nport = 9000\nhost = "127.0.0.2"\n')
      const config = yield* load({ EVENKEEL_CONFIG: path, EVENKEEL_HTTP_PORT: "9001" })
      assert.deepStrictEqual(config.http, { host: "127.0.0.2", port: 9001, names: [] })
      assert.strictEqual(config.data, "there")
    })
  )

  it.effect("takes bridges that are pegged to nothing, each once", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual((yield* load({})).bridges, [])
      assert.deepStrictEqual((yield* load({ EVENKEEL_BRIDGES: "BTC,ETH" })).bridges, ["BTC", "ETH"])
      for (const bridges of ["USDC", "EUR", "BTC,BTC", "btc", "A,B,C,D,E,F,G,H,I"])
        assert.include((yield* Effect.flip(load({ EVENKEEL_BRIDGES: bridges }))).message, "bridges", bridges)
    })
  )

  it.effect("takes oracles of every kind, each name once, and those of a chain only with its endpoints", () =>
    Effect.gen(function* () {
      const chainlink = { _tag: "Chainlink", chain: "ethereum", address: `0x${"8f".repeat(20)}`, decimals: 8 }
      const chains = JSON.stringify([{ chain: "ethereum", endpoints: [{ url: "http://127.0.0.1:1" }], confirmations: 1, sources: [] }])
      const of = (...feeds: ReadonlyArray<object>) => ({
        EVENKEEL_ORACLES: JSON.stringify(feeds.map((feed, index) => ({ name: `feed-${index}`, coin: "USDC", ...feed }))),
        EVENKEEL_CHAINS: chains
      })
      const http = { _tag: "Http", url: "https://example.org/key", price: "price" }
      const { oracles } = yield* load(
        of({ source: chainlink, heartbeatSeconds: 3600 }, { source: http }, { source: { _tag: "Constant", price: 1 } })
      )
      assert.deepStrictEqual(
        oracles.map(({ heartbeatSeconds, source }) => [source._tag, heartbeatSeconds]),
        [
          ["Chainlink", 3600],
          ["Http", undefined],
          ["Constant", undefined]
        ]
      )
      const source = { _tag: "Constant", price: 1 }
      for (const [wrong, problem] of [
        [of({ source, name: "a" }, { source, name: "a" }), "no two of one name"],
        [of({ source: { _tag: "Constant", price: 0 } }), "oracles.0.source.price"],
        [of({ source: { ...chainlink, chain: "tron" } }), "oracles.0.source"],
        [of({ source: { ...chainlink, chain: "base" } }), "feed-0 is read over the endpoints of base"],
        [of({ source, coin: "usdc" }), "oracles.0.coin"]
      ] as const)
        assert.include((yield* Effect.flip(load(wrong))).message, problem)
      const secret = yield* Effect.flip(load(of({ source: { ...http, url: "example.org/key" } })))
      assert.notInclude(secret.message, "example.org")
    })
  )

  it.effect("takes routes that lead to receivers which are there, as a file or as JSON", () =>
    Effect.gen(function* () {
      const hooks = JSON.stringify([{ name: "desk", url: "https://example.org", secret: "s" }])
      const route = (of: unknown) => load({ EVENKEEL_ALERTS_WEBHOOKS: hooks, EVENKEEL_ALERTS_ROUTE: JSON.stringify(of) })
      const child = { matchers: ['severity="critical"'], receivers: ["desk"], groupWait: "0s" }
      const { alerts } = yield* route({ receivers: ["console"], routes: [child] })
      assert.deepStrictEqual(alerts.route, { receivers: ["console"], routes: [child] })
      for (const [wrong, problem] of [
        [
          { receivers: ["nobody"] },
          'alerts.route.receivers.0 (EVENKEEL_ALERTS_ROUTE): there is no receiver "nobody": there are console, desk'
        ],
        [
          { routes: [{ ...child, muteTimeIntervals: ["night"] }] },
          'alerts.route.routes.0.muteTimeIntervals.0 (EVENKEEL_ALERTS_ROUTE): there is no time interval "night": there is no time interval at all'
        ],
        [
          { routes: [child, { routes: [{ escalate: { after: "1m", receivers: ["x"] } }] }] },
          "alerts.route.routes.1.routes.0.escalate.receivers.0"
        ],
        [{ matchers: ['a="b"'] }, "root route without matchers"],
        [{ routes: [{ ...child, matchers: ["coin"] }] }, "a matcher such as"],
        [{ groupWait: "5" }, "a length of time"],
        [{ groupwait: "5s" }, "alerts.route.groupwait is not a setting"],
        [[], "EVENKEEL_ALERTS_ROUTE is not a JSON object"]
      ] as const)
        assert.include((yield* Effect.flip(route(wrong))).message, problem)
      const path = yield* fileOf(
        "evenkeel.toml",
        '[alerts.route]\ngroupBy = ["coin"]\n[[alerts.timeIntervals.night]]\ntimes = [{ start = "22:00", end = "24:00" }]\n'
      )
      const { alerts: inFile } = yield* load({}, Option.some(path))
      assert.deepStrictEqual(inFile.timeIntervals, { night: [{ times: [{ start: "22:00", end: "24:00" }] }] })
    })
  )

  it.effect("takes rules and subscriptions, and names a fault in one by its path", () =>
    Effect.gen(function* () {
      const rule = { name: "Far", signal: "deviation", below: -50, for: "5m", severity: "warning", labels: { desk: "fx" } } as const
      const ann = { name: "ann", receivers: ["console"], quietHours: { interval: "night" } }
      const settings = (over: object) =>
        Effect.flatMap(
          fileOf("evenkeel.json", JSON.stringify({ alerts: { rules: [rule], timeIntervals: { night: [] }, ...over } })),
          (path) => load({}, Option.some(path))
        )
      const config = yield* settings({ subscriptions: [ann] })
      assert.deepStrictEqual(config.alerts.rules, [rule])
      assert.deepStrictEqual(configWarnings(config), [])
      for (const [wrong, problem] of [
        [{ rules: [rule, { ...rule, name: "Other", clear: -60 }] }, "alerts.rules.1.clear: a value that is not below -50"],
        [{ rules: [{ ...rule, for: "soon" }] }, "alerts.rules.0.for: "],
        [
          { rules: [rule, { name: "Likely", signal: "probability", above: 0.3, horizonMinutes: 120, severity: "watch" }] },
          "alerts.rules.1.horizonMinutes: no model says anything of 120 minutes: there are 5, 30, 60, 240, 1440"
        ],
        [{ subscriptions: [{ ...ann, receivers: ["phone"] }] }, 'alerts.subscriptions.0.receivers.0: there is no receiver "phone"'],
        [
          { subscriptions: [{ ...ann, quietHours: { interval: "noon" } }] },
          'alerts.subscriptions.0.quietHours.interval: there is no time interval "noon": there are night'
        ]
      ] as const)
        assert.include((yield* Effect.flip(settings(wrong))).message, problem)
      const odd = yield* settings({
        rules: [{ ...rule, coins: ["USDX"] }],
        route: {
          groupBy: ["..."],
          routes: [{ matchers: ['severty="critical"', 'desk="fx"'], groupBy: ["coin", "desk", "kinds"] }]
        },
        inhibitRules: [{ sourceMatchers: ['coin="USDC"'], targetMatchers: ['vnue="x"'], equal: ["kind", "con"] }],
        subscriptions: [{ ...ann, coins: ["USDY"], rules: ["Depeg", "Faar"] }]
      })
      assert.deepStrictEqual(
        configWarnings(odd).map((warning) => warning.split(": there are")[0]),
        [
          'alerts.route.routes.0.matchers.0: no alert has the label "severty"',
          'alerts.inhibitRules.0.targetMatchers.0: no alert has the label "vnue"',
          'alerts.route.routes.0.groupBy.2: no alert has the label "kinds"',
          'alerts.inhibitRules.0.equal.1: no alert has the label "con"',
          "alerts.rules.0.coins: USDX is not watched",
          "alerts.subscriptions.0.coins: USDY is not watched",
          'alerts.subscriptions.0.rules: there is no rule "Faar"'
        ]
      )
    }).pipe(Effect.scoped)
  )

  it.effect("reads lists with commas or as JSON, and a JSON file", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual((yield* load({ EVENKEEL_COINS: "USDC, EURX:EUR" })).coins, ["USDC", "EURX:EUR"])
      assert.deepStrictEqual((yield* load({ EVENKEEL_COINS: '["DAI"]' })).coins, ["DAI"])
      const path = yield* fileOf("evenkeel.json", JSON.stringify({ coins: ["USDT"], models: { enabled: false } }))
      const config = yield* load({}, Option.some(path))
      assert.deepStrictEqual(config.coins, ["USDT"])
      assert.isFalse(config.models.enabled)
    })
  )

  it.effect("refuses what is named twice, nothing to watch, and a level at which no alert would end", () =>
    Effect.gen(function* () {
      const hook = (name: string, url = "https://example.org") => ({ name, url, secret: "s" })
      for (const [name, value] of [
        ["EVENKEEL_COINS", ""],
        ["EVENKEEL_COINS", "USDC,USDC:EUR"],
        ["EVENKEEL_INSTRUMENTS", "kraken:USDC/USD:USDC:USD,kraken:USDC/USD:DAI:USD"],
        ["EVENKEEL_ALERTS_MINIMUM_LEVEL", "normal"],
        ["EVENKEEL_ALERTS_WEBHOOKS", JSON.stringify([hook("desk"), hook("desk")])],
        ["EVENKEEL_ALERTS_WEBHOOKS", JSON.stringify([hook("console")])],
        ["EVENKEEL_ALERTS_WEBHOOKS", JSON.stringify([hook("desk", "http://[bad")])]
      ] as const) {
        const refused = yield* Effect.flip(load({ [name]: value }))
        assert.strictEqual(refused._tag, "ConfigInvalid", value)
      }
    })
  )

  it.effect("takes no coin without knowing its peg", () =>
    Effect.gen(function* () {
      assert.include((yield* Effect.flip(load({ EVENKEEL_COINS: "USDC,FOO" }))).message, "whose peg is known")
      assert.deepStrictEqual((yield* load({ EVENKEEL_COINS: "USDC,FOO:USD,NEWUSD" })).coins, ["USDC", "FOO:USD", "NEWUSD"])
    })
  )

  it.effect("names every fault at once, and shows no secret", () =>
    Effect.gen(function* () {
      const { message } = yield* Effect.flip(
        load({
          EVENKEEL_HTTP_PORT: "70000",
          EVENKEEL_COINS: "[",
          EVENKEEL_CONES: "USDC",
          EVENKEEL_HEARTBEAT_URL: "x",
          EVENKEEL_DATABASE_URL: "mysql://user:hunter2@host/db"
        })
      )
      for (const part of ["http.port (EVENKEEL_HTTP_PORT)", "EVENKEEL_COINS", "EVENKEEL_CONES is not a setting", "database.url"])
        assert.include(message, part)
      assert.notInclude(message, "hunter2")
      assert.strictEqual(message.split("heartbeat.url").length, 2, "once")
    })
  )

  it.effect("shows nothing of a webhook's address and secret, whatever is wrong with its list", () =>
    Effect.gen(function* () {
      const hook = (url: string) => ({ name: "desk", url, secret: "hunter2" })
      const near = JSON.stringify([{ name: "desk", url: "http://10.1.2.3/hook", secret: "s" }])
      const refused = yield* Effect.flip(load({ EVENKEEL_ALERTS_WEBHOOKS: near }))
      assert.include(refused.message, "alerts.webhooks.0 (EVENKEEL_ALERTS_WEBHOOKS): leads to a private address")
      yield* load({ EVENKEEL_ALERTS_WEBHOOKS: near, EVENKEEL_ALERTS_ALLOW_PRIVATE: "true" })
      for (const webhooks of [
        [hook("https://example.org/T0K3N"), hook("https://example.org/T0K3N")],
        [hook("ftp://example.org/T0K3N")],
        [hook("https://[T0K3N")],
        [{ ...hook("https://example.org/T0K3N"), name: "" }],
        [{ ...hook("https://example.org/T0K3N"), extra: "T0K3N" }],
        [{ name: "desk", url: ["https://example.org/T0K3N"], secret: { of: "hunter2" } }]
      ]) {
        const { message } = yield* Effect.flip(load({ EVENKEEL_ALERTS_WEBHOOKS: JSON.stringify(webhooks) }))
        assert.include(message, "alerts.webhooks")
        assert.notMatch(message, /T0K3N|hunter2/)
      }
    })
  )

  it.effect("takes services as they are named, and shows none of their secrets, whatever is wrong with one", () =>
    Effect.gen(function* () {
      const secrets = { url: "https://example.org/T0K3N", token: "T0K3N", password: "hunter2" }
      const services: ReadonlyArray<{ readonly type: string; readonly name: string; readonly [option: string]: unknown }> = [
        { type: "slack", name: "a", url: secrets.url },
        { type: "discord", name: "b", url: secrets.url },
        { type: "telegram", name: "c", token: "1:T0K3N", chatId: -1001234567890 },
        { type: "teams", name: "d", url: secrets.url },
        { type: "alertmanager", name: "e", url: secrets.url, username: "u", password: secrets.password }
      ]
      const { alerts } = yield* load({ EVENKEEL_ALERTS_SERVICES: JSON.stringify(services) })
      assert.deepStrictEqual(
        alerts.services.map(({ name, type }) => ({ type, name })),
        services.map(({ name, type }) => ({ type, name }))
      )
      assert.notMatch(JSON.stringify(alerts), /T0K3N|hunter2/)
      const wrong = services.flatMap((service) => [
        { ...service, name: "" },
        { ...service, type: "pager" },
        { ...service, extra: "T0K3N" },
        { ...service, url: "ftp://example.org/T0K3N" },
        { ...service, url: ["https://example.org/T0K3N"] },
        { ...service, url: "https://[T0K3N" },
        ...("token" in service
          ? [
              { ...service, token: "T0K3N/../x" },
              { ...service, chatId: "no chat" }
            ]
          : []),
        ...("password" in service
          ? [
              { ...service, token: secrets.token },
              { ...service, password: "" }
            ]
          : [])
      ])
      for (const service of wrong) {
        const { message } = yield* Effect.flip(load({ EVENKEEL_ALERTS_SERVICES: JSON.stringify([service]) }))
        assert.include(message, "alerts.services", JSON.stringify(service))
        assert.notMatch(message, /T0K3N|hunter2/)
      }
    })
  )

  it.effect("takes news feeds as they are named, and refuses what is no feed without showing its address", () =>
    Effect.gen(function* () {
      const feed = (over: object) => ({ name: "desk", url: "https://example.org/T0K3N", ...over })
      const none = yield* load({})
      assert.deepStrictEqual(none.news, { feeds: [], allowPrivate: false })
      const { news } = yield* load({
        EVENKEEL_NEWS_FEEDS: JSON.stringify([feed({}), feed({ name: "wire.2", everySeconds: 60 })]),
        EVENKEEL_NEWS_ALLOW_PRIVATE: "true"
      })
      assert.deepStrictEqual(
        news.feeds.map(({ everySeconds, name }) => [name, everySeconds]),
        [
          ["desk", undefined],
          ["wire.2", 60]
        ]
      )
      assert.isTrue(news.allowPrivate)
      assert.notInclude(JSON.stringify(news), "T0K3N")
      for (const feeds of [
        [feed({}), feed({})],
        [feed({ name: "a b" })],
        [feed({ url: "ftp://example.org/T0K3N" })],
        [feed({ url: "https://[T0K3N" })],
        [feed({ everySeconds: 10 })],
        [feed({ everySeconds: 7200 })],
        Array.from({ length: 21 }, (_, index) => feed({ name: `feed${index}` }))
      ]) {
        const { message } = yield* Effect.flip(load({ EVENKEEL_NEWS_FEEDS: JSON.stringify(feeds) }))
        assert.include(message, "news.feeds")
        assert.notInclude(message, "T0K3N")
      }
    })
  )

  it.effect("refuses a file that holds settings that there are not", () =>
    Effect.gen(function* () {
      const path = yield* fileOf("evenkeel.toml", '[http]\ncolour = "red"\n')
      assert.include((yield* Effect.flip(load({}, Option.some(path)))).message, "http.colour")
    })
  )

  it("has a variable of its own for every setting", () => {
    const variables = configPaths.map(variableOf)
    assert.strictEqual(new Set(variables).size, variables.length)
    assert.include(variables, "EVENKEEL_HOT_PATH_BAR_SECONDS")
  })
})
