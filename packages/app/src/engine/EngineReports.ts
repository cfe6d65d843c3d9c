/** Reports of the log, checked with the engine's own key where it has one. */
import { Reports } from "@evenkeel/assessment/compliance/Reports"
import { loadSigningKey } from "@evenkeel/store/event/SigningKey"
import { Effect, FileSystem, Layer } from "effect"
import type { EngineConfig } from "../config/EngineConfig.ts"
import { auditKeyOf } from "./EngineSetup.ts"

/** Undefined where there is none, or none that can be used: whether it can be is for `audit` to say. */
const publicKeyOf = Effect.fnUntraced(
  function* (config: EngineConfig) {
    const files = yield* FileSystem.FileSystem
    if (!(yield* files.exists(auditKeyOf(config)))) return undefined
    return (yield* loadSigningKey(auditKeyOf(config))).publicKey
  },
  Effect.orElseSucceed(() => undefined)
)

export const layerReports = (config: EngineConfig) =>
  Layer.unwrap(Effect.map(publicKeyOf(config), (publicKey) => Reports.layer({ publicKey })))
