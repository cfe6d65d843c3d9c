/**
 * `pnpm packed`: do the packages work outside the repository? Packs them, installs the tarballs with npm alone into an empty folder, and there
 * compiles a program of a user's own, runs it, and runs the command.
 *
 * npm and Node are the machine's own, however old: the repository's commands are taken out of the path. It needs npm's registry for
 * what the packages depend on, so it is a command of its own and no test. Where something fails, the folder is kept to be looked at.
 */
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { contentProblems } from "./packed/Contents.ts"
import { runIn, userEnvironment } from "./packed/Run.ts"

const root = resolve(import.meta.dirname, "..")
const place = mkdtempSync(join(tmpdir(), "evenkeel-packed-"))
const tarballs = join(place, "tarballs")
const user = join(place, "user")
mkdirSync(user)

const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  readonly devDependencies: Readonly<Record<string, string>>
}
/** What a user who writes TypeScript installs beside the packages. */
const tools = ["typescript", "@types/node"].map((name) => `${name}@${devDependencies[name]}`)

const environment = userEnvironment({ EVENKEEL_DATA: join(user, "data"), EVENKEEL_HTTP_PORT: "0" })
const run = (command: string, ...args: ReadonlyArray<string>) => runIn(user, environment, command, args)

const expect = (what: string, said: string, ...patterns: ReadonlyArray<RegExp>) => {
  const missing = patterns.filter((pattern) => !pattern.test(said))
  if (missing.length > 0) throw new Error(`${what} did not say ${missing.join(", ")} but:\n${said}`)
}

/** What a command said that ends with another code than 0. */
const refused = (command: string, ...args: ReadonlyArray<string>): string => {
  try {
    run(command, ...args)
  } catch (error) {
    return String(error)
  }
  throw new Error(`${command} ${args.join(" ")} ended with 0`)
}

const sources = ["src/CustomEngine.ts", "test/support/PlayPrices.ts", "test/packed/Program.ts", "test/packed/Everything.ts"]
const compilerOptions = {
  target: "ES2024",
  lib: ["ES2024"],
  types: ["node"],
  module: "NodeNext",
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  rewriteRelativeImportExtensions: true,
  outDir: "out",
  rootDir: "."
}

const checks: ReadonlyArray<readonly [name: string, check: () => void]> = [
  [
    "every package is packed",
    () => {
      runIn(root, process.env, process.execPath, ["scripts/pack.ts", tarballs])
    }
  ],
  [
    "npm alone installs the tarballs into an empty folder",
    () => {
      writeFileSync(join(user, "package.json"), JSON.stringify({ private: true, type: "module" }))
      run("npm", "install", "--no-audit", "--no-fund", "--loglevel=error", ...globSync(`${tarballs}/*.tgz`).sort(), ...tools)
    }
  ],
  [
    "packages hold compiled modules with types and maps, a README and the licence, and import only what they declare",
    () => {
      const problems = globSync(`${user}/node_modules/{evenkeel,@evenkeel/*}`)
        .sort()
        .flatMap((folder) => contentProblems(folder, root))
      if (problems.length > 0) throw new Error(problems.join("\n"))
    }
  ],
  [
    "a user's program compiles, and every declaration of the packages holds",
    () => {
      for (const source of sources) cpSync(join(root, "packages/examples", source), join(user, source), { recursive: true })
      writeFileSync(
        join(user, "tsconfig.json"),
        JSON.stringify({ include: ["src", "test"], compilerOptions: { ...compilerOptions, skipLibCheck: true } })
      )
      run("npx", "tsc")
      // Effect's own declarations name types of browsers, which are given to them here; the program above does without.
      const include = ["node_modules/evenkeel/dist", "node_modules/@evenkeel/*/dist"]
      const everything = { ...compilerOptions, lib: ["ES2024", "DOM"], noEmit: true, skipLibCheck: false }
      writeFileSync(join(user, "tsconfig.all.json"), JSON.stringify({ include, exclude: [], compilerOptions: everything }))
      run("npx", "tsc", "--project", "tsconfig.all.json")
    }
  ],
  [
    "every module can be imported, and all that they open is there",
    () =>
      expect(
        "Everything",
        run("npx", "node", "out/test/packed/Everything.js"),
        /^[1-9]\d+ modules imported, [1-9]\d* files found that they open$/m
      )
  ],
  [
    "the custom engine notices a coin that falls",
    () => {
      const said = run("npx", "node", "out/test/packed/Program.js")
      expect("the program", said, /^engine: break watch, break warning, break critical$/m, /^thread: 42$/m, /^missing: none of 1\d$/m)
    }
  ],
  [
    "the command starts under the machine's own Node",
    () => expect("--version", run("node", "node_modules/evenkeel/bin/evenkeel.js", "--version"), /^evenkeel v\d+\.\d+\.\d+$/m)
  ],
  [
    "a model is exported as ONNX, and serving it says which runtime to install",
    () => {
      const model = "node_modules/@evenkeel/detection/model/champion.evkmodel"
      expect("the export", run("npx", "evenkeel", "models", "export", model, "--onnx", "model.onnx"), /"heads":\["onset:5"/)
      writeFileSync(join(user, "kraken-USDC-USD-1m.csv"), "ts,close\n1700000000000,1\n1700000060000,1\n")
      const said = refused("npx", "evenkeel", "replay", "kraken-USDC-USD-1m.csv", "--model", "model.onnx")
      expect("the replay", said, /model\.onnx needs a runtime: install it .*`npm install onnxruntime-node@1\.30`/)
    }
  ],
  [
    "the demo reads its venues, sees a coin's level change, and exits with 0",
    () => {
      const said = run("npx", "evenkeel", "demo", "--seconds", "20")
      expect(
        "the demo",
        said,
        /a model serves/,
        /engine started/,
        /level changed/,
        /stopped after .* [1-9]\d+ frames received \(0 dropped\)/
      )
      const journal = run("npx", "evenkeel", "journal", "stat", "data/demo/journal/000001.journal")
      expect("the journal", journal, /"binance":[1-9]/, /"coinbase":[1-9]/, /"kraken":[1-9]/)
    }
  ]
]

const count = { passed: 0, failed: 0 }
for (const [name, check] of checks) {
  const began = performance.now()
  const seconds = () => `${((performance.now() - began) / 1000).toFixed(1)} s`
  try {
    check()
    count.passed++
    process.stdout.write(`✓ ${name} (${seconds()})\n`)
  } catch (error) {
    count.failed++
    process.stdout.write(`✗ ${name} (${seconds()})\n${error instanceof Error ? error.message : String(error)}\n`)
  }
}
if (count.failed === 0) rmSync(place, { recursive: true, force: true })
else process.stdout.write(`\nsee ${place}\n`)
process.stdout.write(`\n${count.passed} passed, ${count.failed} failed\n`)
process.exitCode = count.failed === 0 ? 0 : 1
