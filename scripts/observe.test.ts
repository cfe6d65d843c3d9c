/** docs/observe.md says what is: names of spans, keys of log lines, settings and metrics. */
import { assert, describe, it } from "@effect/vitest"
import { jsonLine } from "@evenkeel/runtime/log/LogFormat"
import { Metrics } from "@evenkeel/runtime/telemetry/Metrics"
import { attributes, type SpanKey, spanName, spanOptions } from "@evenkeel/runtime/telemetry/Spans"
import { readFileSync } from "node:fs"
import { groupOf } from "../packages/app/src/config/LogSettings.ts"
import { configDefaults } from "../packages/app/src/config/EngineConfig.ts"

const text = readFileSync("docs/observe.md", "utf8")
/** What stands between these two lines. */
const part = (from: string, to: string) => text.slice(text.indexOf(from), text.indexOf(to, text.indexOf(from) + from.length))

const steps: ReadonlyArray<SpanKey> = [
  "frameSent",
  "frameProcessed",
  "levelRecorded",
  "factAppended",
  "alertDecided",
  "notificationSent",
  "notificationDelivered"
]

describe("docs/observe.md", () => {
  it("shows the spans of an alert's way by their names, with where they are in the code", () => {
    const way = part("send frames  ", "\n```\n\nThe second column")
    const found = steps.map((key) => {
      const { "code.function.name": code } = spanOptions(key).attributes
      assert.match(way, new RegExp(`${spanName(key)} +${code.replace(".", "\\.")} `), key)
      const [file] = code.split(".")
      assert.isTrue(readFileSync("packages/README.md", "utf8").includes(file!), `${file} is on the map`)
      return way.indexOf(spanName(key))
    })
    assert.deepStrictEqual(
      found,
      found.toSorted((a, b) => a - b),
      "in order"
    )
  })

  it("names the keys of a line, in order", () => {
    const line = jsonLine({
      time: 0,
      level: "INFO",
      message: "m",
      component: "c",
      kind: "alert",
      trace: { traceId: "t", spanId: "s", sampled: true },
      fields: { a: 1 }
    })
    const rows = part("| key |", "\n\nControl").matchAll(/^\| (`.+?`) \|/gm)
    const keys = [...rows].flatMap(([, cell]) => [...cell!.matchAll(/`(\w+)`/g)].map(([, key]) => key!))
    assert.deepStrictEqual(keys, Object.keys(JSON.parse(line) as object))
  })

  it("knows every setting of the log, and no other", () => {
    const settings = [...part("[log]", "\n```").matchAll(/^(\w+) = /gm)].map(([, name]) => name!)
    assert.sameMembers(settings, Object.keys(configDefaults.log))
    for (const [name, shown] of [
      ["maxMegabytes", configDefaults.log.maxMegabytes],
      ["files", configDefaults.log.files]
    ] as const)
      assert.match(text, new RegExp(`^${name} = ${shown} `, "m"))
    for (const [group, component] of [
      ["connectors", "kraken#0"],
      ["detection", "hot-path"],
      ["alerting", "receiver:desk"],
      ["store", "retention"]
    ])
      assert.strictEqual(groupOf(component!), group)
  })

  it("names metrics and attributes that exist", () => {
    const metrics = Object.values(Metrics).map(({ id }) => id)
    for (const [name] of text.matchAll(/\bevenkeel_\w+/g)) assert.include(metrics, name)
    const known: ReadonlyArray<string> = Object.values(attributes)
    for (const [name] of text.matchAll(/\bevenkeel\.(?!log|toml)[a-z.]*[a-z]/g)) assert.include(known, name)
  })
})
