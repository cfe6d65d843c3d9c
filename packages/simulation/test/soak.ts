/**
 * `pnpm soak [--minutes N] [--seed N]`: the program itself against simulated venues and a webhook on loopback, with another fault every second. For the first
 * three fifths of the time it is never killed, and its memory is measured; then it is also killed and stopped, twice a minute.
 *
 * It ends with 1 when a promise was broken: a coin without a price that is not stale, readiness that is not so, a notification that was lost, came before what it follows,
 * or has two keys, a log whose chain does not hold, or memory that grows.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import type { Scenario } from "@evenkeel/connectors/simulated/Scenario"
import { makeSimulatedVenue, type SimulatedVenue } from "@evenkeel/connectors/simulated/SimulatedVenue"
import { symbolOf } from "@evenkeel/connectors/simulated/Symbols"
import { Notification } from "@evenkeel/domain/alert/Alert"
import { chanceOf } from "@evenkeel/simulation/world/Chance"
import { lostDeliveries, promisesOf, wrongDeliveries } from "@evenkeel/simulation/check/Log"
import { layerPglite } from "@evenkeel/store/database/Database"
import { EventStore } from "@evenkeel/store/event/EventStore"
import { Outbox } from "@evenkeel/store/outbox/Outbox"
import { Effect, Layer, Schema, Scope } from "effect"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { type Program, serve, startProgram } from "../../app/test/support/Program.ts"

const { values } = parseArgs({ options: { minutes: { type: "string", default: "20" }, seed: { type: "string", default: "1" } } })
/** In less, USDC never breaks, and what the memory does cannot be told from its warm-up. */
const minutesMin = 5
if (!(Number(values.minutes) >= minutesMin)) {
  process.stderr.write(`a soak takes at least ${minutesMin} minutes\n`)
  process.exit(2)
}
const millis = Number(values.minutes) * 60_000
const chance = chanceOf(Number(values.seed))
/** Before this share of the time the engine is never killed. */
const killsFrom = 0.6
/** Caches and compiled code grow for so long. */
const warmUp = 0.2
const staleAfterSeconds = 8
/** A coin that was last seen longer ago is stale, a readiness that should have ended has, ms. */
const noticedWithin = staleAfterSeconds * 1000 + 6000
/** After the last fault everything that was promised is delivered within. */
const recoveryMillisMax = 180_000
/** More than the machine's own coming and going. */
const growthMax = 1.25

const decodeNotification = Schema.decodeUnknownSync(Schema.fromJsonString(Notification))
const ids = ["binance", "kraken", "okx"] as const
const coins = ["USDC", "USDT"]

/** USDC breaks for a minute in every four. */
const scenario: Scenario = {
  name: "soak",
  startsAt: Date.now(),
  durationMillis: millis,
  valueBps: (coin, time) => (coin === "USDC" && Math.floor((time - scenario.startsAt) / 60_000) % 4 === 3 ? -300 : 0),
  venueBps: () => 0,
  liquidity: () => 0.5
}

interface Lasting {
  readonly until: number
  readonly end: () => void
}

const set = <Target, Key extends keyof Target>(target: Target, key: Key, value: Target[Key], usual: Target[Key]) => {
  target[key] = value
  return () => {
    target[key] = usual
  }
}

const soak = Effect.gen(function* () {
  const data = mkdtempSync(join(tmpdir(), "evenkeel-soak-"))
  yield* Effect.addFinalizer(() => Effect.sync(() => rmSync(data, { recursive: true, force: true })))
  const problems: Array<string> = []
  const say = (line: string) => process.stdout.write(`${((Date.now() - scenario.startsAt) / 1000).toFixed(0).padStart(5)} s  ${line}\n`)
  const wrong = (problem: string) => {
    problems.push(problem)
    say(`WRONG: ${problem}`)
  }
  const hook = { failing: false }
  const received: Array<Notification> = []
  const webhook = yield* serve((_request, body) => {
    if (hook.failing) return 503
    received.push(decodeNotification(body.toString()))
    return 204
  })
  const venues: ReadonlyArray<SimulatedVenue> = yield* Effect.forEach(ids, (venue, index) =>
    makeSimulatedVenue({
      venue,
      instruments: coins.map((base) => ({ venue, symbol: symbolOf[venue](base, "USD"), base, quote: "USD" })),
      scenario,
      seed: Number(values.seed) * 10 + index,
      clock: Date.now,
      stepMillis: 100
    })
  )
  const environment = {
    EVENKEEL_DATA: data,
    EVENKEEL_HTTP_PORT: "0",
    EVENKEEL_COINS: coins.join(),
    EVENKEEL_INSTRUMENTS: ids.flatMap((id) => coins.map((coin) => `${id}:${symbolOf[id](coin, "USD")}:${coin}:USD`)).join(),
    EVENKEEL_ENDPOINTS: JSON.stringify(ids.map((venue, index) => ({ venue, ...venues[index]!.endpoints }))),
    EVENKEEL_HOT_PATH_BAR_SECONDS: "5",
    EVENKEEL_HOT_PATH_STALE_AFTER_SECONDS: String(staleAfterSeconds),
    EVENKEEL_ALERTS_ALLOW_PRIVATE: "true",
    EVENKEEL_ALERTS_WEBHOOKS: JSON.stringify([{ name: "desk", url: webhook.url, secret: "secret" }])
  }
  const outer = yield* Effect.scope
  let program: Program
  let startedAt = 0
  let restarts = -1
  const start = Effect.gen(function* () {
    program = yield* startProgram(["live"], environment).pipe(Scope.provide(outer))
    startedAt = Date.now()
    restarts++
  })
  const address = () => /"http":"([^"]+)"/.exec(program.errors())?.[1]
  const ask = (path: string) =>
    Effect.tryPromise(async () => {
      const response = await fetch(`${address()}${path}`, { signal: AbortSignal.timeout(5000) })
      return { status: response.status, body: (await response.json()) as ReadonlyArray<{ readonly coin: string; readonly level: string }> }
    })
  const residentMegabytes = () =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${program.process.pid}/status`, "utf8"))?.[1] ?? 0) / 1024

  const lasting: Array<Lasting> = []
  const someVenue = () => chance.one(venues)
  const rate = (key: keyof SimulatedVenue["faults"]["rates"]) => () => {
    const { faults } = someVenue()
    return set(faults, "rates", { ...faults.rates, [key]: chance.between(0.01, 0.1) }, { ...faults.rates, [key]: 0 })
  }
  const faults: Readonly<Record<string, () => () => void>> = {
    mute: () => set(someVenue(), "mute", true, false),
    "all mute": () => {
      const ends = venues.map((venue) => set(venue, "mute", true, false))
      const rests = venues.map((venue) => set(venue, "restStatus", 503, undefined))
      return () => [...ends, ...rests].forEach((end) => end())
    },
    refuse: () => {
      const venue = someVenue()
      venue.disconnect(1012)
      return set(venue, "refuseSockets", true, false)
    },
    disconnect: () => (someVenue().disconnect(1001), () => {}),
    stall: () => (someVenue().stall(), () => {}),
    rest: () => set(someVenue(), "restStatus", chance.one([429, 500, 503]), undefined),
    checksums: () => set(someVenue(), "badChecksums", true, false),
    nonsense: () => (someVenue().broadcast(chance.one(["", "{", "[]", '{"data":', "9".repeat(400)])), () => {}),
    drop: rate("drop"),
    duplicate: rate("duplicate"),
    reorder: rate("reorder"),
    corrupt: rate("corrupt"),
    cut: rate("cut"),
    webhook: () => set(hook, "failing", true, false),
    stopped: () => {
      program.process.kill("SIGSTOP")
      return () => program.process.kill("SIGCONT")
    }
  }
  const counts = new Map<string, number>()
  const happen = (name: string) => {
    counts.set(name, (counts.get(name) ?? 0) + 1)
    // Long silences are rare enough to be seen as such.
    const length = name === "stopped" ? chance.between(200, 2000) : chance.between(500, name === "all mute" ? 25_000 : 10_000)
    lasting.push({ until: Date.now() + length, end: faults[name]!() })
  }
  let silentSince: number | undefined
  const look = Effect.gen(function* () {
    const now = Date.now()
    silentSince = venues.every(({ mute, restStatus }) => mute && restStatus !== undefined) ? (silentSince ?? now) : undefined
    if (address() === undefined) return
    const silent = silentSince === undefined ? 0 : now - Math.max(silentSince, startedAt + 5000)
    const answers = yield* Effect.all([ask("/readyz"), ask("/v1/coins")]).pipe(Effect.option)
    if (answers._tag === "None" || silent < noticedWithin) return
    const [readyz, known] = answers.value
    if (readyz.status === 200) wrong(`ready, and all venues have been silent for ${silent} ms`)
    for (const { coin, level } of known.body)
      if (level !== "stale") wrong(`${coin} is ${level}, and all venues have been silent for ${silent} ms`)
  })

  yield* start
  const resident: Array<{ readonly at: number; readonly megabytes: number }> = []
  let nextReport = 60_000
  let nextKill = killsFrom * millis
  while (Date.now() - scenario.startsAt < millis) {
    yield* Effect.sleep("1 second")
    const elapsed = Date.now() - scenario.startsAt
    for (const due of lasting.filter(({ until }) => until <= Date.now())) {
      lasting.splice(lasting.indexOf(due), 1)
      due.end()
    }
    if (program!.process.exitCode !== null) {
      wrong(`the engine ended by itself with ${program!.process.exitCode}: ${program!.errors().slice(-1000)}`)
      yield* start
    }
    happen(chance.one(Object.keys(faults)))
    yield* look
    if (restarts === 0) resident.push({ at: elapsed / millis, megabytes: residentMegabytes() })
    if (elapsed > nextReport) {
      nextReport += 60_000
      say(`${residentMegabytes().toFixed(0)} MB resident, ${received.length} notifications received, ${restarts} restarts`)
    }
    if (elapsed < nextKill) continue
    nextKill += 30_000
    const signal = chance.one(["SIGKILL", "SIGTERM"] as const)
    program!.process.kill("SIGCONT")
    program!.process.kill(signal)
    yield* program!.exit
    yield* start
  }
  for (const { end } of lasting) end()
  Object.assign(hook, { failing: false })
  for (const venue of venues) {
    Object.assign(venue, { mute: false, refuseSockets: false, restStatus: undefined, badChecksums: false })
    venue.faults.rates = { drop: 0, duplicate: 0, reorder: 0, corrupt: 0, delay: 0, cut: 0 }
  }
  const mended = Date.now()
  const quiet = Effect.gen(function* () {
    const { body, status } = (yield* ask("/healthz")) as never as {
      status: number
      body: { components: ReadonlyArray<{ component: string; gauges: Readonly<Record<string, number>> }> }
    }
    const ready = yield* ask("/readyz")
    return (
      status === 200 &&
      ready.status === 200 &&
      body.components.some(({ component, gauges }) => component === "dispatcher" && gauges["outbox_pending"] === 0)
    )
  }).pipe(Effect.orElseSucceed(() => false))
  while (!(yield* quiet)) {
    if (Date.now() - mended > recoveryMillisMax) {
      wrong("not ready, or notifications are left, three minutes after the last fault")
      break
    }
    yield* Effect.sleep("1 second")
  }
  say(`ready and everything delivered ${((Date.now() - mended) / 1000).toFixed(0)} s after the last fault`)
  program!.process.kill("SIGTERM")
  const code = yield* program!.exit
  if (code !== 0) wrong(`the engine ended with ${code}`)

  yield* Effect.gen(function* () {
    const events = yield* EventStore
    const facts = yield* events.verify
    const { alerts, chains, promised } = yield* promisesOf("warning")
    for (const problem of [...chains, ...alerts]) wrong(problem)
    const told = {
      name: "desk",
      received: received.map(({ groupKey, idempotencyKey, position }) => ({ fingerprint: groupKey, key: idempotencyKey, position }))
    }
    for (const problem of [...lostDeliveries(promised, told), ...wrongDeliveries(promised, told)]) wrong(problem)
    const keys = new Set(told.received.map(({ key }) => key))
    say(
      `${facts} facts in the log, its chain holds; ${promised.size} notifications promised, ${keys.size} delivered, ${received.length - keys.size} of them again under the same key`
    )
  }).pipe(
    Effect.provide(
      Layer.mergeAll(EventStore.layer, Outbox.layer).pipe(
        Layer.provideMerge(layerPglite(join(data, "database"))),
        Layer.provideMerge(NodeServices.layer)
      )
    )
  )
  const middle = (from: number, until: number) => {
    const part = resident.filter(({ at }) => at >= from && at < until).map(({ megabytes }) => megabytes)
    return part.sort((a, b) => a - b)[part.length >> 1] ?? Number.NaN
  }
  const early = middle(warmUp, warmUp + 0.1)
  const late = middle(killsFrom - 0.1, killsFrom)
  say(`resident memory: ${early.toFixed(0)} MB after the warm-up, ${late.toFixed(0)} MB before the first kill`)
  if (!(late < growthMax * early)) wrong("memory grows")
  say(`faults: ${[...counts].map(([name, count]) => `${count} ${name}`).join(", ")}; ${restarts} restarts`)
  process.stdout.write(`\n${problems.length === 0 ? "every promise held" : `${problems.length} promises were broken`}\n`)
  return problems.length === 0 ? 0 : 1
}).pipe(Effect.scoped)

const exit = await Effect.runPromise(soak)
process.stdout.write("", () => process.exit(exit))
