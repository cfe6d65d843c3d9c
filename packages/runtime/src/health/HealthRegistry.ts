/**
 * What is running and how it fares, in one place that screens, `/healthz` and `/readyz` read.
 *
 * Components report changes; nobody polls them. A gauge (a mailbox's depth, a ring's fill) is a function that is called
 * when somebody looks, so that watching costs nothing while nobody does.
 */
import { Context, Effect, Layer, Schema } from "effect"

/** `degraded`: works in part. `unready`: runs, and what users rely on is missing, such as fresh prices. */
export const HealthStatus = Schema.Literals(["starting", "running", "degraded", "unready", "restarting", "draining", "stopped", "failed"])
export type HealthStatus = typeof HealthStatus.Type

export const ComponentHealth = Schema.Struct({
  component: Schema.String,
  status: HealthStatus,
  /** Why, in words, where the status alone does not say. */
  detail: Schema.String,
  restarts: Schema.Int,
  gauges: Schema.Record(Schema.String, Schema.Finite)
})
export type ComponentHealth = typeof ComponentHealth.Type

export class HealthRegistry extends Context.Service<
  HealthRegistry,
  {
    readonly report: (component: string, status: HealthStatus, detail?: string) => Effect.Effect<void>
    readonly restarted: (component: string) => Effect.Effect<void>
    readonly gauge: (component: string, name: string, read: () => number) => Effect.Effect<void>
    readonly snapshot: Effect.Effect<ReadonlyArray<ComponentHealth>>
    /** True when every component runs, be it degraded, and none is unready. */
    readonly ready: Effect.Effect<boolean>
    /** False once a component has failed for good. */
    readonly healthy: Effect.Effect<boolean>
  }
>()("@evenkeel/runtime/health/HealthRegistry") {
  static readonly layer = Layer.sync(HealthRegistry, () => {
    interface Entry {
      status: HealthStatus
      detail: string
      restarts: number
      readonly gauges: Map<string, () => number>
    }
    const entries = new Map<string, Entry>()
    const entryOf = (component: string): Entry => {
      const known = entries.get(component)
      if (known !== undefined) return known
      const entry: Entry = { status: "starting", detail: "", restarts: 0, gauges: new Map() }
      entries.set(component, entry)
      return entry
    }
    const every = (test: (status: HealthStatus) => boolean) => Effect.sync(() => [...entries.values()].every((entry) => test(entry.status)))
    return HealthRegistry.of({
      report: (component, status, detail = "") =>
        Effect.sync(() => {
          Object.assign(entryOf(component), { status, detail })
        }),
      restarted: (component) =>
        Effect.sync(() => {
          entryOf(component).restarts++
        }),
      gauge: (component, name, read) =>
        Effect.sync(() => {
          entryOf(component).gauges.set(name, read)
        }),
      snapshot: Effect.sync(() =>
        [...entries].map(([component, { status, detail, restarts, gauges }]) => ({
          component,
          status,
          detail,
          restarts,
          gauges: Object.fromEntries([...gauges].map(([name, read]) => [name, read()]))
        }))
      ),
      ready: every((status) => status === "running" || status === "degraded" || status === "stopped"),
      healthy: every((status) => status !== "failed")
    })
  })
}
