/**
 * Writes level changes into the log: once each, in order, by the part of the engine that knows them. Everyone else follows the log.
 *
 * A change waits here, in order, while the database is away; nothing is skipped but a change whose numbers are none, which nobody could read
 * in the log: it is counted and said. When the mailbox is full the hot path keeps what it cannot
 * hand over. It is built before `Detection`, so that on shutdown it still records what detection's last frames brought about.
 */
import {
  changeKeyOf,
  LevelChange,
  levelChangesFamily,
  operatorFamily,
  simulatedStreams,
  type StandingLevel,
  standingAfter
} from "@evenkeel/domain/risk/RiskLevel"
import { alertLine } from "@evenkeel/runtime/log/LogRecord"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { type Pulse, Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { Metrics } from "@evenkeel/runtime/telemetry/Metrics"
import { LatencyStages, presentTrace } from "@evenkeel/runtime/telemetry/LatencyStages"
import { alertWay, attributes, spanName, spanOptions } from "@evenkeel/runtime/telemetry/Spans"
import { SpanLinks } from "@evenkeel/runtime/telemetry/SpanLinks"
import { databaseProblem, statementHangsAfter } from "@evenkeel/store/database/DatabaseProblem"
import { EventStore } from "@evenkeel/store/event/EventStore"
import { Clock, Context, Effect, Layer, Metric, Option, Queue, Schedule, Schema, type Tracer } from "effect"

export interface LevelChangeSignal {
  readonly change: LevelChange
  /** The hot path's span, under the frame's: parent of everything that follows. */
  readonly span: Tracer.AnySpan
  /** For how long the change has been decided already, ns; nothing where the hot path has no clock. */
  readonly decidedNanosAgo?: number
}

export class LevelRecorder extends Context.Service<
  LevelRecorder,
  {
    /** Takes a change over; false when the mailbox is full, and the caller must offer it again. Plain code. */
    readonly offer: (signal: LevelChangeSignal) => boolean
    /** Changes recorded since the start. */
    readonly recorded: () => number
    /** The level of each coin by its last change: in the log when the engine started, or offered since. */
    readonly standing: () => ReadonlyArray<StandingLevel>
  }
>()("@evenkeel/detection/host/LevelRecorder") {
  static readonly layer = Layer.effect(
    LevelRecorder,
    Effect.suspend(() => makeLevelRecorder(false))
  )

  /** The same for a market that is made up: each change says so. It begins anew at each start, and takes no level up. */
  static readonly layerSimulated = Layer.effect(
    LevelRecorder,
    Effect.suspend(() => makeLevelRecorder(true))
  )

  /** For engines without a log: changes are seen by the listeners of `Detection.levels` alone. */
  static readonly layerNoop = Layer.succeed(LevelRecorder, LevelRecorder.of({ offer: () => true, recorded: () => 0, standing: () => [] }))

  /** A double that keeps what it is offered, as if its first changes were in the log already. */
  static readonly layerTest = (kept: Array<LevelChange>) =>
    Layer.succeed(
      LevelRecorder,
      LevelRecorder.of({
        offer: ({ change }) => kept.push(change) > 0,
        recorded: () => kept.length,
        standing: () => [...new Map(kept.map((change) => [change.coin, standingAfter(change)])).values()]
      })
    )
}

const decodeChange = Schema.decodeUnknownOption(Schema.fromJsonString(LevelChange))

const isChange = Schema.is(LevelChange)

const mailboxCapacity = 256
const component = "level-recorder"
/** While the database is away, attempts are at most this far apart: less than what is taken for a hang. */
const retryMax = "1500 millis"
/** Shutdown waits this long for the database to take the last changes. */
const drainWithin = "3 seconds"

const makeLevelRecorder = Effect.fnUntraced(function* (simulated: boolean) {
  const events = yield* EventStore
  const health = yield* HealthRegistry
  const links = yield* SpanLinks
  const latency = yield* LatencyStages
  const clock = yield* Clock.Clock
  const supervisor = yield* Supervisor
  const mailbox = yield* Queue.bounded<LevelChangeSignal & { readonly decidedAt: number | undefined }>(mailboxCapacity)
  /** ns of a clock that does not run backwards. */
  const nanosNow = () => Number(clock.monotonicTimeNanosUnsafe())
  latency.know("record")
  const standing = new Map<string, StandingLevel>()
  // Alerts that somebody closed by hand leave no level behind: should the coin be watched again, it begins at `normal`, and what it does is told.
  const closed = new Map((yield* events.lastOfStreams(operatorFamily)).map(({ position, stream }) => [stream.split("/")[1], position]))
  /** Position of the last change that an earlier run has written. */
  let before = 0
  for (const { payload, position } of yield* events.lastOfStreams(levelChangesFamily)) {
    before = Math.max(before, position)
    const change = decodeChange(payload)
    if (Option.isSome(change) && !simulated && change.value.simulated !== true && !((closed.get(change.value.coin) ?? 0) > position))
      standing.set(change.value.coin, standingAfter(change.value))
  }
  let offered = 0
  let recorded = 0
  let refused = 0
  /** What was refused is said for as long as the engine runs. */
  const reportRunning = Effect.suspend(() =>
    refused === 0
      ? health.report(component, "running")
      : health.report(component, "degraded", `${refused} level changes had numbers that are none, and were not recorded`)
  )

  const append = Effect.fnUntraced(function* (change: LevelChange, decidedAt: number | undefined) {
    const { coin, deviationBps, kind, level, previous } = change
    const key = changeKeyOf(change)
    // Known before the fact is: who follows the log may see it at once.
    links.set(key, yield* Effect.currentSpan)
    // A stream of its own: the last real change stays the last one, whatever was made up since.
    const { position } = yield* events.append(`${levelChangesFamily}/${simulated ? simulatedStreams : ""}${coin}`, "any", [
      // Two engines that watch the same coin, or one that replays its last minute after a restart, write the change once. A made-up market's time
      // begins anew with each run: the same change at the same time is another one then.
      {
        kind: "LevelChanged",
        payload: simulated ? { ...change, simulated } : change,
        key: simulated ? `${key} simulated after ${before}` : key
      }
    ])
    recorded++
    if (decidedAt !== undefined) latency.record("record", nanosNow() - decidedAt, yield* presentTrace)
    latency.mark(`recorded ${position}`, nanosNow())
    yield* Effect.logInfo("level changed", { ...alertLine, coin, level, previous, kind, deviationBps })
    yield* Metric.update(Metric.withAttributes(Metrics.levelChanges, { coin, level }), 1)
  })
  const refuse = (change: LevelChange) =>
    Effect.logError("a level change has numbers that are none, and is not recorded", { ...change }).pipe(
      Effect.andThen(Metric.update(Metric.withAttributes(Metrics.levelChangesRefused, { coin: change.coin }), 1)),
      Effect.andThen(reportRunning)
    )
  const record = ({ change, decidedAt, span }: LevelChangeSignal & { readonly decidedAt: number | undefined }, { beat }: Pulse) =>
    Effect.andThen(beat, append(change, decidedAt)).pipe(
      // A change of "any" version cannot conflict.
      Effect.catchTag("ConcurrencyConflict", Effect.die),
      Effect.tapError((error) =>
        health
          .report(component, "degraded", databaseProblem(error))
          .pipe(
            Effect.andThen(
              Effect.logError("a level change waits for the database", { ...alertLine, coin: change.coin, problem: databaseProblem(error) })
            )
          )
      ),
      Effect.retry(Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced(retryMax)])),
      Effect.andThen(reportRunning),
      Effect.withSpan(spanName("levelRecorded"), {
        ...spanOptions("levelRecorded", { [attributes.coin]: change.coin, [attributes.level]: change.level }),
        annotations: alertWay,
        parent: span
      })
    )

  // A change leaves the mailbox once it is recorded, so that a restart of this loop loses none.
  yield* supervisor.superviseBeating(
    component,
    (pulse) =>
      pulse.waiting(Queue.peek(mailbox)).pipe(
        Effect.flatMap((signal) => (isChange(signal.change) ? record(signal, pulse) : refuse(signal.change))),
        Effect.andThen(Queue.take(mailbox)),
        Effect.forever({ disableYield: true })
      ),
    statementHangsAfter
  )
  yield* health.gauge(component, "refused", () => refused)
  yield* health.gauge(component, "mailbox", () => Queue.sizeUnsafe(mailbox))
  // Runs before the loop is interrupted.
  yield* Effect.addFinalizer(() =>
    Effect.sleep("5 millis").pipe(
      Effect.repeat({ while: () => recorded < offered }),
      Effect.timeoutOption(drainWithin),
      Effect.andThen(
        Effect.suspend(() =>
          recorded < offered ? Effect.logError("level changes were not recorded", { changes: offered - recorded }) : Effect.void
        )
      )
    )
  )
  return LevelRecorder.of({
    offer: (signal) => {
      if (Queue.sizeUnsafe(mailbox) >= mailboxCapacity) return false
      if (isChange(signal.change)) offered++
      else refused++
      standing.set(signal.change.coin, standingAfter(signal.change))
      const { decidedNanosAgo } = signal
      return Queue.offerUnsafe(mailbox, { ...signal, decidedAt: decidedNanosAgo === undefined ? undefined : nanosNow() - decidedNanosAgo })
    },
    recorded: () => recorded,
    standing: () => [...standing.values()]
  })
})
