import { assert, describe, it } from "@effect/vitest"
import { type LogLevels, minimumSeverity } from "./LogLevels.ts"
import { severities } from "./LogRecord.ts"

const groupOf = (component: string) => (/^(kraken|okx|chain)/.test(component) ? "connectors" : undefined)

const minimum = (levels: LogLevels["levels"], component: string) => minimumSeverity({ level: "Info", levels }, groupOf)(component)

describe("levels by component", () => {
  it("are those of all where no name is about the component", () => {
    assert.strictEqual(minimum({ okx: "Debug" }, "kraken#0"), severities.INFO)
    // A part of a word is another word.
    assert.strictEqual(minimum({ level: "Debug" }, "level-recorder"), severities.INFO)
    assert.strictEqual(minimum({}, "constructor"), severities.INFO)
  })

  it("are about the components that begin with the name, and about groups", () => {
    assert.strictEqual(minimum({ kraken: "Debug" }, "kraken#0"), severities.DEBUG)
    assert.strictEqual(minimum({ receiver: "Warn" }, "receiver:desk"), severities.WARN)
    assert.strictEqual(minimum({ connectors: "Error" }, "chain:ethereum"), severities.ERROR)
  })

  it("come from the closest name", () => {
    const levels = { connectors: "Error", kraken: "Warn", "kraken#1": "Debug" } as const
    assert.strictEqual(minimum(levels, "okx#0"), severities.ERROR)
    assert.strictEqual(minimum(levels, "kraken#0"), severities.WARN)
    assert.strictEqual(minimum(levels, "kraken#1"), severities.DEBUG)
  })
})
