/**
 * `pnpm bench [filter]`: runs the benches whose name or file matches, prints each row beside its bar, writes `bench/results.json`.
 *
 * A bench that fails is reported and the others go on. Exits with 1 when a bar is not met or a bench failed.
 */
import type { Bench, BenchResult } from "@evenkeel/runtime/bench/Bench"
import { globSync, mkdirSync, writeFileSync } from "node:fs"
import { availableParallelism, cpus, loadavg } from "node:os"

const filter = process.argv[2] ?? ""
const results: Array<BenchResult> = []
const failed: Array<string> = []
const load = () => loadavg()[0]!.toFixed(1)
const cores = availableParallelism()
const loadAtStart = load()
process.stdout.write(`${cpus()[0]?.model ?? "unknown processor"}, ${cores} cores, load ${loadAtStart}, Node ${process.version}\n\n`)

const run = async (bench: Bench): Promise<void> => {
  for (const result of await bench.run()) {
    results.push(result)
    process.stdout.write(`${result.met ? "met   " : "MISSED"}  ${result.name.padEnd(66)} ${result.bar.padEnd(28)} ${result.measured}\n`)
  }
}

for (const file of globSync("packages/*/src/**/*.bench.ts").sort()) {
  const { benches } = (await import(new URL(`../${file}`, import.meta.url).href)) as { readonly benches: ReadonlyArray<Bench> }
  for (const bench of benches) {
    if (!bench.name.includes(filter) && !file.includes(filter)) continue
    if (bench.byNameAlone === true && bench.name !== filter) continue
    await run(bench).catch((error: unknown) => {
      failed.push(bench.name)
      process.stdout.write(`FAILED  ${bench.name.padEnd(66)} ${error instanceof Error ? error.message : String(error)}\n`)
    })
  }
}
mkdirSync("bench", { recursive: true })
const summary = { node: process.version, cores, load: { start: loadAtStart, end: load() }, failed, results }
writeFileSync("bench/results.json", `${JSON.stringify(summary, undefined, 2)}\n`)
const missed = results.filter(({ met }) => !met).length
process.stdout.write(
  `\n${results.length - missed} bars met, ${missed} missed, ${failed.length} benches failed; load ${load()} at the end\n`
)
process.exit(missed + failed.length > 0 ? 1 : 0)
