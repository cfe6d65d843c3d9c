/** What every component of an engine stands on: health, supervision, policies and the links between spans. */
import { Layer } from "effect"
import { HealthMonitor } from "./health/HealthMonitor.ts"
import { HealthRegistry } from "./health/HealthRegistry.ts"
import { Policies, type PolicyOverrides } from "./resilience/Policies.ts"
import { Supervisor } from "./supervision/Supervisor.ts"
import { LatencyMeter, LatencyStages } from "./telemetry/LatencyStages.ts"
import { SpanLinks } from "./telemetry/SpanLinks.ts"
import { type ProfiledThread, ThreadProfiles } from "./worker/ThreadProfiles.ts"

const layerLatency = Layer.sync(LatencyStages, () => new LatencyMeter())

const layerThreads = Layer.sync(ThreadProfiles, () => new Map<string, ProfiledThread>())

/** `policies`: what differs from the default ones, for all calls of a kind or for one venue, chain or receiver. */
export const layerRuntimeWith = (policies: PolicyOverrides) =>
  HealthMonitor.layer.pipe(
    Layer.provideMerge(Layer.mergeAll(Supervisor.layer, Policies.layer(policies), SpanLinks.layer, layerLatency, layerThreads)),
    Layer.provideMerge(HealthRegistry.layer)
  )

export const layerRuntime = layerRuntimeWith({})
