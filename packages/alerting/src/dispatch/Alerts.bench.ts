/**
 * Alerts: through routes, groups, mutes and a service's template, against a plain copy of each alert by JSON; and from the outbox of the embedded database to a
 * webhook on loopback, against requests to it without an outbox.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeServices from "@effect/platform-node/NodeServices"
import type { Alert, Notification } from "@evenkeel/domain/alert/Alert"
import { fingerprintOf } from "@evenkeel/domain/alert/Fingerprint"
import { labelsText } from "@evenkeel/domain/alert/Labels"
import { type Bench, type BenchResult, interleave, ratioRow } from "@evenkeel/runtime/bench/Bench"
import { layerRuntime } from "@evenkeel/runtime/Runtime"
import { layerPglite } from "@evenkeel/store/database/Database"
import { Outbox } from "@evenkeel/store/outbox/Outbox"
import { Effect, Layer, Redacted, References } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Worker } from "node:worker_threads"
import { levelChange } from "../../test/support/LevelChange.ts"
import { alertFor } from "../../test/support/Notification.ts"
import { type Group, joined, look, makeGroup } from "../group/Group.ts"
import { levelLabels } from "../manager/Decide.ts"
import { Mutes } from "../mute/Mutes.ts"
import { Receivers } from "../receiver/Receiver.ts"
import { makeWebhookReceiver } from "../receiver/WebhookReceiver.ts"
import { cardsOf, cardText } from "../render/Card.ts"
import { compileAlertPolicy } from "../route/AlertPolicy.ts"
import { groupLabelsOf, routesOf } from "../route/Route.ts"
import { Dispatcher } from "./Dispatcher.ts"

const coins = 500

const alertsOf = (): ReadonlyArray<Alert> =>
  Array.from({ length: coins }, (_, index) => {
    const coin = `C${index}`
    const level = index % 3 === 0 ? ("critical" as const) : ("warning" as const)
    return alertFor({
      fingerprint: fingerprintOf(coin),
      level,
      labels: levelLabels(coin, "break", level),
      change: levelChange({ coin, level })
    })
  })

const policy = compileAlertPolicy(
  {
    route: {
      groupBy: ["coin"],
      routes: Array.from({ length: 10 }, (_, index) => ({
        matchers: [`coin=~"C${index}.*"`, 'severity="critical"'],
        receivers: [`r${index}`],
        continue: true
      }))
    },
    subscriptions: [],
    inhibitRules: [{ sourceMatchers: ['severity="critical"'], targetMatchers: ['severity="warning"'], equal: ["coin"] }],
    timeIntervals: { night: [{ times: [{ start: "22:00", end: "24:00" }] }] }
  },
  ["desk"]
)
const silences = [{ id: "s", matchers: ['coin="C7"'], startsAt: 0, endsAt: 1e15, createdBy: "a", comment: "b" }]

const routing = async (): Promise<ReadonlyArray<BenchResult>> => {
  const alerts = alertsOf()
  const mutes = new Mutes(
    { ...policy, silences },
    alerts.map(({ labels }) => labels)
  )
  const copied: Array<unknown> = []
  let told = 0
  let at = 0
  const groups = new Map<string, Group>()
  const [copies, routed] = await interleave(
    [
      {
        count: 2000,
        run: (count) => {
          for (let n = 0; n < count; n++) copied[0] = JSON.parse(JSON.stringify(alerts[at++ % coins]))
        }
      },
      {
        count: 2000,
        run: (count) => {
          for (let n = 0; n < count; n++) {
            const alert = alerts[at++ % coins]!
            for (const route of routesOf(policy.root, alert.labels)) {
              const labels = groupLabelsOf(route, alert.labels)
              const key = `${route.id}:${labelsText(labels)}`
              const group = joined(groups.get(key) ?? makeGroup({ key, route, labels, position: 1, now: at }), route, alert, at)
              const muted = mutes.of(route, alert.labels, at) !== undefined
              const member = {
                fingerprint: alert.fingerprint,
                severity: `${alert.level} ${at}`,
                status: alert.status,
                muted,
                acknowledged: false
              }
              const { group: after, tells } = look(group, route, [member], at)
              if (after !== undefined) groups.set(key, after)
              if (tells.length === 0) continue
              const notification: Notification = {
                idempotencyKey: key,
                position: 1,
                groupKey: key,
                groupLabels: labels,
                status: "firing",
                alerts: [alert],
                simulated: false
              }
              told += cardsOf(notification, { link: undefined }).map(cardText).join().length
            }
          }
        }
      }
    ],
    15
  )
  if (told === 0 || copied.length === 0) throw new Error("nothing was told")
  return [ratioRow("an alert through routes, groups, mutes and a card; against a copy by JSON", 0.2, copies!, routed!, "ns an alert")]
}

/** In a thread of its own: a receiver is another process. */
const server = `
  const { createServer } = require("node:http")
  const { parentPort } = require("node:worker_threads")
  let count = 0
  const answer = (request, response) => request.resume().on("end", () => (count++, response.writeHead(204).end()))
  const listening = createServer(answer).listen(0, "127.0.0.1", () => parentPort.postMessage(listening.address().port))
  parentPort.on("message", () => parentPort.postMessage(count))`

const next = (worker: Worker) => Effect.callback<number>((resume) => void worker.once("message", (n: number) => resume(Effect.succeed(n))))

const listen = Effect.gen(function* () {
  const worker = yield* Effect.acquireRelease(
    Effect.sync(() => new Worker(server, { eval: true })),
    (thread) => Effect.promise(() => thread.terminate())
  )
  const url = `http://127.0.0.1:${yield* next(worker)}`
  const count = Effect.suspend(() => {
    worker.postMessage("count")
    return next(worker)
  })
  return { url, count }
})

const rows = 2000

const delivery = async (): Promise<ReadonlyArray<BenchResult>> => {
  const directory = mkdtempSync(join(tmpdir(), "evenkeel-bench-"))
  const measured = Effect.gen(function* () {
    const { count, url } = yield* listen
    const receiver = yield* makeWebhookReceiver({ name: "desk", url: Redacted.make(url), secret: Redacted.make("s") })
    const [alert] = alertsOf()
    const notificationOf = (n: number): Notification => ({
      idempotencyKey: `key-${n}`,
      position: n,
      groupKey: `group-${n}`,
      groupLabels: {},
      status: "firing",
      alerts: [alert!],
      simulated: false
    })
    const plainBegan = performance.now()
    yield* Effect.forEach(
      Array.from({ length: rows }, (_, n) => notificationOf(n)),
      receiver.deliver,
      { concurrency: 16, discard: true }
    )
    const plain = performance.now() - plainBegan
    return yield* Effect.gen(function* () {
      const outbox = yield* Outbox
      const dispatcher = yield* Dispatcher
      yield* outbox.enqueue(
        Array.from({ length: rows }, (_, n) => {
          const notification = notificationOf(n)
          return {
            receiver: "desk",
            idempotencyKey: notification.idempotencyKey,
            fingerprint: notification.groupKey,
            position: n,
            payload: JSON.stringify(notification)
          }
        }),
        0
      )
      const began = performance.now()
      yield* dispatcher.drain
      // Some were claimed by the dispatcher's own loop.
      while ((yield* outbox.pending) > 0) yield* Effect.yieldNow
      const durable = performance.now() - began
      const taken = yield* count
      if (taken !== 2 * rows) throw new Error(`${taken} of ${2 * rows} were delivered`)
      return { plain, durable }
    }).pipe(Effect.provide(Dispatcher.layer({ owner: "bench" }).pipe(Layer.provide(Layer.succeed(Receivers, [receiver])))))
  }).pipe(
    Effect.provide(
      Outbox.layer.pipe(
        Layer.provideMerge(layerPglite(join(directory, "database"))),
        Layer.provideMerge(Layer.mergeAll(layerRuntime, NodeServices.layer, NodeHttpClient.layerUndici)),
        Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, "Error"))
      )
    ),
    Effect.scoped
  )
  const { durable, plain } = await Effect.runPromise(measured)
  rmSync(directory, { recursive: true, force: true })
  const perSecond = Math.round((rows / durable) * 1000)
  return [
    {
      name: "notifications a second, outbox on the embedded database to a webhook",
      bar: ">= 2,000/s",
      measured: `${perSecond.toLocaleString("en")}/s, ${(plain / durable).toFixed(2)}x of requests without an outbox (${Math.round((rows / plain) * 1000).toLocaleString("en")}/s)`,
      met: perSecond >= 2000,
      figures: { perSecond, ratio: plain / durable }
    }
  ]
}

export const benches: ReadonlyArray<Bench> = [
  { name: "alerts routing", run: routing },
  { name: "alerts delivery", run: delivery }
]
