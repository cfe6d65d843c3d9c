import { assert, describe, it } from "@effect/vitest"
import { existsSync, globSync, readFileSync } from "node:fs"
import { factKinds } from "./FactKinds.ts"

const root = new URL("../../../../", import.meta.url).pathname
const sources = globSync("packages/*/src/**/*.ts", { cwd: root })
  .filter((path) => !/\.(test|bench)\.ts$/.test(path))
  .map((path) => ({ path, text: readFileSync(`${root}${path}`, "utf8") }))

/** Names of facts that a module hands to the log, as far as they stand there as words. */
const writtenIn = (text: string): ReadonlyArray<string> =>
  /\bevents\.append\(|\bappend\(|: fact\(|yield\* fact\(|insert\(\[\{/.test(text)
    ? [...text.matchAll(/(?:kind: |append\(|record\(|fact\()"([A-Z][a-z]+(?:[A-Z][a-z]+)+)"/g)].map(([, kind]) => kind!)
    : []

describe("the table of facts", () => {
  it("has every fact that the code writes", () => {
    const known = new Set(factKinds.map(({ kind }) => kind))
    const missing = sources.flatMap(({ path, text }) => writtenIn(text).flatMap((kind) => (known.has(kind) ? [] : [`${kind} in ${path}`])))
    assert.deepStrictEqual(missing, [])
    const found = new Set(sources.flatMap(({ text }) => writtenIn(text)))
    assert.isAbove(found.size, 12, "the search finds them")
  })

  it.each(factKinds)("$kind is written where it says", ({ kind, writer }) => {
    const path = `${root}packages/${writer.replace("/", "/src/")}.ts`
    assert.isTrue(existsSync(path), path)
    const folder = readFileSync(path, "utf8")
    // The alert manager appends what `Decide` beside it says.
    const beside = writer.endsWith("AlertManager") ? readFileSync(path.replace("AlertManager", "Decide"), "utf8") : ""
    assert.include(`${folder}${beside}`, `"${kind}"`)
  })

  it("is the one of docs/compliance.md", () => {
    const page = readFileSync(`${root}docs/compliance.md`, "utf8")
    const rows = [...page.matchAll(/^\| `([A-Z]\w+)` \| `([a-z*-]+)` \| `([\w/]+)` \| ([^|]+) \|$/gm)].map(
      ([, kind, family, writer, says]) => ({
        kind,
        family,
        writer,
        says
      })
    )
    assert.deepStrictEqual(
      rows,
      factKinds.map(({ family, kind, says, writer }) => ({ kind, family, writer, says }))
    )
  })
})
