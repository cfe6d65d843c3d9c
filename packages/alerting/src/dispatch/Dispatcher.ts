/**
 * Delivers what the outbox holds: in the order of events for each receiver, receivers independent of each other.
 *
 * A receiver that fails keeps its own rows waiting, longer each time, and holds up nobody else. While the database is away the
 * dispatcher waits and tries again.
 */
import { Notification } from "@evenkeel/domain/alert/Alert"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Metrics } from "@evenkeel/runtime/telemetry/Metrics"
import { Outbox, type PendingRow } from "@evenkeel/store/outbox/Outbox"
import { Array, Clock, Context, Effect, Layer, Metric, Queue, Schema, type Tracer } from "effect"
import type { SqlError } from "effect/sql"
import { type Receiver, Receivers } from "../receiver/Receiver.ts"

/** Rows taken at a time. */
const batchMax = 100
/** Without a nudge the outbox is looked at this often: rows that were put off become due. */
const lookEvery = "1 second"
/** Spans of senders remembered for notifications in flight; older ones are forgotten, their deliveries untraced. */
const parentsMax = 1000

export class Dispatcher extends Context.Service<
  Dispatcher,
  {
    /** There is something new: look now. `keys` are delivered under the caller's span. */
    readonly nudge: (keys: ReadonlyArray<string>) => Effect.Effect<void>
    /** Delivers everything that is due, once; how many were delivered and how many failed. */
    readonly drain: Effect.Effect<{ readonly delivered: number; readonly failed: number }, SqlError.SqlError>
  }
>()("@evenkeel/alerting/manager/Dispatcher") {
  static readonly layer = Layer.effect(
    Dispatcher,
    Effect.gen(function* () {
      const outbox = yield* Outbox
      const receivers = yield* Receivers
      const supervisor = yield* Supervisor
      const health = yield* HealthRegistry
      const nudges = yield* Queue.sliding<void>(1)
      const parents = new Map<string, Tracer.AnySpan>()
      let waiting = 0

      const deliver = Effect.fnUntraced(function* (receiver: Receiver, row: PendingRow) {
        const parent = parents.get(row.idempotencyKey)
        const outcome = yield* receiver.deliver(decodeNotification(row.payload)).pipe(
          Effect.withSpan("Dispatcher.deliver", {
            attributes: { receiver: receiver.name, attempt: row.attempts + 1 },
            ...(parent === undefined ? {} : { parent })
          }),
          Effect.as("delivered" as const),
          // A receiver's defect is its own failure.
          Effect.sandbox,
          Effect.catch((cause) =>
            Effect.gen(function* () {
              const problem = String(
                cause.reasons
                  .map((reason) => ("error" in reason ? reason.error : "defect" in reason ? reason.defect : "interrupted"))
                  .join("; ")
              )
              yield* Effect.logWarning("a delivery failed", { receiver: receiver.name, attempt: row.attempts + 1, problem })
              yield* outbox.failed(row, problem, yield* Clock.currentTimeMillis)
              return "failed" as const
            })
          )
        )
        if (outcome === "delivered") {
          yield* outbox.delivered(row, yield* Clock.currentTimeMillis)
          parents.delete(row.idempotencyKey)
        }
        yield* Metric.update(Metric.withAttributes(Metrics.notifications, { receiver: receiver.name, outcome }), 1)
        return outcome
      })

      const drain = Effect.gen(function* () {
        const rows = yield* outbox.due(yield* Clock.currentTimeMillis, batchMax)
        const byReceiver = Array.groupBy(rows, ({ receiver }) => receiver)
        const outcomes = yield* Effect.forEach(
          receivers,
          (receiver) => Effect.forEach(byReceiver[receiver.name] ?? [], (row) => deliver(receiver, row)),
          { concurrency: "unbounded" }
        )
        waiting = yield* outbox.pending
        const all = outcomes.flat()
        return {
          delivered: all.filter((outcome) => outcome === "delivered").length,
          failed: all.filter((outcome) => outcome === "failed").length
        }
      })

      const loop = Queue.take(nudges).pipe(
        Effect.timeoutOption(lookEvery),
        Effect.andThen(drain),
        Effect.andThen(health.report("dispatcher", "running")),
        Effect.catchTag("SqlError", (error) =>
          health
            .report("dispatcher", "degraded", `the database does not answer: ${error.message}`)
            .pipe(
              Effect.andThen(Effect.logWarning("the outbox cannot be read", { problem: error.message })),
              Effect.andThen(Effect.sleep("2 seconds"))
            )
        ),
        Effect.forever
      )
      yield* health.gauge("dispatcher", "outbox_pending", () => waiting)
      yield* supervisor.supervise("dispatcher", loop)

      return Dispatcher.of({
        nudge: (keys) =>
          Effect.withFiber((fiber) => {
            const span = fiber.cache.span
            if (span !== undefined) {
              for (const key of keys) {
                if (parents.size >= parentsMax) parents.delete(parents.keys().next().value!)
                parents.set(key, span)
              }
            }
            return Effect.asVoid(Queue.offer(nudges, undefined))
          }),
        drain
      })
    })
  )
}

const decodeNotification = Schema.decodeUnknownSync(Schema.fromJsonString(Notification))
