import { assert, describe, it } from "@effect/vitest"
import { globSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { degradationOf } from "./Degradation.ts"

/** Names that sources give to the components that they supervise, check or report; what is put together is tried with an example. */
const named = globSync(fileURLToPath(new URL("../../../{app,alerting,connectors,detection,runtime,store}/src/**/*.ts", import.meta.url)))
  .filter((path) => !path.endsWith(".test.ts"))
  .flatMap((path) => [
    ...readFileSync(path, "utf8").matchAll(
      /(?:supervise|superviseBeating|monitor\.check|health\s*\.report)\(\s*"([a-z:-]+)"|makeActor[^(]*\(\{\s*name: "([a-z:-]+)"|const component = "([a-z:-]+)"/g
    )
  ])
  .map(([, supervised, actor, constant]) => supervised ?? actor ?? constant ?? "")

describe("Degradation", () => {
  it("has a line for every component that the sources name", () => {
    assert.includeMembers(named, ["metrics", "database", "notifier", "level-recorder", "resync"])
    const examples = [
      "kraken#0",
      "connect:kraken",
      "rest:okx",
      "deliver:slack",
      "receiver:slack",
      "chain:1",
      "rpc:1",
      "news:x",
      "consumer:alerts"
    ]
    assert.deepStrictEqual(
      [...new Set([...named, ...examples])].filter((component) => degradationOf(component).lost === ""),
      []
    )
  })

  it("promises nothing of what it does not know", () => assert.deepStrictEqual(degradationOf("???"), { works: "", lost: "" }))
})
