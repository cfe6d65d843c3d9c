/**
 * What the engine measures of itself, looked at once a second by the loop of metrics: everybody else reads the last look.
 */
import type { ProcessView } from "@evenkeel/api/contract/group/Status"
import { Venues } from "@evenkeel/connectors/exchange/Venues"
import { MarketFeed } from "@evenkeel/connectors/feed/MarketFeed"
import { FrameSink } from "@evenkeel/connectors/transport/FrameSink"
import { Detection } from "@evenkeel/detection/host/Detection"
import { venueCounters } from "@evenkeel/detection/hotpath/Counters"
import { type ComponentHealth, HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import type { CountedHistogram } from "@evenkeel/runtime/telemetry/BucketedHistograms"
import { LatencyStages, type StageLatency } from "@evenkeel/runtime/telemetry/LatencyStages"
import { monotonicMillis } from "@evenkeel/runtime/time/Monotonic"
import { Context, Effect, Layer } from "effect"
import { bottleneckOf } from "./Bottleneck.ts"
import { makeProcessNumbers } from "./ProcessNumbers.ts"
import { receiptsUnknown, stageNames, workShares } from "./StageSpans.ts"

export interface EngineLook {
  readonly stages: ReadonlyArray<StageLatency & { readonly unknown: string }>
  readonly process: ProcessView
  readonly components: ReadonlyArray<ComponentHealth>
  /** Shares from 0 to 1. */
  readonly ringFill: number
  readonly hotPathBusy: number
  /** Undefined where nothing holds the engine up. */
  readonly bottleneck: string | undefined
}

export class EngineNumbers extends Context.Service<
  EngineNumbers,
  {
    /** Looks anew. */
    readonly look: Effect.Effect<EngineLook>
    /** The last look; undefined before the first. */
    readonly last: () => EngineLook | undefined
    /** By stage, ns since the start. */
    readonly histograms: () => ReadonlyMap<string, CountedHistogram>
  }
>()("@evenkeel/app/status/EngineNumbers") {
  /** `directory`: where the engine's data lies. `simulated`: the market's time is not the clock's. */
  static readonly layer = (options: { readonly directory: string; readonly simulated: boolean }) =>
    Layer.effect(EngineNumbers, makeEngineNumbers(options))
}

/** A gauge of one component; 0 where there is none. */
const gaugeOf = (components: ReadonlyArray<ComponentHealth>, component: string, gauge: string): number =>
  components.find((each) => each.component === component)?.gauges[gauge] ?? 0

const makeEngineNumbers = Effect.fnUntraced(function* ({
  directory,
  simulated
}: {
  readonly directory: string
  readonly simulated: boolean
}) {
  const detection = yield* Detection
  const feed = yield* MarketFeed
  const venues = yield* Venues
  const sink = yield* FrameSink
  const health = yield* HealthRegistry
  const latency = yield* LatencyStages
  const lookAtProcess = yield* makeProcessNumbers(directory)
  for (const [stage, histogram] of Object.entries(detection.stages)) if (stage !== "receive" || !simulated) latency.add(stage, histogram)
  latency.add("score", detection.latency)
  for (const stage of stageNames) if (!latency.histograms.has(stage)) latency.know(stage)
  const counterOf = (venue: number, name: (typeof venueCounters)[number]) => detection.counter(venue, venueCounters.indexOf(name))

  let last: EngineLook | undefined
  let busyBefore = detection.busyNanos()
  let lookedAt = yield* monotonicMillis

  const look = Effect.gen(function* () {
    const now = yield* monotonicMillis
    const busy = detection.busyNanos()
    const hotPathBusy = Math.min(1, (busy - busyBefore) / 1e6 / Math.max(1, now - lookedAt))
    busyBefore = busy
    lookedAt = now
    const process = yield* lookAtProcess
    const components = yield* health.snapshot
    const summaries = new Map(latency.summaries(now).map((summary) => [summary.stage, summary]))
    const receipts = feed.counts().map(({ venue }) => {
      const number = venues.wireNumber(venue)
      return { venue, timed: counterOf(number, "timed"), untimed: counterOf(number, "untimed"), ahead: counterOf(number, "ahead") }
    })
    const stages = stageNames.flatMap((stage) => {
      const summary = summaries.get(stage)
      return summary === undefined ? [] : [{ ...summary, unknown: stage === "receive" ? receiptsUnknown(simulated, receipts) : "" }]
    })
    const p99Millis = (stage: string) => {
      const p99 = summaries.get(stage)?.recent.p99 ?? null
      return p99 === null ? null : p99 / 1e6
    }
    const ringFill = sink.fill()
    last = {
      stages,
      process,
      components,
      ringFill,
      hotPathBusy,
      bottleneck: bottleneckOf({
        ringFill,
        hotPathBusy,
        shares: workShares(latency.histograms),
        loopUtilization: process.loopUtilization,
        loopDelayP99Millis: process.loopDelayP99Millis,
        recordP99Millis: p99Millis("record"),
        recordsWaiting: gaugeOf(components, "level-recorder", "mailbox"),
        alertLag: gaugeOf(components, "consumer:alerts", "lag"),
        outboxPending: gaugeOf(components, "dispatcher", "outbox_pending"),
        deliveryP99Millis: p99Millis("delivery")
      })
    }
    return last
  })
  return EngineNumbers.of({
    look,
    last: () => last,
    histograms: () => latency.counted
  })
})
