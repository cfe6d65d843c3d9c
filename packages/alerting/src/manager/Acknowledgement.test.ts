import { assert, describe, it } from "@effect/vitest"
import type { RiskLevel } from "@evenkeel/domain/risk/RiskLevel"
import { alertFor } from "../../test/support/Notification.ts"
import { isAcknowledged } from "./Acknowledgement.ts"

const state = (level: RiskLevel, openedPosition = 1) => ({ alert: alertFor({ level }), openedPosition, position: 9 })
const seen = (level: RiskLevel) => ({ fingerprint: "f", openedPosition: 1, level, by: "ann", comment: "", at: 0 })

describe("an acknowledgement", () => {
  it("is of one opening of an alert, at this level or a lower one", () => {
    assert.isTrue(isAcknowledged(seen("warning"), state("warning")))
    assert.isTrue(isAcknowledged(seen("critical"), state("warning")))
    assert.isFalse(isAcknowledged(seen("warning"), state("critical")))
    assert.isFalse(isAcknowledged(seen("critical"), state("critical", 2)))
    assert.isFalse(isAcknowledged(undefined, state("warning")))
  })
})
