/** What the alerts about a coin's level are called, by its kind of trouble. */
import type { ChangeKind } from "@evenkeel/domain/risk/RiskLevel"

export const alertNames: Readonly<Record<ChangeKind, string>> = {
  break: "Depeg",
  premium: "Premium",
  local: "LocalDislocation",
  recovery: "Recovery",
  stale: "StalePrice",
  disputed: "DisputedPrice",
  unattributed: "UnattributedMove"
}
