/**
 * What is running and how it fares, in one place that screens, `/healthz` and `/readyz` read.
 *
 * Components report changes; nobody polls them. A gauge (a mailbox's depth, a ring's fill) is a function that is called
 * when somebody looks, so that watching costs nothing while nobody does.
 */
import { Clock, Context, Effect, Layer, Schema } from "effect"
import { monotonicMillisOf } from "../time/Monotonic.ts"

/** `degraded`: works in part. `unready`: runs, and what users rely on is missing, such as fresh prices. */
export const HealthStatus = Schema.Literals(["starting", "running", "degraded", "unready", "restarting", "draining", "stopped", "failed"])
export type HealthStatus = typeof HealthStatus.Type

export const ComponentHealth = Schema.Struct({
  component: Schema.String,
  status: HealthStatus,
  /** Why, in words, where the status alone does not say. */
  detail: Schema.String,
  restarts: Schema.Int,
  /** A loop that should have shown life by now has not. */
  hung: Schema.Boolean,
  /** Since its last sign of life, where it gives signs; null for what only reports. */
  heartbeatMillis: Schema.NullOr(Schema.Finite),
  gauges: Schema.Record(Schema.String, Schema.Finite)
})
export type ComponentHealth = typeof ComponentHealth.Type

export class HealthRegistry extends Context.Service<
  HealthRegistry,
  {
    readonly report: (component: string, status: HealthStatus, detail?: string) => Effect.Effect<void>
    readonly restarted: (component: string) => Effect.Effect<void>
    /** The component shows life. Plain code, for it is called often. */
    readonly beat: (component: string) => void
    /** The component hangs, with what is seen of it; undefined once it shows life again. Its own report stands beneath. */
    readonly hangs: (component: string, problem: string | undefined) => Effect.Effect<void>
    readonly gauge: (component: string, name: string, read: () => number) => Effect.Effect<void>
    readonly snapshot: Effect.Effect<ReadonlyArray<ComponentHealth>>
    /** True when every component runs, be it degraded, and none is unready. */
    readonly ready: Effect.Effect<boolean>
    /** False once a component has failed for good. */
    readonly healthy: Effect.Effect<boolean>
  }
>()("@evenkeel/runtime/health/HealthRegistry") {
  static readonly layer = Layer.effect(
    HealthRegistry,
    Effect.map(Clock.Clock, (clock) => {
      interface Entry {
        status: HealthStatus
        detail: string
        restarts: number
        hung: string | undefined
        /** ms of a clock that does not run backwards. */
        beatAt: number | undefined
        readonly gauges: Map<string, () => number>
      }
      const entries = new Map<string, Entry>()
      const entryOf = (component: string): Entry => {
        const known = entries.get(component)
        if (known !== undefined) return known
        const entry: Entry = { status: "starting", detail: "", restarts: 0, hung: undefined, beatAt: undefined, gauges: new Map() }
        entries.set(component, entry)
        return entry
      }
      const every = (test: (status: HealthStatus) => boolean) =>
        Effect.sync(() => [...entries.values()].every((entry) => test(entry.status)))
      return HealthRegistry.of({
        report: (component, status, detail = "") =>
          Effect.sync(() => {
            Object.assign(entryOf(component), { status, detail })
          }),
        restarted: (component) =>
          Effect.sync(() => {
            entryOf(component).restarts++
          }),
        beat: (component) => {
          entryOf(component).beatAt = monotonicMillisOf(clock)
        },
        hangs: (component, problem) =>
          Effect.sync(() => {
            entryOf(component).hung = problem
          }),
        gauge: (component, name, read) =>
          Effect.sync(() => {
            entryOf(component).gauges.set(name, read)
          }),
        snapshot: Effect.sync(() =>
          [...entries].map(([component, { beatAt, detail, gauges, hung, restarts, status }]) => ({
            component,
            status: hung !== undefined && status === "running" ? "degraded" : status,
            detail: hung ?? detail,
            restarts,
            hung: hung !== undefined,
            heartbeatMillis: beatAt === undefined ? null : monotonicMillisOf(clock) - beatAt,
            gauges: Object.fromEntries([...gauges].map(([name, read]) => [name, read()]))
          }))
        ),
        ready: every((status) => status === "running" || status === "degraded" || status === "stopped"),
        healthy: every((status) => status !== "failed")
      })
    })
  )
}
