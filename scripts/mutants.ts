/**
 * `pnpm mutants [--only PATTERN] [--seeds M]`: puts one fault at a time into a copy of the sources, and simulates until a seed finds it. A fault that no seed finds shows
 * what the simulation does not look at; then the run ends with 1.
 */
import { spawnSync } from "node:child_process"
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { parseArgs } from "node:util"

export interface Mutant {
  readonly name: string
  readonly file: string
  /** Stands once in the file. */
  readonly from: string
  readonly to: string
}

export const mutants: ReadonlyArray<Mutant> = [
  {
    name: "a gap between a book's changes is not looked at",
    file: "packages/connectors/src/wire/JsonDecoder.ts",
    from: "    if (!reaches) {\n",
    to: "    if (!reaches && instrument < 0) {\n"
  },
  {
    name: "a change that does not follow the last one is applied",
    file: "packages/connectors/src/wire/JsonDecoder.ts",
    from: "    if (!continues) {\n",
    to: "    if (!continues && instrument < 0) {\n"
  },
  {
    name: "a checksum is not compared",
    file: "packages/connectors/src/exchange/kraken/KrakenDecoder.ts",
    from: "    book.live = checksumOf(levels, book.priceDecimals, book.quantityDecimals) === checksum\n",
    to: "    book.live = true\n"
  },
  {
    name: "a promise to a receiver is dropped",
    file: "packages/store/src/outbox/Outbox.ts",
    from: "if (Array.isArrayNonEmpty(values)) yield*",
    to: "if (Array.isArrayNonEmpty(values) && values[0].position % 4 !== 1) yield*"
  },
  {
    name: "an alert's notifications overtake each other",
    file: "packages/store/src/outbox/Outbox.ts",
    from: "                      and (earlier.position, earlier.idempotency_key) < (row.position, row.idempotency_key)\n",
    to: "                      and (earlier.position, earlier.idempotency_key) < (row.position, row.idempotency_key) and false\n"
  },
  {
    name: "what failed counts as delivered",
    file: "packages/alerting/src/dispatch/Dispatcher.ts",
    from: "    if (sent === undefined) return yield* note(row, now)\n",
    to: "    if (sent === undefined || row.attempts > 0) return yield* note(row, now)\n"
  },
  {
    name: "a thread that is replaced begins at no level",
    file: "packages/detection/src/host/ThreadDetection.ts",
    from: "      levels: starts > 0 ? recorder.standing() : [],\n",
    to: "      levels: [],\n"
  },
  {
    name: "an engine that is started forgets the log's levels",
    file: "packages/detection/src/host/ThreadDetection.ts",
    from: "  yield* writeLevels(frames, standing)\n",
    to: ""
  },
  {
    name: "a thread's beats are not looked at",
    file: "packages/detection/src/host/ThreadDetection.ts",
    from: "quiet === (ready ? hungAfterLooks : startLooksMax)",
    to: "quiet === (ready ? Number.POSITIVE_INFINITY : startLooksMax)"
  },
  {
    name: "a level change leaves its mailbox before it is recorded",
    file: "packages/detection/src/host/LevelRecorder.ts",
    from: '      Effect.retry(Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced(retryMax)])),\n',
    to: "      Effect.ignore,\n"
  },
  {
    name: "a coin returns from stale without saying so",
    file: "packages/detection/src/hotpath/Judge.ts",
    from: "    this.#signals.levelChanged(coin, isStale ? coin.machine.level : stale)\n",
    to: "    if (isStale) this.#signals.levelChanged(coin, coin.machine.level)\n"
  },
  {
    name: "a coin without a price is not stale",
    file: "packages/detection/src/hotpath/Judge.ts",
    from: "coin.stale || now - since <= this.#options.staleAfterMillis",
    to: "coin.stale || now - since <= 100 * this.#options.staleAfterMillis"
  },
  {
    name: "a database that does not answer is not noticed",
    file: "packages/app/src/engine/Readiness.ts",
    from: "unanswered >= unansweredMax",
    to: "unanswered >= 1000 * unansweredMax"
  },
  {
    name: "a consumer steps over a fact",
    file: "packages/store/src/event/Consumer.ts",
    from: "  for (const event of events) {\n",
    to: "  for (const event of events) {\n    if (event.position % 5 === 0) continue\n"
  },
  {
    name: "a connection that says nothing is kept",
    file: "packages/connectors/src/transport/Liveness.ts",
    from: "    if (silentMillis > silenceMax) return",
    to: "    if (silentMillis > 1000 * silenceMax) return"
  },
  {
    name: "a thread that follows a dead one reads what was written over",
    file: "packages/runtime/src/ring/FrameRing.ts",
    from: "    this.#peer = Atomics.load(this.control, written)\n    const offset = this.peek()\n",
    to: "    const offset = this.peek()\n"
  }
]

/** Seeds that are simulated together. */
const seedsAtOnce = 12

const main = () => {
  const { values } = parseArgs({ options: { only: { type: "string", default: "" }, seeds: { type: "string", default: "200" } } })
  const root = resolve(import.meta.dirname, "..")
  const copy = mkdtempSync(join(tmpdir(), "evenkeel-mutants-"))
  for (const each of ["packages", "scripts", "package.json", "pnpm-workspace.yaml"])
    cpSync(join(root, each), join(copy, each), { recursive: true, verbatimSymlinks: true })
  const shared = join(root, "node_modules", ".pnpm")
  cpSync(join(root, "node_modules"), join(copy, "node_modules"), {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => path !== shared
  })
  symlinkSync(shared, join(copy, "node_modules", ".pnpm"))
  let unfound = 0
  for (const { file, from, name, to } of mutants) {
    if (!new RegExp(values.only).test(name)) continue
    const path = join(copy, file)
    const text = readFileSync(path, "utf8")
    writeFileSync(
      path,
      text.replace(from, () => to)
    )
    let found: string | undefined
    for (let seed = 1; seed <= Number(values.seeds) && found === undefined; seed += seedsAtOnce) {
      const args = ["--single-threaded-gc", join(copy, "scripts/sim.ts"), "--seed", String(seed), "--seeds", String(seedsAtOnce)]
      const { status, stdout } = spawnSync(process.execPath, args, { cwd: copy, encoding: "utf8", maxBuffer: 1 << 28 })
      const lowest = /the lowest seed that failed: (\d+)/.exec(stdout)?.[1]
      if (status !== 0) found = `seed ${lowest}: ${new RegExp(`^seed ${lowest}: (.{0,120})`, "m").exec(stdout)?.[1]}`
    }
    writeFileSync(path, text)
    if (found === undefined) unfound++
    process.stdout.write(`${found === undefined ? "NOT FOUND" : "found    "}  ${name.padEnd(64)} ${found ?? ""}\n`)
  }
  rmSync(copy, { recursive: true, force: true })
  process.exitCode = unfound === 0 ? 0 : 1
}

if (import.meta.main) main()
