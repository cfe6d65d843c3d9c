/**
 * Looks every second whether the engine does what its users rely on, beyond every component running: are prices fresh, is any venue reachable.
 *
 * A check that does not hold makes its component `unready`, and with it the engine, until it holds again. One that hangs does not hold.
 */
import { Context, Duration, Effect, Layer, Option, type Scope } from "effect"
import { Supervisor } from "../supervision/Supervisor.ts"
import { waitAtMost } from "../supervision/WaitAtMost.ts"
import { HealthRegistry } from "./HealthRegistry.ts"

export interface Verdict {
  readonly ready: boolean
  /** What holds or what is missing, in words. */
  readonly detail: string
}

export class HealthMonitor extends Context.Service<
  HealthMonitor,
  {
    /** While the caller's scope lasts, `component` is ready only while the verdict of `look` says so. */
    readonly check: (component: string, look: Effect.Effect<Verdict>) => Effect.Effect<void, never, Scope.Scope>
  }
>()("@evenkeel/runtime/health/HealthMonitor") {
  static readonly layer = Layer.effect(
    HealthMonitor,
    Effect.gen(function* () {
      const health = yield* HealthRegistry
      const supervisor = yield* Supervisor
      const checks = new Map<string, Effect.Effect<Verdict>>()
      const seen = new Map<string, boolean>()

      const look = Effect.fnUntraced(function* (component: string, check: Effect.Effect<Verdict>) {
        const inTime = yield* check.pipe(
          Effect.catchDefect((defect) => Effect.succeed({ ready: false, detail: `its check died: ${String(defect)}` })),
          waitAtMost(checkMax)
        )
        const verdict = Option.getOrElse(inTime, () => ({
          ready: false,
          detail: `its check does not end within ${Duration.format(checkMax)}`
        }))
        yield* health.report(component, verdict.ready ? "running" : "unready", verdict.detail)
        const before = seen.get(component)
        seen.set(component, verdict.ready)
        if (before === undefined || before === verdict.ready) return
        yield* verdict.ready
          ? Effect.logInfo("ready again", { component, detail: verdict.detail })
          : Effect.logError("not ready", { component, detail: verdict.detail })
      })
      yield* supervisor.superviseBeating(
        "health-monitor",
        ({ beat, waiting }) =>
          Effect.suspend(() =>
            Effect.forEach([...checks], ([component, check]) => look(component, check), { concurrency: "unbounded" })
          ).pipe(Effect.andThen(beat), Effect.andThen(waiting(Effect.sleep(lookEvery))), Effect.forever),
        hangsAfter
      )
      return HealthMonitor.of({
        check: (component, check) =>
          Effect.acquireRelease(
            Effect.andThen(
              Effect.sync(() => checks.set(component, check)),
              health.report(component, "unready", "not looked at yet")
            ),
            // What is being closed is not looked at any more: that it does not hold is no news.
            () => Effect.sync(() => checks.delete(component))
          )
      })
    })
  )

  /** A double that looks at nothing. */
  static readonly layerTest = Layer.succeed(HealthMonitor, HealthMonitor.of({ check: () => Effect.void }))
}

const lookEvery = "1 second"
/** Looks have a bound of a second each, and are taken side by side. */
const hangsAfter = "5 seconds"
const checkMax = Duration.seconds(1)
