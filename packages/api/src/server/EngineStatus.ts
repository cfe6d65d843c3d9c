/** How the engine is, and profiles of it, for those who ask over HTTP. */
import type { ShownHistogram } from "@evenkeel/runtime/telemetry/OpenMetrics"
import { Context, Effect, Layer } from "effect"
import { NotProfiled, type profiledThreads, type StatusView } from "../contract/group/Status.ts"

export interface ProfileFile {
  readonly path: string
  readonly bytes: number
}

export class EngineStatus extends Context.Service<
  EngineStatus,
  {
    readonly status: Effect.Effect<StatusView>
    /** Histograms that are kept outside of Effect's metrics, as they are now. */
    readonly histograms: Effect.Effect<ReadonlyArray<ShownHistogram>>
    /** Where a thread spends its time; one profile at a time. */
    readonly profile: (thread: (typeof profiledThreads)[number], seconds: number) => Effect.Effect<ProfileFile, NotProfiled>
    /** What the main thread's heap holds. The engine stands still while it is written. */
    readonly heap: Effect.Effect<ProfileFile, NotProfiled>
  }
>()("@evenkeel/api/server/EngineStatus") {
  /** A double that takes no profiles. */
  static readonly layerTest = (status: StatusView) => {
    const refused = Effect.fail(new NotProfiled({ problem: "a double takes no profiles" }))
    return Layer.succeed(
      EngineStatus,
      EngineStatus.of({ status: Effect.succeed(status), histograms: Effect.succeed([]), profile: () => refused, heap: refused })
    )
  }
}
