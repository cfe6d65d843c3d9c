/** Status: how the engine is, in numbers and in sentences; and profiles of it while it runs. */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { MaybeFinite, noQuery } from "../Common.ts"

/** Nanoseconds; null where nothing was measured. */
export const LatencyView = Schema.Struct({
  count: Schema.Finite,
  p50: MaybeFinite,
  p95: MaybeFinite,
  p99: MaybeFinite,
  p999: MaybeFinite,
  max: MaybeFinite
})

export const StageView = Schema.Struct({
  stage: Schema.String,
  /** From what to what. */
  span: Schema.String,
  /** Of the last minute. */
  recent: LatencyView,
  /** Since the start. */
  whole: LatencyView,
  /** What is not known of it, and why; empty where all is. */
  unknown: Schema.String
})
export type StageView = typeof StageView.Type

export const ComponentView = Schema.Struct({
  component: Schema.String,
  status: Schema.String,
  detail: Schema.String,
  restarts: Schema.Int,
  hung: Schema.Boolean,
  heartbeatMillis: MaybeFinite,
  gauges: Schema.Record(Schema.String, Schema.Finite),
  /** While it is down: what still works, and what does not. */
  degradation: Schema.Struct({ works: Schema.String, lost: Schema.String })
})
export type ComponentView = typeof ComponentView.Type

/** What the operating system and Node say of the process; null where this system does not say. */
export const ProcessView = Schema.Struct({
  cpuUserSeconds: Schema.Finite,
  cpuSystemSeconds: Schema.Finite,
  /** Of one processor, since the look before: 2 is two whole ones. */
  cpuShare: Schema.Finite,
  residentBytes: Schema.Finite,
  heapUsedBytes: Schema.Finite,
  heapTotalBytes: Schema.Finite,
  /** How late the main thread's event loop is, in the last minute. */
  loopDelayP99Millis: Schema.Finite,
  loopDelayMaxMillis: Schema.Finite,
  /** Share of the time in which the main thread is busy, since the look before. */
  loopUtilization: Schema.Finite,
  collections: Schema.Array(Schema.Struct({ kind: Schema.String, count: Schema.Finite, seconds: Schema.Finite })),
  openFiles: MaybeFinite,
  threads: MaybeFinite,
  diskFreeBytes: MaybeFinite
})
export type ProcessView = typeof ProcessView.Type

export const StatusView = Schema.Struct({
  engine: Schema.Struct({
    name: Schema.String,
    version: Schema.String,
    mode: Schema.String,
    simulated: Schema.Boolean,
    uptimeSeconds: Schema.Finite,
    pid: Schema.Int
  }),
  ready: Schema.Boolean,
  /** Coins without a fresh price, and why. */
  stale: Schema.Array(Schema.Struct({ coin: Schema.String, why: Schema.String })),
  components: Schema.Array(ComponentView),
  stages: Schema.Array(StageView),
  process: ProcessView,
  /** What holds the engine up, with its evidence; null where nothing does. */
  bottleneck: Schema.NullOr(Schema.String)
})
export type StatusView = typeof StatusView.Type

export const profiledThreads = ["main", "hotpath"] as const
export const profileSecondsMax = 60

/** A file on the engine's machine that its user alone may read. */
export const ProfileWritten = Schema.Struct({ path: Schema.String, bytes: Schema.Finite })

/** Profiles hold the program's memory: they are for those who are on its machine. */
export class NotLocal extends Schema.TaggedError<NotLocal>()("NotLocal", { problem: Schema.String }, { httpApiStatus: 403 }) {
  override get message() {
    return this.problem
  }
}

/** Another one is being taken, or this one could not be. */
export class NotProfiled extends Schema.TaggedError<NotProfiled>()("NotProfiled", { problem: Schema.String }, { httpApiStatus: 409 }) {
  override get message() {
    return this.problem
  }
}

export class StatusApi extends HttpApiGroup.make("status")
  .add(
    HttpApiEndpoint.get("get", "/status", { query: noQuery, success: StatusView }),
    HttpApiEndpoint.post("profile", "/status/profile", {
      payload: Schema.Struct({
        seconds: Schema.Finite.check(Schema.isBetween({ minimum: 0.1, maximum: profileSecondsMax })),
        thread: Schema.Literals(profiledThreads)
      }),
      success: ProfileWritten,
      error: [NotLocal, NotProfiled]
    }),
    HttpApiEndpoint.post("heap", "/status/heap", { payload: Schema.Struct({}), success: ProfileWritten, error: [NotLocal, NotProfiled] })
  )
  .prefix("/v1") {}
