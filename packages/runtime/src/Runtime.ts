/** What every component of an engine stands on: health, supervision, policies and the links between spans. */
import { Layer } from "effect"
import { HealthMonitor } from "./health/HealthMonitor.ts"
import { HealthRegistry } from "./health/HealthRegistry.ts"
import { Policies } from "./resilience/Policies.ts"
import { Supervisor } from "./supervision/Supervisor.ts"
import { SpanLinks } from "./telemetry/SpanLinks.ts"

export const layerRuntime = HealthMonitor.layer.pipe(
  Layer.provideMerge(Layer.mergeAll(Supervisor.layer, Policies.layer(), SpanLinks.layer)),
  Layer.provideMerge(HealthRegistry.layer)
)
