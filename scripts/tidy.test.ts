/**
 * Checks the shape of the code itself: which package may import which, that nothing imports itself in a circle, and what no module may
 * contain. CONTRIBUTING says why.
 */
import { assert, describe, it } from "@effect/vitest"
import { existsSync, globSync, readFileSync } from "node:fs"
import { dirname, normalize } from "node:path"
import { mutants } from "./mutants.ts"

/** Lowest first. A package may import only from tiers below its own. */
const tiers = [
  ["domain"],
  ["runtime", "learning"],
  ["store"],
  ["connectors", "detection", "alerting"],
  ["replay"],
  ["lab", "assessment"],
  ["api"],
  ["dashboard"],
  ["app"],
  ["examples", "simulation"]
]

const modules = globSync("packages/*/{src,test}/**/*.ts")
  .sort()
  .map((path) => ({ path, text: readFileSync(path, "utf8") }))
const isTest = (path: string) => /\.test\.ts$|\/test\//.test(path)
const isBench = (path: string) => /\.bench(\.worker)?\.ts$|torture\.worker|\/bench\//.test(path)
/** Where threads and the process begin, promises and clocks are what there is. */
const isEntry = (path: string) => /\.worker\.ts$|\/main\.ts$/.test(path)
/** The hot path has no effects inside: what a decoder throws is caught there, once. */
const hotPathGuard = "packages/detection/src/hotpath/Intake.ts"
const sources = modules.filter(({ path }) => !isTest(path) && !isBench(path))

const banned: ReadonlyArray<readonly [pattern: RegExp, instead: string, except?: (path: string) => boolean]> = [
  [/\bDate\.now\(|\bnew Date\(/, "Clock or DateTime, so that tests and replays own time"],
  [/\bMath\.random\(/, "Random or a seed, so that a run can be repeated"],
  [/\bconsole\./, "Effect.log or Console"],
  [/\bEffect\.run(?!SyncExit)[A-Z]/, "an entrypoint", isEntry],
  [/\bQueue\.unbounded\b/, "a bound"],
  [/\bas any\b|: any\b|@ts-ignore|@ts-nocheck|@ts-expect-error|as unknown as/, "a type"],
  [/\btry \{|\basync |\bawait /, "Effect", (path) => isEntry(path) || path === hotPathGuard],
  [/new URL\([^)]*\.ts["`], import\.meta/, "import.meta.resolve of the module's name in its package, which holds where it is compiled too"],
  [/\b(TODO|FIXME|XXX|HACK)\b/, "the work itself"]
]

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}
const manifestOf = (folder: string) => JSON.parse(readFileSync(`${folder}/package.json`, "utf8")) as Manifest

const tierOf = (name: string | undefined) => tiers.findIndex((tier) => tier.some((member) => member === name))
const importsOf = (text: string) => [...text.matchAll(/(?:from|import) "([^"]+)"/g)].map(([, specifier]) => specifier!)
/** Modules that a test imports. */
const tested = new Set(
  modules
    .filter(({ path }) => isTest(path))
    .flatMap(({ path, text }) =>
      importsOf(text).map((specifier) => {
        const inside = /^@evenkeel\/([a-z]+)\/(.+)$/.exec(specifier)
        return inside === null ? normalize(`${dirname(path)}/${specifier}`) : `packages/${inside[1]}/src/${inside[2]}.ts`
      })
    )
)
/** Folders whose modules decide what is believed, recorded or delivered. */
const decidingFolders =
  /^packages\/(detection\/src\/(book|detector|drift|hotpath|risk|value)|alerting\/src\/(dispatch|manager)|store\/src\/(event|outbox)|app\/src\/config)\//

/** Modules that a thread loads, by their names in a package. */
const threadModulesOf = (text: string) => [...text.matchAll(/import\.meta\.resolve\("([^"]+)"/g)].map(([, specifier]) => specifier!)

describe("tidy", () => {
  it.each(modules)("$path imports only from lower tiers", ({ path, text }) => {
    const own = path.split("/")[1]
    for (const specifier of importsOf(text)) {
      const imported = /^@evenkeel\/([a-z]+)\//.exec(specifier)?.[1]
      if (imported === undefined || imported === own) continue
      assert.isBelow(tierOf(imported), tierOf(own), `${own} imports ${imported}`)
    }
  })

  it.each(sources)("$path is a tidy module", ({ path, text }) => {
    assert.match(text, /^\/\*\*/, "opens with a comment that says what it is for")
    for (const [pattern, instead, except] of banned) {
      if (except?.(path) !== true) assert.notMatch(text, pattern, `use ${instead}`)
    }
    assert.notMatch(path, /\/(index|utils|helpers|common|types)\.ts$/)
  })

  it("has no circle among modules", () => {
    const edges = new Map(
      modules.map(({ path, text }) => [
        path,
        importsOf(text).flatMap((specifier) => {
          const inside = /^@evenkeel\/([a-z]+)\/(.+)$/.exec(specifier)
          if (inside !== null) return [`packages/${inside[1]}/src/${inside[2]}.ts`]
          return specifier.startsWith(".") ? [normalize(`${dirname(path)}/${specifier}`)] : []
        })
      ])
    )
    const done = new Set<string>()
    const visit = (path: string, above: ReadonlyArray<string>): void => {
      assert.notInclude(above, path, "a circle")
      if (done.has(path)) return
      for (const next of edges.get(path) ?? []) visit(next, [...above, path])
      done.add(path)
    }
    for (const path of edges.keys()) visit(path, [])
  })

  it("has a test of every service", () => {
    const services = sources.filter(({ text }) => /extends Context\.Service</.test(text)).map(({ path }) => path)
    assert.isNotEmpty(services)
    assert.deepStrictEqual(
      services.filter((path) => !tested.has(path)),
      []
    )
  })

  it("has a test of every module that decides something", () => {
    const deciding = sources.filter(
      ({ path, text }) => decidingFolders.test(path) && /^export (const \w+ = (\(|Effect\.fn)|function|class)/m.test(text)
    )
    assert.isNotEmpty(deciding)
    assert.deepStrictEqual(
      deciding.map(({ path }) => path).filter((path) => !tested.has(path) && !existsSync(path.replace(/\.ts$/, ".test.ts"))),
      []
    )
  })

  it("imports every dependency that a package declares, or one that it imports asks for it", () => {
    for (const name of tiers.flat()) {
      const { dependencies = {} } = manifestOf(`packages/${name}`)
      const peers = Object.keys(dependencies).flatMap((dependency) =>
        Object.keys(manifestOf(`packages/${name}/node_modules/${dependency}`).peerDependencies ?? {})
      )
      const own = modules.filter(({ path }) => path.startsWith(`packages/${name}/`)).map(({ text }) => text)
      for (const dependency of Object.keys(dependencies)) {
        const imported = own.some((text) => text.includes(`"${dependency}"`) || text.includes(`"${dependency}/`))
        const used = imported || peers.includes(dependency)
        // The page's script is not a module of TypeScript.
        if (name !== "dashboard") assert.isTrue(used, `${name} declares ${dependency} and imports nothing of it`)
      }
    }
  })

  it("imports only modules that exist", () => {
    for (const { path, text } of modules) {
      for (const specifier of [...importsOf(text), ...threadModulesOf(text)]) {
        const inside = /^@evenkeel\/([a-z]+)\/(.+)$/.exec(specifier)
        if (inside !== null) assert.isTrue(existsSync(`packages/${inside[1]}/src/${inside[2]}.ts`), `${path} imports ${specifier}`)
      }
    }
  })

  it.each(mutants)("the place of the mutant is found: $name", ({ file, from }) => {
    assert.lengthOf(readFileSync(file, "utf8").split(from), 2)
  })

  it("explains every package and every dependency", () => {
    for (const tier of tiers) {
      for (const name of tier) {
        const readme = readFileSync(`packages/${name}/README.md`, "utf8")
        const { dependencies = {} } = manifestOf(`packages/${name}`)
        for (const dependency of Object.keys(dependencies)) {
          if (dependency !== "effect" && !dependency.startsWith("@evenkeel/"))
            assert.include(readme, dependency, `${name}'s README says why ${dependency}`)
        }
      }
    }
  })
})
