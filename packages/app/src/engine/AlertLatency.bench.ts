/** From a score's decision to the webhook that has it: level changes at a steady rate through the log, alerting and the outbox, on the embedded database. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { layerAlerting } from "@evenkeel/alerting/Alerting"
import { Receivers } from "@evenkeel/alerting/receiver/Receiver"
import { makeWebhookReceiver } from "@evenkeel/alerting/receiver/WebhookReceiver"
import { Words } from "@evenkeel/alerting/render/Words"
import { LevelRecorder } from "@evenkeel/detection/host/LevelRecorder"
import type { LevelChange } from "@evenkeel/domain/risk/RiskLevel"
import { type Bench, type BenchResult, quantile } from "@evenkeel/runtime/bench/Bench"
import { layerRuntime } from "@evenkeel/runtime/Runtime"
import { layerPglite } from "@evenkeel/store/database/Database"
import { EventStore } from "@evenkeel/store/event/EventStore"
import { Outbox } from "@evenkeel/store/outbox/Outbox"
import { Effect, Layer, Redacted, References, Schedule, Tracer } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Worker } from "node:worker_threads"
import { criticalBreak } from "../../../domain/test/support/CriticalBreak.ts"

const perSecond = 100
const warmUp = 200
const measured = 1000
const p99MillisMax = 50

/** A receiver in a thread of its own notes when each coin's alert has come, ms of the process's clock. */
const server = `
  const { createServer } = require("node:http")
  const { parentPort } = require("node:worker_threads")
  const came = []
  const answer = (request, response) => {
    const chunks = []
    request.on("data", (chunk) => chunks.push(chunk)).on("end", () => {
      const at = performance.timeOrigin + performance.now()
      response.writeHead(204).end()
      for (const { change } of JSON.parse(Buffer.concat(chunks)).alerts) came.push([change.time, at])
    })
  }
  const listening = createServer(answer).listen(0, "127.0.0.1", () => parentPort.postMessage(listening.address().port))
  parentPort.on("message", () => parentPort.postMessage(came))`

const next = <A>(worker: Worker) =>
  Effect.callback<A>((resume) => void worker.once("message", (message: A) => resume(Effect.succeed(message))))
const now = () => performance.timeOrigin + performance.now()

/** Each coin breaks and recovers in turn, so that every change is told. */
const changeOf = (n: number): LevelChange => {
  const breaks = Math.floor(n / 100) % 2 === 0
  return {
    ...criticalBreak,
    coin: `C${n % 100}`,
    time: n,
    kind: breaks ? "break" : "recovery",
    level: breaks ? "critical" : "normal",
    previous: breaks ? "normal" : "critical"
  }
}

const latency = async (): Promise<ReadonlyArray<BenchResult>> => {
  const directory = mkdtempSync(join(tmpdir(), "evenkeel-bench-"))
  const worker = new Worker(server, { eval: true })
  const total = warmUp + measured
  const run = Effect.gen(function* () {
    const recorder = yield* LevelRecorder
    const decided: Array<number> = []
    yield* Effect.sync(() => {
      decided.push(now())
      recorder.offer({
        change: changeOf(decided.length - 1),
        span: Tracer.externalSpan({ traceId: "0".repeat(32), spanId: "0".repeat(16), sampled: false })
      })
    }).pipe(Effect.repeat({ schedule: Schedule.fixed(1000 / perSecond), times: total - 1 }))
    for (;;) {
      worker.postMessage("came")
      const came = yield* next<ReadonlyArray<readonly [n: number, at: number]>>(worker)
      if (came.length < total) {
        yield* Effect.sleep("100 millis")
        continue
      }
      return came.filter(([n]) => n >= warmUp).map(([n, at]) => at - decided[n]!)
    }
  })
  const millis = await Effect.runPromise(
    Effect.gen(function* () {
      const port = yield* next<number>(worker)
      const receivers = Layer.effect(
        Receivers,
        Effect.map(
          makeWebhookReceiver({ name: "desk", url: Redacted.make(`http://127.0.0.1:${port}`), secret: Redacted.make("s") }),
          (receiver) => [receiver]
        )
      )
      return yield* Effect.provide(
        run,
        Layer.merge(LevelRecorder.layer, layerAlerting({ owner: "bench", minimumLevel: "watch" })).pipe(
          Layer.provide(Layer.merge(receivers, Words.layer({}))),
          Layer.provideMerge(Layer.mergeAll(Outbox.layer, EventStore.layer)),
          Layer.provideMerge(layerPglite(join(directory, "database"))),
          Layer.provideMerge(Layer.mergeAll(layerRuntime, NodeServices.layer, NodeHttpClient.layerUndici)),
          Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, "Error"))
        )
      )
    })
  ).finally(() => worker.terminate())
  rmSync(directory, { recursive: true, force: true })
  const [p50, p99] = [quantile(millis, 0.5), quantile(millis, 0.99)]
  return [
    {
      name: `from a decided level to a webhook that has it, ${perSecond} changes a second on the embedded database`,
      bar: `p99 ≤ ${p99MillisMax} ms`,
      measured: `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms of ${millis.length}`,
      met: p99 <= p99MillisMax,
      figures: { p50Millis: p50, p99Millis: p99 }
    }
  ]
}

export const benches: ReadonlyArray<Bench> = [{ name: "alerts latency", run: latency }]
